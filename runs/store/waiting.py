"""Rows of steps that wait for people or for events, projected from the state. No rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from designer.document.graph import Graph, Step
from designer.document.waits import events_of
from designer.expressions.matching import key_of
from runs.machine.limits import MESSAGE_LISTED_MAX
from runs.machine.states import State, StepState, StepStatus
from runs.models import Approval, ApprovalAssignee, EventWait
from runs.models.inbox import order_at

LOOK_GRACE_S = 5.0  # after it the sweep looks whether the event that a step waits for came before


def waiting_steps(graph: Graph, state: State) -> Iterator[tuple[Step, StepState]]:
    """Yields the changed steps of a run that have rows: those that wait now, and those that have ended."""
    for name, step_state in state.changed.items():
        step = graph.by_name.get(name)
        has_rows = step is not None and (step.kind == "approval" or events_of(step))
        if step is not None and has_rows and step_state.status != StepStatus.PENDING:
            yield step, step_state


def project(run_id: UUID, workflow: str, graph: Graph, state: State, at: datetime) -> bool:
    """Brings the rows of changed steps up to date. Called in the transaction that writes the state.

    Returns whether a step began to wait for an event, which may have come before.
    """
    ended: list[str] = []
    waits_for_event = False
    for step, step_state in waiting_steps(graph, state):
        if step_state.status != StepStatus.WAITING:
            ended.append(step.name)
        elif step.kind == "approval":
            _open(run_id, workflow, step, step_state, at)
        else:
            waits_for_event |= _await(run_id, step_state, at)
    if ended:
        Approval.objects.filter(run_id=run_id, step__in=ended).delete()
        EventWait.objects.filter(run_id=run_id, step__in=ended).delete()
    return waits_for_event


def _open(run_id: UUID, workflow: str, step: Step, step_state: StepState, at: datetime) -> None:
    waits = step_state.waits or {}
    place = order_at(step_state.due_at, at)
    every = step.remind_after
    approval, is_new = Approval.objects.get_or_create(
        run_id=run_id,
        step=step.name,
        defaults={
            "workflow_name": workflow,
            "message": str(waits.get("message") or "")[:MESSAGE_LISTED_MAX],
            "opened_at": at,
            "due_at": step_state.due_at,
            "order_at": place,
            "remind_every": every,
            "remind_at": None if every is None else at + timedelta(seconds=every),
        },
    )
    if is_new:
        names: Iterable[str] = waits.get("assignees") or ("",)
        ApprovalAssignee.objects.bulk_create(
            ApprovalAssignee(approval=approval, name=name, opened_at=at, order_at=place) for name in names
        )


def _await(run_id: UUID, step_state: StepState, at: datetime) -> bool:
    """Returns whether rows were added."""
    if EventWait.objects.filter(run_id=run_id, step=step_state.name).exists():
        return False
    rows = [
        EventWait(
            run_id=run_id,
            step=step_state.name,
            part=want["part"],
            event_type=want["event"],
            path=want.get("path", ""),
            key=(key_of(want["path"], want["value"]) or "") if "path" in want else "",
            due_at=at + timedelta(seconds=LOOK_GRACE_S),
        )
        for want in (step_state.waits or {}).get("wants", ())
    ]
    EventWait.objects.bulk_create(rows)
    return bool(rows)
