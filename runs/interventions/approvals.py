"""Approvals that wait for an answer: whose they are. Reading only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet

from config.lib.json import iso
from designer.services.folder_rights import seen
from runs.models import Approval, ApprovalAssignee
from runs.queries.inbox import BadPlace, names_of
from runs.queries.inbox_rows import definition_of
from runs.queries.runs import Json

PAGE, PAGE_MAX = 50, 200
KEY_DIGITS_MAX = 19
Place = tuple[datetime, int]
"""Where a page of the list ends: when the last approval was opened, and its id."""


def page_of(user: Any, whose: str, cursor: str | None, rows: int = PAGE) -> tuple[list[Approval], str | None]:
    """Returns a page of approvals, the oldest first, and the cursor of the next one.

    `whose`: "mine" or "all". Raises BadPlace.
    """
    place = None if cursor is None else _place(cursor)
    listed = of_everybody(user, place, rows + 1) if whose == "all" else of_person(user, place, rows + 1)
    shown = listed[:rows]
    following = f"{shown[-1].opened_at.isoformat()},{shown[-1].pk}" if len(listed) > rows else None
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


def of_person(user: Any, after: Place | None = None, most: int = PAGE) -> list[Approval]:
    """Returns the oldest approvals that are a person's, from `after` on; each of their names is one look
    into an index."""
    lists = [_places(user, name, after, most) for name in names_of(user)]
    places = list(islice(_without_repeats(merge(*lists)), most))
    return _in_order([pk for _, pk in places])


def of_everybody(user: Any, after: Place | None = None, most: int = PAGE) -> list[Approval]:
    """Returns the oldest approvals that a person may see, from `after` on."""
    rows = _after(seen(Approval.objects.order_by("opened_at", "pk"), user), after, "pk")
    return _in_order(list(rows.values_list("pk", flat=True)[:most]))


def _places(user: Any, name: str, after: Place | None, most: int) -> list[Place]:
    rows = seen(ApprovalAssignee.objects.filter(name=name), user, "approval__workflow_name", "operate")
    rows = _after(rows, after, "approval_id")
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
    step = definition_of(approval)
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
