"""Approvals that wait for an answer: whose they are. Reading only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet

from config.accounts.permissions import groups_of, may
from config.lib.json import iso
from designer.document.waits import GROUP
from runs.errors import RunsError
from runs.models import Approval, ApprovalAssignee
from runs.queries.runs import Json, load
from runs.store.graph_cache import version_graph

PAGE = 50
KEY_DIGITS_MAX = 19
Place = tuple[datetime, int]
"""Where a page of the list ends: when the last approval was opened, and its id."""


class BadPlace(RunsError):
    """There is no such place in the list of approvals; begin at its start."""

    status = 422
    code = "bad_cursor"


def page_of(user: Any, whose: str, cursor: str | None) -> tuple[list[Approval], str | None]:
    """Returns a page of approvals, the oldest first, and the cursor of the next one.

    `whose`: "mine" or "all". Raises BadPlace.
    """
    place = None if cursor is None else _place(cursor)
    listed = of_everybody(place, PAGE + 1) if whose == "all" else of_person(user, place, PAGE + 1)
    shown = listed[:PAGE]
    following = f"{shown[-1].opened_at.isoformat()},{shown[-1].pk}" if len(listed) > PAGE else None
    return shown, following


def _place(cursor: str) -> Place:
    at, _, pk = cursor.rpartition(",")
    try:
        opened_at = datetime.fromisoformat(at)
        if opened_at.tzinfo and pk.isdecimal() and len(pk) < KEY_DIGITS_MAX:
            return opened_at, int(pk)
    except ValueError:
        pass
    raise BadPlace


def names_of(user: Any) -> list[str]:
    """Returns the names by which approvals are a person's: theirs, their groups', "" for an operator."""
    groups = [GROUP + name for name in groups_of(user)]
    return [user.get_username(), *groups, *([""] if may(user, "operate") else [])]


def of_person(user: Any, after: Place | None = None, most: int = PAGE) -> list[Approval]:
    """Returns the oldest approvals that are a person's, from `after` on; each of their names is one look
    into an index."""
    lists = [_places(name, after, most) for name in names_of(user)]
    places = list(islice(_without_repeats(merge(*lists)), most))
    return _in_order([pk for _, pk in places])


def of_everybody(after: Place | None = None, most: int = PAGE) -> list[Approval]:
    """Returns the oldest approvals, from `after` on."""
    rows = _after(Approval.objects.order_by("opened_at", "pk"), after, "pk")
    return _in_order(list(rows.values_list("pk", flat=True)[:most]))


def _places(name: str, after: Place | None, most: int) -> list[Place]:
    rows = _after(ApprovalAssignee.objects.filter(name=name), after, "approval_id")
    return list(rows.order_by("opened_at", "approval_id").values_list("opened_at", "approval_id")[:most])


def _after(rows: QuerySet[Any], after: Place | None, key: str) -> QuerySet[Any]:
    if after is None:
        return rows
    at, pk = after
    return rows.filter(Q(opened_at__gt=at) | Q(opened_at=at, **{f"{key}__gt": pk}))


def _without_repeats(places: Iterable[Place]) -> Iterable[Place]:
    last = None
    for place in places:
        if place != last:
            yield place
        last = place


def _in_order(ids: Sequence[int]) -> list[Approval]:
    rows = Approval.objects.select_related("run__version").prefetch_related("assignees")
    rows = rows.defer("run__input", "run__state", "run__version__document", "run__version__resolved")
    return list(rows.filter(pk__in=ids).order_by("opened_at", "pk"))


def approval_json(approval: Approval) -> Json:
    """Returns an approval as the API has it. `assignees` is null where everybody who may operate is asked."""
    names = [row.name for row in approval.assignees.all() if row.name]
    step = version_graph(approval.run.version_id).by_name.get(approval.step)
    if step is None:  # the run was given it later
        step = load(approval.run_id)[0].by_name.get(approval.step)
    return {
        "id": approval.pk,
        "run": str(approval.run_id),
        "workflow": approval.workflow_name,
        "trial": approval.run.trial,
        "step": approval.step,
        "message": approval.message,
        "assignees": names or None,
        "form": step.form if step else None,
        "comment_required": bool(step and step.comment_required),
        "opened_at": iso(approval.opened_at),
        "due_at": iso(approval.due_at),
        "reminders": approval.reminders,
    }
