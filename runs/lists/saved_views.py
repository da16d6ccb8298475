"""Saved views: lists of runs with a name, of one person or shared with everybody who may see runs."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from config.accounts.permissions import may
from designer.services.folder_rights import seen_names, sees_all
from runs.errors import RunsError
from runs.models import VIEW_NAME_LENGTH_MAX, VIEW_QUERY_LENGTH_MAX, SavedView

VIEWS_PER_PERSON_MAX = 100
VIEWS_SHOWN_MAX = 200
KEPT = (
    *("status", "workflow", "label", "q", "error", "step", "run", "parent", "within", "since", "until"),
    *("kind", "inner", "sort", "columns"),
)
"""Parameters of the list's page; a cursor is none of them."""


class UnknownView(RunsError):
    """There is no such view, or it belongs to somebody else."""

    status = 404
    code = "unknown_view"


class BadView(RunsError):
    """The view cannot be saved."""

    status = 422
    code = "bad_view"


def visible_to(user: Any) -> QuerySet[SavedView]:
    """The views that a person has: their own, and shared ones that name no workflow hidden from them."""
    views = SavedView.objects.select_related("owner").filter(Q(owner=user) | Q(is_shared=True))
    if sees_all(user):
        return views
    of_others = views.exclude(owner=user).values_list("pk", "query")
    names = {pk: dict(parse_qsl(query)).get("workflow", "") for pk, query in of_others}
    told = seen_names(user, set(names.values()))
    return views.exclude(pk__in=[pk for pk, name in names.items() if name not in told])


def get(user: Any, view_id: int) -> SavedView:
    """Raises UnknownView."""
    view = visible_to(user).filter(pk=view_id).first()
    if view is None:
        raise UnknownView
    return view


def save(user: Any, name: str, query: str, is_shared: bool) -> SavedView:
    """Saves a view under a name; one of the same person with that name is replaced. Raises BadView."""
    name = " ".join(name.split())
    if not 0 < len(name) <= VIEW_NAME_LENGTH_MAX or "\x00" in name:
        raise BadView(f"A view needs a name of at most {VIEW_NAME_LENGTH_MAX} characters.")
    kept = kept_query(query)
    own = SavedView.objects.filter(owner=user)
    if own.count() >= VIEWS_PER_PERSON_MAX and not own.filter(name=name).exists():
        raise BadView(f"You have {VIEWS_PER_PERSON_MAX} views already; delete one first.")
    facts = {"query": kept, "is_shared": is_shared}
    try:
        with transaction.atomic():
            view, _ = SavedView.objects.update_or_create(owner=user, name=name, defaults=facts)
    except IntegrityError:  # saved twice at a time
        own.filter(name=name).update(**facts)
        view = own.get(name=name)
    return view


def kept_query(query: str) -> str:
    """The part of a query string that makes a list. Raises BadView."""
    given = dict(parse_qsl(query.replace("\x00", "")))
    kept = urlencode({key: given[key] for key in KEPT if key in given})
    if len(kept) > VIEW_QUERY_LENGTH_MAX:
        raise BadView(f"The filters of a view may have {VIEW_QUERY_LENGTH_MAX:,} characters.")
    return kept


def may_delete(user: Any, view: SavedView) -> bool:
    """Its owner may, and an administrator if it is shared."""
    return view.owner_id == user.pk or (view.is_shared and may(user, "administer"))


def delete(user: Any, view_id: int) -> None:
    """Raises UnknownView, also for a shared view of somebody else."""
    view = get(user, view_id)
    if not may_delete(user, view):
        raise UnknownView("This view belongs to somebody else; its owner or an administrator deletes it.")
    view.delete()


def view_json(user: Any, view: SavedView) -> dict[str, Any]:
    return {
        "id": view.pk,
        "name": view.name,
        "query": view.query,
        "shared": view.is_shared,
        "owner": view.maker or None,
        "own": view.owner_id == user.pk,
        "address": f"/runs/views/{view.pk}/",
    }
