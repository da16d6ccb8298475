"""Who may do what: the one place that pages, API, sockets and admin ask.

A person may what the permissions of their groups say (`config.accounts.roles` makes the groups); a token may
at most what its role may, and never more than the person it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import partial, wraps
from typing import Any, Concatenate, Literal, ParamSpec, TypeAlias

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.cache import never_cache

P = ParamSpec("P")
View: TypeAlias = Callable[Concatenate[HttpRequest, P], HttpResponse]
Person: TypeAlias = AbstractBaseUser | AnonymousUser

Act = Literal["view", "design", "operate", "administer"]
ACTS: dict[Act, str] = {
    "view": "see workflows and runs",
    "design": "change workflows",
    "operate": "operate runs",
    "administer": "administer accounts",
}


class Role(StrEnum):
    VIEWER = "viewer"
    DESIGNER = "designer"
    OPERATOR = "operator"
    ADMIN = "admin"


ROLES: dict[Role, tuple[Act, ...]] = {
    Role.VIEWER: ("view",),
    Role.DESIGNER: ("view", "design"),
    Role.OPERATOR: ("view", "operate"),
    Role.ADMIN: ("view", "design", "operate", "administer"),
}


TOKEN_ROLE = "token_role"  # nosec B105  # set on the person whom a token acts for


def may(user: Person, act: Act) -> bool:
    """Asks the database once a request; call it in a thread from async code."""
    if not (user.is_authenticated and user.is_active):
        return False
    limit: Role | None = getattr(user, TOKEN_ROLE, None)
    if limit is not None and act not in ROLES[limit]:
        return False
    return bool(getattr(user, "has_perm", lambda name: False)(f"config.{act}"))


def require(user: Person, act: Act) -> None:
    """Raises PermissionDenied unless `user` may do `act`."""
    if not may(user, act):
        raise PermissionDenied(f"Your account may not {ACTS[act]}. Ask an administrator.")


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


def rights(request: HttpRequest) -> dict[str, Callable[[], bool]]:
    """`can_view`, `can_design`, `can_operate` and `can_administer` in every template."""
    user: Person = getattr(request, "user", None) or AnonymousUser()
    return {f"can_{act}": partial(may, user, act) for act in ACTS}


class ForRole:
    """Mixed into a ModelAdmin: who may `sees` looks at its rows, who may `changes` changes them."""

    sees: Act = "operate"
    changes: Act | None = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may(request.user, self.sees)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, self.sees)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.changes is not None and may(request.user, self.changes)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)


def for_operators(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page that asks for the right to operate, and is never kept by a browser."""

    @wraps(view)
    @never_cache
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        require(request.user, "operate")
        return view(request, *args, **kwargs)

    return checked
