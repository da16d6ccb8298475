"""Permissions: the single check that pages, API, sockets and admin use.

A person has the permissions of their groups (`config.accounts.roles` creates the groups). A token has the
permissions of its role, and never more than its owner.

What an address names may leave a person less than the role does: a workflow in a folder with rights. Apps say
by `name_by` what their addresses name, and every check of an address here and in
`config.accounts.authentication` asks it, so a view need not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial, wraps
from typing import Any, Concatenate, Literal, ParamSpec, TypeAlias

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from config.lib.errors import SagaboardError

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
FOLDER_ACTS: dict[Act, str] = {
    "view": "see it",
    "design": "change it",
    "operate": "operate its runs",
    "administer": "administer it",
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


@dataclass(frozen=True, slots=True)
class Named:
    """What an address names. `acts`: those that its folder leaves to a person, whatever the role gives.

    `missing`: the error to raise where it does not leave seeing it, the same as where there is none.
    """

    acts: Collection[Act]
    missing: SagaboardError


Find: TypeAlias = Callable[[Person, Mapping[str, Any]], Named | None]
"""Finds what the variable parts of an address name; None where nothing there limits this person."""
VARIABLE = re.compile(r"<(?:\w+:)?(\w+)>")
API = "api/v1/"
_finders: dict[str, Find] = {}


def name_by(address: str, find: Find) -> None:
    """Has `find` called for all addresses that begin so, as `runs/{run_id}`, those of the API included."""
    _finders[address] = find


def finder_of(route: str) -> Find | None:
    """The finder for a route as Django has it, of the longest address that it begins with."""
    words = VARIABLE.sub(r"{\1}", route).strip("/").removeprefix(API).split("/")
    beginnings = ("/".join(words[:length]) for length in range(len(words), 0, -1))
    return next((_finders[beginning] for beginning in beginnings if beginning in _finders), None)


def named_by(request: HttpRequest) -> Named | None:
    """What the address of a request names, for its user; found once a request."""
    facts = vars(request)
    if "named" not in facts:
        match = request.resolver_match
        find = finder_of(match.route) if match else None
        facts["named"] = find(request.user, match.kwargs) if find and match else None
    named: Named | None = facts["named"]
    return named


def require_named(request: HttpRequest, *acts: Act) -> None:
    """Checks that the folder of what the address names leaves one of `acts` that the role gives.

    Raises `Named.missing` where it may not be seen, else PermissionDenied.
    """
    named = named_by(request)
    if named is None:
        return
    if "view" not in named.acts:
        raise named.missing
    if not any(act in named.acts and may(request.user, act) for act in acts):
        what = FOLDER_ACTS[acts[0]]
        raise PermissionDenied(f"The folder of this workflow does not let you {what}. Ask an administrator.")


def may_here(request: HttpRequest, act: Act) -> bool:
    """Whether the user may do `act`, with what the address names if it names a workflow or a run."""
    if not may(request.user, act):
        return False
    named = named_by(request)
    return named is None or act in named.acts


def require_here(request: HttpRequest, act: Act) -> None:
    """Raises PermissionDenied unless the user may do `act` with what the address names; pages get 404."""
    require(request.user, act)
    try:
        require_named(request, act)
    except SagaboardError as missing:
        raise Http404(str(missing)) from missing


def page_for(act: Act) -> Callable[[View[P]], View[P]]:
    """Decorates a page: anonymous visitors must sign in first; others need `act` (PermissionDenied)."""

    def decorate(view: View[P]) -> View[P]:
        @login_required
        @wraps(view)
        def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if lacks_second_factor(request.user):
                return redirect("second-factor")
            require_here(request, act)
            return view(request, *args, **kwargs)

        return checked

    return decorate


def rights(request: HttpRequest) -> Mapping[str, Callable[[], bool]]:
    """Context processor: `can_view`, `can_design`, `can_operate`, `can_administer`, evaluated on use.

    On the page of a workflow or a run, `can_design` and `can_operate` say what may be done with that one.
    `is_operator` says it of the role alone, for what stands on every page.
    """
    user: Person = getattr(request, "user", None) or AnonymousUser()
    by_role = {f"can_{act}": partial(may, user, act) for act in ACTS}
    here = {f"can_{act}": partial(may_here, request, act) for act in ("design", "operate")}
    return by_role | {"is_operator": by_role["can_operate"]} | (here if hasattr(request, "user") else {})


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
        require_here(request, "operate")
        return view(request, *args, **kwargs)

    return checked
