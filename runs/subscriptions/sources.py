"""Finds what has happened, in rows that changed within a time. Reading only.

Rows of trials and of imported runs are left out. What happens in a body counts for the run around it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from config.lib.json import iso
from designer.services.folder_rights import closed_folders, without
from runs.models import IS_LISTED, Approval, Intervention, JournalEntry, Run
from runs.store.interventions import cause_of
from runs.subscriptions.events import Event, Json, error_of

ROWS_MAX = 2_000  # of one kind in one look
FAILURES_MAX = 5_000  # that are looked through for repeated causes
DEPTH_MAX = 32
FAILED = ("failed", "compensated")
TOLD = {"trial": False, "imported__isnull": True}
OF_TOLD = {f"run__{name}": value for name, value in TOLD.items()}
# SQL with literals: SQLite uses a partial index only if it sees the same condition.
IS_BLOCKED = "runs_journalentry.type = 'run.blocked'"
BY_PEOPLE = ("signal.received", "step.brought_forward")
UNREAD = ("run__input", "run__state")
TIMES = {
    "intervention.opened": "opened_at",
    "intervention.overdue": "due_at",
    "intervention.answered": "answered_at",
}

Found: TypeAlias = tuple[list[Event], datetime | None]
"""Events, and up to when rows were read if there are more of them."""


def milliseconds(at: datetime) -> int:
    """A time as a part of a key."""
    return int(at.timestamp() * 1000)


def run_facts(run: Run, step: str = "", error: Any = None) -> Json:
    """What is told of a run."""
    return {
        "run": str(run.pk),
        "workflow": run.workflow_name,
        "status": run.status,
        "step": step or None,
        "error": error_of(error),
        "labels": run.labels,
        "url": settings.SITE_URL + reverse("run-detail", args=[run.pk]),
    }


def ends_of(ends: Iterable[tuple[UUID, str, int, datetime]]) -> list[Event]:
    """Events of ends of runs, each given as run, type, number of its entry, and time."""
    ends = list(ends)
    runs = Run.objects.defer("input", "state").in_bulk({run_id for run_id, *_ in ends})
    return [
        Event(kind, f"{kind}:{run_id}:{seq}", at, _end_facts(runs[run_id], kind), runs[run_id].workflow_name)
        for run_id, kind, seq, at in ends
        if run_id in runs
    ]


def _end_facts(run: Run, kind: str) -> Json:
    step = str(run.error.get("step") or "") if isinstance(run.error, dict) else ""
    return {**run_facts(run, step, run.error), "status": kind.removeprefix("run.")}


def interventions_opened(since: datetime, at: datetime) -> Found:
    """Answered ones as well: one may be opened and answered between two looks."""
    rows = Intervention.objects.filter(opened_at__gte=since, **OF_TOLD)
    still_open = rows.filter(status="open").order_by("opened_at", "pk")
    answered = rows.filter(status="answered", answered_at__gte=since).order_by("answered_at", "pk")
    first, first_until = _of_rows(still_open, "opened_at", _intervention("intervention.opened"))
    second, second_until = _of_rows(answered, "answered_at", _intervention("intervention.opened"))
    return first + second, min(filter(None, (first_until, second_until)), default=None)


def interventions_overdue(since: datetime, at: datetime) -> Found:
    rows = Intervention.objects.filter(status="open", due_at__gte=since, due_at__lte=at, **OF_TOLD)
    return _of_rows(rows.order_by("due_at", "pk"), "due_at", _intervention("intervention.overdue"))


def interventions_answered(since: datetime, at: datetime) -> Found:
    rows = Intervention.objects.filter(status="answered", answered_at__gte=since, **OF_TOLD)
    make = _intervention("intervention.answered")
    return _of_rows(rows.order_by("answered_at", "pk"), "answered_at", make)


def _intervention(kind: str) -> Callable[[Intervention], Event]:
    """Returns what makes an event of this type of a row."""

    def event_of(row: Intervention) -> Event:
        run, path = _around(row.run, row.step)
        at = getattr(row, TIMES[kind])
        data = {
            **run_facts(run, path, row.error),
            "intervention": row.pk,
            "kind": row.kind,
            "severity": row.severity,
            "due_at": iso(row.due_at),
            "answer": row.answer or None,
            "answered_by": row.answered_by or None,
            "url": settings.SITE_URL + reverse("admin:runs_intervention_change", args=[row.pk]),
        }
        times = f":{milliseconds(at)}" if kind == "intervention.overdue" else ""  # it may be overdue again
        return Event(kind, f"{kind}:{row.pk}{times}", at, data, run.workflow_name)

    return event_of


def approvals_waiting(since: datetime, at: datetime) -> Found:
    rows = Approval.objects.filter(opened_at__gte=since, **OF_TOLD).order_by("opened_at", "pk")
    return _of_rows(rows, "opened_at", lambda row: _approval("approval.waiting", row))


def approvals_overdue(since: datetime, at: datetime) -> Found:
    """Found when they are opened, to be told when their first reminder or their end is due.

    An approval that nobody answers in time is gone a moment later, so its due time cannot be found then.
    """
    rows = Approval.objects.filter(opened_at__gte=since, **OF_TOLD).order_by("opened_at", "pk")
    found, until = _of_rows(rows, "opened_at", lambda row: _approval("approval.overdue", row))
    return [event for event in found if event.not_before is not None], until


def _approval(kind: str, row: Approval) -> Event:
    run, path = _around(row.run, row.step)
    times = [at for at in (row.remind_at, row.due_at) if at is not None]
    is_overdue = kind == "approval.overdue"
    data = {
        **run_facts(run, path),
        "message": row.message,
        "due_at": iso(row.due_at),
        "approval": {"run": str(row.run_id), "step": row.step, "opened_at": iso(row.opened_at)},
    }
    at = min(times, default=row.opened_at) if is_overdue else row.opened_at
    return Event(
        kind,
        f"{kind}:{row.pk}:{milliseconds(row.opened_at)}",
        at,
        data,
        run.workflow_name,
        not_before=min(times, default=None) if is_overdue else None,
    )


def is_still_overdue(data: Json) -> bool:
    """Whether an approval that is due now was answered by nobody, and its run goes on or its time decided."""
    facts = data["approval"]
    if Approval.objects.filter(run=facts["run"], step=facts["step"]).exists():
        return True
    opened_at = datetime.fromisoformat(facts["opened_at"])
    entries = JournalEntry.objects.filter(run=facts["run"], step=facts["step"], at__gte=opened_at)
    types = set(entries.values_list("type", flat=True))
    return types.isdisjoint(BY_PEOPLE) and not types.isdisjoint(("step.completed", "step.failed"))


def runs_blocked(since: datetime, at: datetime) -> Found:
    rows = JournalEntry.objects.extra(where=[IS_BLOCKED])  # nosec B610
    rows = rows.filter(at__gte=since, run__body__isnull=True, **OF_TOLD).order_by("at", "pk")

    def event_of(row: JournalEntry) -> Event:
        data = {**run_facts(row.run), "status": "blocked"}
        return Event(
            "run.blocked", f"run.blocked:{row.run_id}:{row.seq}", row.at, data, row.run.workflow_name
        )

    return _of_rows(rows, "at", event_of)


LOOKS: dict[str, Callable[[datetime, datetime], Found]] = {
    "run.blocked": runs_blocked,
    "intervention.opened": interventions_opened,
    "intervention.overdue": interventions_overdue,
    "intervention.answered": interventions_answered,
    "approval.waiting": approvals_waiting,
    "approval.overdue": approvals_overdue,
}
"""How events of a type are found that happened since a time; ends of runs come from the counters."""


def _of_rows(rows: QuerySet[Any], column: str, event_of: Callable[[Any], Event]) -> Found:
    found = list(rows.select_related("run").defer(*UNREAD)[:ROWS_MAX])
    until = getattr(found[-1], column) if len(found) == ROWS_MAX else None
    return [event_of(row) for row in found], until


def _around(run: Run, step: str) -> tuple[Run, str]:
    """The run around the bodies that a run is in, and the path of its step there."""
    for _ in range(DEPTH_MAX):
        if run.body is None or run.parent_id is None:
            break
        step = f"{run.parent_step}/{step}"
        run = Run.every.defer("input", "state").get(pk=run.parent_id)
    return run, step


def failures(since: datetime, workflow: str | None) -> dict[str, set[UUID]]:
    """The runs that failed since a time, by cause: those that ended so, and those that ask a person.

    Of one workflow, or of all that everybody may see.
    """
    of_workflow = {"workflow_name": workflow} if workflow else {}
    ended = Run.objects.filter(IS_LISTED, status__in=FAILED, finished_at__gte=since, **TOLD, **of_workflow)
    closed = frozenset[int]() if workflow else closed_folders()
    ended = without(ended, closed)
    causes: dict[str, set[UUID]] = {}
    for run_id, error in ended.order_by("-finished_at").values_list("pk", "error")[:FAILURES_MAX]:
        if error:
            causes.setdefault(cause_of(error), set()).add(run_id)
    for run_id, cause in _asking(
        since, {f"run__{name}": value for name, value in of_workflow.items()}, closed
    ):
        causes.setdefault(cause, set()).add(run_id)
    return causes


def _asking(
    since: datetime, of_workflow: dict[str, str], closed: frozenset[int]
) -> Iterator[tuple[UUID, str]]:
    rows = Intervention.objects.filter(kind="step_failed", opened_at__gte=since, **OF_TOLD, **of_workflow)
    rows = without(rows, closed, "run__workflow_name")
    for part in (rows.filter(status="open"), rows.filter(status="answered", answered_at__gte=since)):
        yield from part.order_by().values_list("run_id", "cause")[:FAILURES_MAX]


def has_failures(since: datetime) -> bool:
    """Whether any run has failed, or asks a person, since a time."""
    ended = Run.objects.filter(status__in=FAILED, finished_at__gte=since)
    return ended.exists() or Intervention.objects.filter(status="open", opened_at__gte=since).exists()


def counts_of(causes: dict[str, set[UUID]]) -> Counter[str]:
    return Counter({cause: len(runs) for cause, runs in causes.items()})
