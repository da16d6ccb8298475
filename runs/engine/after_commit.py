"""Effects after a unit's commit: jobs for worker processes, hints to watchers, events for other runs.

Parents and children take each other's events in units of their own, one run locked at a time, so that two
runs are never locked in different orders. Effects that are lost with the process are repeated by the sweep.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import Error, transaction

from config.lib.database_errors import is_unavailable
from runs.delivery import hints, queue
from runs.engine import creation, events, lines, slots
from runs.engine.unit_of_work import Unit, unit_of
from runs.errors import BadInput, NewerState, UnknownRun, UnknownWorkflow, WorkflowFull
from runs.machine.bindings import run_output
from runs.machine.errors import Refused, Stale
from runs.machine.events import (
    Cancel,
    CancelChild,
    CancelMode,
    Command,
    EndChild,
    Event,
    Pause,
    PauseChild,
    Resume,
    ResumeChild,
    Rollback,
    RollBackChild,
    Start,
    StartChild,
    TellParent,
)
from runs.machine.rollback.pivots import has_passed
from runs.machine.rollback.plan import left_by, may_go_back
from runs.machine.states import RUN_ENDED, evolve
from runs.models import Run
from runs.store import writer
from runs.store.database import database
from runs.store.reader import load
from runs.store.transactions import transaction_of

logger = logging.getLogger(__name__)


def start_children(unit: Unit) -> None:
    """Creates the child runs that the unit asks for, in its transaction.

    A child that cannot start is reported to the unit as failed, which may ask for further children.
    """
    if not unit.is_locked:
        return  # `Unit.require_plain` sends a unit that starts children to the lock
    handled: set[str] = set()
    while pending := [c for c in unit.commands if isinstance(c, StartChild) and c.child not in handled]:
        for command in pending:
            handled.add(command.child)
            _start_child(unit, command)


def _start_child(unit: Unit, command: StartChild) -> None:
    """Whatever the child's definition or input causes fails the step that asks for it, and nothing else."""
    try:
        start([creation.child_request(evolve(unit.loaded, state=unit.state), command)])
        if command.detached:
            unit.take(EndChild(unit.at, command.step, command.child, "started"))
        return
    except (BadInput, UnknownWorkflow, WorkflowFull, Refused) as error:
        failure = {"code": error.code, "message": str(error)}
    except Error:
        raise
    except Exception as error:
        logger.exception("run %s: the child run of step %s cannot start", unit.run_id, command.step)
        failure = {"code": "internal", "message": f"A fault of the product: {type(error).__name__}."}
    unit.take(EndChild(unit.at, command.step, command.child, "failed", error=failure))


def start(requests: Sequence[creation.Request], all_or_none: bool = True) -> list[Run | WorkflowFull]:
    """Creates and starts runs whose inputs have been checked, with their child runs: all of them, or none.

    Without `all_or_none`, the error stands in the place of a run that a full workflow does not take. Raises
    IntegrityError if an idempotency key is taken, WorkflowFull with `all_or_none`.
    """
    db = database()
    is_part = db.wrapper.in_atomic_block
    with transaction_of(db):
        created = creation.create(requests, db)
        full = [one for one in created if isinstance(one, WorkflowFull)]
        if full and all_or_none:
            raise full[0]
        units = [one[1] for one in created if not isinstance(one, WorkflowFull)]
        for unit in units:
            start_children(unit)
            db.write(writer.statements(db, unit.changes()))
        if is_part:
            transaction.on_commit(lambda: _begun(units))
    if not is_part:
        _begun(units)
    return [one if isinstance(one, WorkflowFull) else one[0] for one in created]


def _begun(units: Sequence[Unit]) -> None:
    for unit in units:
        unit.follow()
    carry_out_all(units)


def tell_parent(run_id: UUID) -> None:
    """Reports the end of a run to its parent, if it has ended and has one."""
    loaded = load(run_id)
    status = loaded.state.run.status
    if loaded.parent_id is None or status not in RUN_ENDED:
        return
    graph = Unit(loaded).graph
    output = run_output(graph, loaded.state) if status == "completed" else None
    try:
        with unit_of(loaded.parent_id, carry_out) as unit:
            unit.take(
                EndChild(
                    unit.at,
                    loaded.parent_step,
                    str(run_id),
                    status.value,
                    output,
                    loaded.state.run.error,
                    left=left_by(loaded.state),
                    may_go_back=may_go_back(loaded.state.run),
                    past_pivot=has_passed(loaded.state.run),
                )
            )
            start_children(unit)
    except Stale as stale:
        logger.info("run %s: parent not told: %s", run_id, stale)


def roll_back_child(child: UUID, by: str | None = None) -> None:
    """Undoes a completed child run whose parent is rolled back; one that is undone tells the parent so.

    `by`: the person for whom the parent acts; left out, the parent's state says who that is.
    """
    try:
        acts_for = _parent_acts_for(child) if by is None else by
        with unit_of(child, carry_out) as unit:
            unit.take(Rollback(unit.at, acts_for, by_parent=True))
    except Refused:
        if not _is_stopped(child, acts_for):  # a detached run may be under way
            tell_parent(child)  # it is undone already, is being undone, or has passed its point of no return


def _is_stopped(run_id: UUID, by: str) -> bool:
    """Stops a detached run that is still under way; its end tells the parent. Returns False of any other."""
    if load(run_id).state.run.phase != "forward":
        return False
    with unit_of(run_id, carry_out) as unit:
        unit.take(Cancel(unit.at, "compensate", by))
    return True


def pause_child(child: UUID) -> None:
    """Pauses a child run under way whose parent is paused: it was not told, or not in time."""
    _to_child(child, lambda at: Pause(at, by_parent=True))


def resume_child(child: UUID) -> None:
    """Resumes a child run that its parent has paused and not resumed: the parent goes on."""
    _to_child(child, lambda at: Resume(at, by_parent=True))


def _to_child(child: UUID, event: Callable[[datetime], Event]) -> None:
    try:
        with unit_of(child, carry_out) as unit:
            unit.take(event(unit.at))
            start_children(unit)
    except (Refused, Stale, UnknownRun) as reason:
        logger.info("child run %s: %s", child, reason)


def cancel_child(child: UUID, mode: CancelMode, by: str | None = None) -> None:
    """Stops a live child run whose parent is rolled back or was abandoned; `by` as in `roll_back_child`."""
    acts_for = _parent_acts_for(child) if by is None else by
    with unit_of(child, carry_out) as unit:
        unit.take(Cancel(unit.at, mode, acts_for))


def _parent_acts_for(child: UUID) -> str:
    """Returns the person for whom the parent of a child run rolls it back; "" for none."""
    row = load(child)
    if row.parent_id is None:
        return ""
    parent = load(row.parent_id).state
    return parent.run.by or parent.step(row.parent_step).undo_by


def look_back(run_id: UUID) -> None:
    """Gives steps that have begun to wait for an event those that had come before."""
    try:
        events.look_back(run_id, carry_out, start_children)
    except (Error, NewerState) as error:
        if not (isinstance(error, NewerState) or is_unavailable(error)):
            raise
        logger.warning("run %s: earlier events are left to the sweep: %s", run_id, error)


def carry_out(unit: Unit) -> None:
    """Carries out the effects of a committed unit: jobs, hints, and events for other runs."""
    carry_out_all([unit])


def carry_out_all(units: Sequence[Unit], moves_lines: bool = True) -> None:
    """As `carry_out`, for units that were committed together; their jobs are enqueued together."""
    queue.dispatch_all(
        [(unit.run_id, dispatch) for unit in units for dispatch in unit.dispatches],
        at_front={(unit.run_id, unit.first) for unit in units if unit.first},
    )
    _offer_slots({limit for unit in units for limit in unit.touched_limits})
    for unit in units:
        if moves_lines:
            _move_line(unit)
        for fault in (fault for decision in unit.decisions for fault in decision.faults):
            logger.error(
                "run %s: step %s has failed: internal", unit.run_id, fault.step, exc_info=fault.error
            )
        hints.run_moved(unit.state.run.id, unit.state.run.last_seq)
        if _touches_approvals(unit):
            hints.approvals_changed()
        if unit.awaits_event:
            look_back(unit.run_id)
        for entry in (entry for decision in unit.decisions for entry in decision.entries):
            if entry.type.startswith("intervention."):
                hints.intervention_changed(unit.run_id, entry.data.get("opened", entry.seq), entry.type)
        for command in unit.commands:
            try:
                _carry_out_command(unit, command)
            except (Error, NewerState) as error:
                if not (isinstance(error, NewerState) or is_unavailable(error)):
                    raise
                logger.warning("run %s: %s is left to the sweep: %s", unit.run_id, command, error)


def _touches_approvals(unit: Unit) -> bool:
    steps = unit.graph.by_name
    entries = (entry for decision in unit.decisions for entry in decision.entries)
    return any(step.kind == "approval" for entry in entries if (step := steps.get(entry.step)) is not None)


def _offer_slots(limits: set[str]) -> None:
    if not limits:
        return
    try:
        slots.offer(limits)
    except Error as error:
        if not is_unavailable(error):
            raise
        logger.warning("slots of %s are left to the sweep: %s", ", ".join(sorted(limits)), error)


def _move_line(unit: Unit) -> None:
    """Lets the runs begin that waited for the end of this one, and ends those that make room for it."""
    try:
        for run_id in unit.joined.leaving if unit.joined else ():
            cancel_leaving(run_id)
        line = lines.end_of(unit.run_id) if unit.leaves_line else None
        if line is not None:
            lines.advance(line, begin)
    except (Error, NewerState) as error:
        if not (isinstance(error, NewerState) or is_unavailable(error)):
            raise
        logger.warning("run %s: its line is left to the sweep: %s", unit.run_id, error)


def begin(run_id: UUID) -> None:
    """Begins a pending run whose turn it is. Its end is looked at by who moves the line. Raises Stale."""
    with unit_of(run_id, lambda unit: carry_out_all([unit], moves_lines=False)) as unit:
        unit.take(Start(unit.at))
        start_children(unit)


def cancel_leaving(run_id: UUID) -> None:
    """Cancels a run so that a newer one of its line can begin."""
    try:
        with unit_of(run_id, carry_out) as unit:
            unit.take(Cancel(unit.at))
    except (Refused, Stale) as reason:
        logger.info("run %s does not leave its line: %s", run_id, reason)


def _carry_out_command(unit: Unit, command: Command) -> None:
    match command:
        case CancelChild(child, mode, by):
            try:
                cancel_child(UUID(child), mode, by)
            except (Refused, Stale, UnknownRun) as reason:  # it has ended, or could not be created
                logger.info("child run %s not cancelled: %s", child, reason)
        case PauseChild(child, by):
            _to_child(UUID(child), lambda at: Pause(at, by, by_parent=True))
        case ResumeChild(child, by):
            _to_child(UUID(child), lambda at: Resume(at, by, by_parent=True))
        case RollBackChild(child, by):
            roll_back_child(UUID(child), by)
        case TellParent() if unit.loaded.parent_id is not None:
            tell_parent(unit.run_id)
        case _:
            pass
