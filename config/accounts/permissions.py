"""Permissions: the single check that pages, API, sockets and admin use.

A person has the permissions of their groups (`config.accounts.roles` creates the groups). A token has the
permissions of its role, and never more than its owner.
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
from django.shortcuts import redirect
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


TOKEN_ID = "token_id"  # nosec B105  # the same: the key of its row
TOKEN_ROLE = "token_role"  # nosec B105  # attribute of a user who was authenticated by a token


def may(user: Person, act: Act) -> bool:
    """Whether `user` may do `act`.

    Django caches the permissions on the user object, so this costs one query a request. Async code must call
    it in a thread.
    """
    if not (user.is_authenticated and user.is_active):
        return False
    limit: Role | None = getattr(user, TOKEN_ROLE, None)
    if limit is not None and act not in ROLES[limit]:
        return False
    if not getattr(user, "has_perm", lambda name: False)(f"config.{act}"):
        return False
    return not lacks_second_factor(user)


def groups_of(user: Any) -> tuple[str, ...]:
    """Returns the names of the groups that `user` is in; a person who is only a name is in none."""
    groups = getattr(user, "groups", None)
    return () if groups is None else tuple(groups.order_by("name").values_list("name", flat=True))


def lacks_second_factor(user: Person) -> bool:
    """Whether `user` may do nothing before a second factor is set up."""
    from config.accounts import second_factor  # its tables are known only when all apps are loaded

    return getattr(user, TOKEN_ROLE, None) is None and second_factor.is_missing(user)


def require(user: Person, act: Act) -> None:
    """Raises PermissionDenied unless `user` may do `act`."""
    if not may(user, act):
        if lacks_second_factor(user):
            raise PermissionDenied("Set up a second factor first, on the page of your account.")
        raise PermissionDenied(f"Your account may not {ACTS[act]}. Ask an administrator.")


def page_for(act: Act) -> Callable[[View[P]], View[P]]:
    """Decorates a page: anonymous visitors must sign in first; others need `act` (PermissionDenied)."""

    def decorate(view: View[P]) -> View[P]:
        @login_required
        @wraps(view)
        def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if lacks_second_factor(request.user):
                return redirect("second-factor")
            require(request.user, act)
            return view(request, *args, **kwargs)

        return checked

    return decorate


def rights(request: HttpRequest) -> dict[str, Callable[[], bool]]:
    """Context processor: `can_view`, `can_design`, `can_operate`, `can_administer`, evaluated on use."""
    user: Person = getattr(request, "user", None) or AnonymousUser()
    return {f"can_{act}": partial(may, user, act) for act in ACTS}


class ForRole:
    """Mixin of a ModelAdmin: `sees` is needed to view rows, `changes` to change them; None: nobody may."""

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
    """Decorates a page of the admin: needs the permission to operate, and browsers never cache it."""

    @wraps(view)
    @never_cache
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        require(request.user, "operate")
        return view(request, *args, **kwargs)

    return checked
