"""Who may do what: the one place that pages, API, sockets and admin ask.

Every signed-in person sees; members of staff also design and operate.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Literal, ParamSpec, TypeAlias

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

P = ParamSpec("P")
View: TypeAlias = Callable[Concatenate[HttpRequest, P], HttpResponse]

Act = Literal["view", "operate", "design"]


def may(user: AbstractBaseUser | AnonymousUser, act: Act) -> bool:
    if not (user.is_authenticated and user.is_active):
        return False
    return act == "view" or bool(getattr(user, "is_staff", False) or getattr(user, "is_superuser", False))


def require(user: AbstractBaseUser | AnonymousUser, act: Act) -> None:
    """Raises PermissionDenied unless `user` may do `act`."""
    if not may(user, act):
        raise PermissionDenied(f"Your account may not {act}. Ask an administrator.")


def page_for(act: Act) -> Callable[[View[P]], View[P]]:
    """Decorates a page: strangers sign in first, and who may not `act` is refused."""

    def decorate(view: View[P]) -> View[P]:
        @login_required
        @wraps(view)
        def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            require(request.user, act)
            return view(request, *args, **kwargs)

        return checked

    return decorate
