"""The sweep: what is due, expired leases, lost dispatches, lost events between runs, what is to be told.

It may run twice, in several processes and at any time: every finding becomes an event of the engine, which
ignores events that come too late. A row that fails is logged and put off, and does not stop the pass.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from redis import RedisError

from config.lib.database_errors import is_unavailable, unavailability
from runs.delivery import queue as run_queue
from runs.delivery import worker_processes
from runs.engine import after_commit, engine
from runs.errors import NewerState
from runs.interventions import notifications, reminders
from runs.machine.errors import MachineError
from runs.machine.events import CancelMode, Dispatch
from runs.machine.rollback.pivots import PAST_PIVOT
from runs.machine.states import RUN_ENDED, RUN_STARTED, StepStatus, UndoStatus
from runs.maintenance import lines, slots
from runs.models import EventWait, Intervention, JournalEntry, KeptEvent, Run, StepRun, Trigger
from runs.store import kept_events, reader
from runs.subscriptions import collecting, sending
from runs.triggers import debounce, files, service
from runs.triggers.schedules import slots as trigger_slots

logger = logging.getLogger(__name__)

ROWS_PER_PASS = 500
EVENTS_PER_PASS = 20  # each of them with many waiting steps
PUT_OFF_S = 30.0
NEWER_PUT_OFF_S = (1.0, 3.0)  # random, so that a newer scheduler soon gets to the row first
STILL_QUEUED_S = 15.0  # when a job that waits in its queue is looked at again
CHILD_GRACE_S = 5.0


def sweep_once(*, silence_counts: bool = True) -> int:
    """One bounded pass over everything. Returns how many rows it advanced.

    `silence_counts`: whether a process that sends no heartbeat is taken for lost.
    """
    at = reader.now()
    lost = _safely(partial(_lost_processes, silence_counts=silence_counts), at)
    repairs = (_families, slots.tend_all, lines.advance_all, _tell)
    return lost + sweep_due() + sum(_safely(repair, at) for repair in repairs)


def _tell(at: datetime) -> int:
    """Makes deliveries of what has happened since the last look."""
    made = 0

    def look() -> None:
        nonlocal made
        made = collecting.look(at)

    _each("subscriptions", look)
    return made


def sweep_due() -> int:
    """One bounded pass over rows that are due. If none is, it costs one small query."""
    at, names = reader.due()
    return sum(_safely(PASSES[name], at) for name in names)


def _safely(one_pass: Callable[[datetime], int], at: datetime) -> int:
    try:
        return one_pass(at)
    except RedisError as error:
        logger.warning("sweep: Redis cannot be reached: %s", error)
        return 0


def _lost_processes(at: datetime, *, silence_counts: bool) -> int:
    lost = worker_processes.lost_processes(at, silence_counts=silence_counts)
    for process_id in lost:
        _each(process_id, partial(engine.process_lost, process_id))
        worker_processes.gone(process_id)
    return len(lost)


def _due_steps(at: datetime) -> int:
    rows = StepRun.objects.filter(due_at__lte=at).order_by("due_at")[:ROWS_PER_PASS]
    due = list(rows.values_list("pk", "run_id", "name", "status", "undo", "lease", "queue"))
    waiting = _still_in_queue(due)
    StepRun.objects.filter(pk__in=waiting).update(due_at=F("due_at") + timedelta(seconds=STILL_QUEUED_S))
    return sum(_wake(row, at) for row in due if row[0] not in waiting)


Row = tuple[int, UUID, str, str, str, int, str]


def _wake(row: Row, at: datetime) -> int:
    """Wakes a step. A row that fails is put off, so that many of them do not fill every pass."""
    pk, run_id, name, *_ = row

    def put_off(seconds: float) -> None:
        rows = StepRun.objects.filter(pk=pk, due_at__lte=at)
        rows.update(due_at=at + timedelta(seconds=seconds))
        if _is_queued(row):
            run_queue.dispatch(run_id, [Dispatch(name, row[5] + 1, row[6])])

    return _each(f"{run_id} {name}", partial(engine.wake, run_id, name), put_off)


def _is_queued(row: Row) -> bool:
    *_, status, undo, _lease, queue = row
    return bool(queue) and (status == StepStatus.QUEUED or undo == UndoStatus.PENDING)


def _still_in_queue(rows: Iterable[Row]) -> set[int]:
    """Rows whose job still lies in its queue: they wait for a free worker process, and nothing was lost."""
    jobs = {
        run_queue.job_id(run_id, name, lease + 1): (pk, queue)
        for pk, run_id, name, _, _, lease, queue in filter(_is_queued, rows)
    }
    queued = run_queue.queued_ids({queue for _, queue in jobs.values()}) if jobs else set()
    return {jobs[job][0] for job in queued & jobs.keys()}


def _due_runs(at: datetime) -> int:
    ids = list(Run.objects.filter(due_at__lte=at).values_list("pk", flat=True)[:ROWS_PER_PASS])
    return sum(_time_out(run_id, at) for run_id in ids)


def _time_out(run_id: UUID, at: datetime) -> int:
    def put_off(seconds: float) -> None:
        Run.objects.filter(pk=run_id, due_at__lte=at).update(due_at=at + timedelta(seconds=seconds))

    return _each(run_id, partial(engine.time_out, run_id), put_off)


def _due_schedules(at: datetime) -> int:
    """Starts the due times of schedules, and looks at folders; one that fails is tried again later."""
    due = list(service.due(at).values_list("pk", "kind")[:ROWS_PER_PASS])
    return sum(_attend(pk, kind, at) for pk, kind in due)


def _attend(pk: int, kind: str, at: datetime) -> int:
    def put_off(seconds: float) -> None:
        service.put_off(pk, at + timedelta(seconds=seconds))

    act = files.look if kind == Trigger.Kind.FILE else trigger_slots.start_slot
    return _each(f"trigger {pk}", partial(act, pk, at), put_off)


def _due_held_inputs(at: datetime) -> int:
    """Starts what triggers brought, and nothing later has come for."""
    ids = list(debounce.due(at).values_list("pk", flat=True)[:ROWS_PER_PASS])
    debounce.forget_old(at)
    return sum(_start_held(pk, at) for pk in ids)


def _start_held(pk: int, at: datetime) -> int:
    def put_off(seconds: float) -> None:
        debounce.put_off(pk, at + timedelta(seconds=seconds))

    return _each(f"held input {pk}", partial(debounce.start_held, pk, at), put_off)


def _due_events(at: datetime) -> int:
    """Hands events on to steps that wait, and removes those that were kept long enough."""
    due = KeptEvent.objects.filter(due_at__lte=at, is_delivered=False).order_by("due_at")
    handed_on = sum(_hand_on(kept, at) for kept in due[:EVENTS_PER_PASS])
    return handed_on + kept_events.remove_old(at)


def _hand_on(kept: KeptEvent, at: datetime) -> int:
    def put_off(seconds: float) -> None:
        KeptEvent.objects.filter(pk=kept.pk).update(due_at=at + timedelta(seconds=seconds))

    return _each(f"event {kept.key}", partial(engine.hand_on, kept), put_off)


def _due_event_waits(at: datetime) -> int:
    """Looks whether events that steps wait for had come before."""
    rows = list(EventWait.objects.filter(due_at__lte=at).order_by("due_at")[:ROWS_PER_PASS])
    return sum(_look_through(row, at) for row in rows)


def _look_through(row: EventWait, at: datetime) -> int:
    def put_off(seconds: float) -> None:
        EventWait.objects.filter(pk=row.pk).update(due_at=at + timedelta(seconds=seconds))

    return _each(f"{row.run_id} {row.step}", partial(engine.look_through, row), put_off)


PASSES = {
    "steps": _due_steps,
    "runs": _due_runs,
    "schedules": _due_schedules,
    "held_inputs": _due_held_inputs,
    "events": _due_events,
    "event_waits": _due_event_waits,
    "reminders": reminders.dispatch_due,
    "limits": slots.tend_due,
    "lines": lines.advance_due,
    "deliveries": sending.dispatch_due,
    "mails": notifications.dispatch_due,
}
"""The pass over due rows, by the names in `reader.DUE`."""


def _families(at: datetime) -> int:
    if not reader.has_live_families():
        return 0
    return _ended_children(at) + _orphaned_children(at) + _paused_children(at) + _resumed_children()


def _ended_children(at: datetime) -> int:
    """Repeats lost events about ended children: their end to the parent, or the rollback to the child.

    An undo that holds a lease is a worker's, and the child stays as it is. While the parent is paused no
    rollback begins.
    """
    waited_for = _ended_for(at, parent__steps__status=StepStatus.WAITING)
    undone = {"parent__steps__undo": UndoStatus.RUNNING, "parent__steps__due_at": None}
    to_undo = _ended_for(at, parent__paused_at=None, **undone)
    return _each_run(waited_for, after_commit.tell_parent) + _each_run(to_undo, after_commit.roll_back_child)


def _ended_for(at: datetime, **of_parent_step: str | None) -> QuerySet[Run]:
    return Run.objects.filter(
        parent__status__in=RUN_STARTED,
        status__in=RUN_ENDED,
        finished_at__lt=at - timedelta(seconds=CHILD_GRACE_S),
        parent__steps__name=F("parent_step"),
        **of_parent_step,
    )


def _each_run(runs: QuerySet[Run], advance: Callable[[UUID], object]) -> int:
    ids = list(runs.values_list("pk", flat=True).distinct()[:ROWS_PER_PASS])
    return sum(_each(run_id, partial(advance, run_id)) for run_id in ids)


def _orphaned_children(at: datetime) -> int:
    """Repeats lost events to live children whose parent is rolled back or was abandoned."""
    waiting_parent = {"parent__steps__name": F("parent_step"), "parent__steps__status": StepStatus.WAITING}
    asked = Intervention.objects.filter(run=OuterRef("pk"), kind="step_failed", error__code=PAST_PIVOT)
    to_undo = Run.objects.filter(
        ~Exists(asked),  # a person decides, or has decided that it goes on
        status__in=("running", "waiting", "blocked"),
        parent__status="compensating",
        **waiting_parent,
    )
    orphans = Run.objects.filter(
        status__in=RUN_STARTED,
        parent__status="cancelled",
        parent__steps__name=F("parent_step"),
        parent__steps__status=StepStatus.CANCELLED,
    )
    return _cancel_each(to_undo, "compensate") + _cancel_each(orphans, "abandon")


def _paused_children(at: datetime) -> int:
    """Pauses child runs under way whose parent was paused, but for those that a person has resumed since."""
    resumed = JournalEntry.objects.filter(
        run=OuterRef("pk"), type="run.unpaused", at__gte=OuterRef("parent__paused_at")
    ).exclude(data__has_key="by_parent")
    under_way = Run.objects.filter(
        ~Exists(resumed),
        Q(parent__steps__status=StepStatus.WAITING)
        | Q(parent__steps__undo=UndoStatus.RUNNING, parent__steps__due_at=None),
        parent__steps__name=F("parent_step"),
        parent__paused_at__lt=at - timedelta(seconds=CHILD_GRACE_S),
        paused_at=None,
        status__in=RUN_STARTED,
    )
    return _each_run(under_way, after_commit.pause_child)


def _resumed_children() -> int:
    """Resumes child runs that were paused with their parent, which goes on."""
    paused = Run.objects.filter(paused_at__isnull=False, parent__isnull=False, parent__paused_at__isnull=True)
    return _each_run(paused, after_commit.resume_child)


def _cancel_each(runs: QuerySet[Run], mode: CancelMode) -> int:
    ids = list(runs.values_list("pk", flat=True)[:ROWS_PER_PASS])
    return sum(_each(run_id, partial(after_commit.cancel_child, run_id, mode)) for run_id in ids)


def _stay_due(seconds: float) -> None:
    """For rows that each pass looks at anyway."""


def _each(what: object, advance: Callable[[], object], put_off: Callable[[float], None] = _stay_due) -> int:
    """Advances one row, named `what` in the log. Returns 1 if that succeeded, else 0."""
    try:
        advance()
        return 1
    except NewerState as newer:
        logger.info("sweep: %s is left to a newer scheduler: %s", what, newer)
        put_off(random.uniform(*NEWER_PUT_OFF_S))  # noqa: S311
        return 0
    except MachineError as stale:
        logger.debug("sweep: %s: %s", what, stale)
    except Exception as error:
        if is_unavailable(error) and unavailability(error) != "busy":
            raise  # the other rows of the pass would fail in the same way
        logger.warning("sweep: %s: %s", what, error, exc_info=not is_unavailable(error))
    put_off(PUT_OFF_S)
    return 0
