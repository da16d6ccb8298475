"""Spans of what has ended in a run, by its state before and after each decision. PURE.

A trace has a run, with its child runs. In it: the run; below that each step, and the rollback with each undo;
below those their attempts. A step's span is made once nothing is open about it any more, so a step that is
tried again has one span with all its attempts. An undo's span is linked to that of its step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from config.telemetry import ids
from config.telemetry.spans import Span
from designer.document.graph import Graph
from runs.machine.events import Decision, Entry
from runs.machine.retry_policy import action_of
from runs.machine.states import STEP_ENDED, UNDO_LEFT, State, StepState, StepStatus, UndoStatus

Attributes = dict[str, str | int | bool]


class Rollback(NamedTuple):
    """`seq`: of the entry by which it began. `is_later`: the run had ended before."""

    seq: int
    at: datetime
    is_later: bool


ENDS = ("run.completed", "run.failed", "run.compensated", "run.cancelled")


def rollback_in(entries: Iterable[tuple[int, str, datetime]]) -> Rollback | None:
    """The last rollback of a run, by number, type and time of its entries; others than these may be left out.

    One that changes its course while it is under way is the same.
    """
    found: Rollback | None = None
    has_ended = is_open = False
    for seq, kind, at in entries:
        if kind in ENDS:
            has_ended, is_open = True, False
        elif kind == "run.compensating" and not is_open:
            found, is_open = Rollback(seq, at, has_ended), True
    return found


class History(Protocol):
    """What the state does not hold of the past; asked about rollbacks alone."""

    def rollback(self) -> Rollback | None:
        """The one under way, or the last one."""

    def undo_began_at(self, step: str, rollback: int) -> datetime | None:
        """When the first attempt of the undo of a step began, in the rollback with this number."""


@dataclass(frozen=True)
class Traced:
    """A run whose spans are made. `parent`: the span of which the run's own is a child.

    `about`: what each of its spans says of the run.
    """

    id: UUID
    graph: Graph
    parent: int | None
    about: Mapping[str, str | int | bool]
    history: History

    def spans(self, before: State, decisions: Sequence[Decision]) -> list[Span]:
        """The spans that ended with decisions, which were taken one after the other from `before` on."""
        found: list[Span] = []
        for decision in decisions:
            found += self._ended_by(before, decision)
            before = decision.state
        return found

    def _ended_by(self, before: State, decision: Decision) -> Iterator[Span]:
        if not decision.entries or decision.entries[0].type == "run.created":
            return  # what ends as a run is created, an earlier run has done
        now, at = decision.state, decision.entries[-1].at
        for name, step in now.changed.items():
            earlier = before.step(name)
            if earlier is step:
                continue
            if _is_under_way(earlier) and not _goes_on(earlier, step):
                entry = next((entry for entry in decision.entries if entry.step == name), None)
                if entry is None or not _is_handed_back(entry):
                    yield self._attempt(earlier, entry, at)
            if _is_open(earlier) and not _is_open(step):
                yield from self._settled(before, now, step)
            if earlier.undo in UNDO_LEFT and step.undo not in UNDO_LEFT and not step.is_map:
                yield from self._undo(step, at)
        if before.run.final is None and now.run.final is not None:
            yield from self._run(now, at)

    def _settled(self, before: State, now: State, step: StepState) -> Iterator[Span]:
        """The span of a step that nothing can change any more, unless it never began.

        A map can run its items again that did not complete, so these wait for the end of the map.
        """
        parent = before.step(step.map_name) if step.map_name else None
        is_final = parent is None or step.status == StepStatus.COMPLETED or not _is_open(parent)
        if _has_happened(step) and is_final:
            yield self._step(step)
        if step.is_map and (step.status != StepStatus.COMPLETED or step.items_failed or step.enough):
            for item in now.items(step.name).values():
                is_left = item.status in STEP_ENDED and item.status != StepStatus.COMPLETED
                if is_left and _has_happened(item):
                    yield self._step(item)

    def _attempt(self, earlier: StepState, entry: Entry | None, at: datetime) -> Span:
        is_undo = earlier.undo == UndoStatus.RUNNING
        definition = self.graph.by_name.get(earlier.name.partition("[")[0])
        error = _error(entry.data.get("error")) if entry else None
        attributes: Attributes = {
            **self._about_step(earlier),
            "sagaboard.attempt": earlier.undo_attempt if is_undo else earlier.attempt,
            "sagaboard.direction": earlier.phase,
            "sagaboard.outcome": _outcome(entry),
            "sagaboard.process": earlier.process,
        }
        if definition is not None:
            attributes["sagaboard.worker"] = action_of(definition, earlier.phase).worker
        return Span(
            f"attempt {_base(earlier)}",
            ids.attempt_span(self.id, earlier.name, earlier.lease),
            self._undo_id(earlier.name) if is_undo else ids.step_span(self.id, earlier.name),
            earlier.begun_at or at,
            max(at, earlier.begun_at or at),
            attributes,
            error=error,
        )

    def _step(self, step: StepState) -> Span:
        end, parent = step.finished_at, step.map_name
        assert end is not None
        start = min(step.started_at or end, end)
        return Span(
            f"step {_base(step)}",
            ids.step_span(self.id, step.name),
            ids.run_span(self.id) if parent is None else ids.step_span(self.id, parent),
            start,
            end,
            {**self._about_step(step), "sagaboard.status": step.status.value},
            error=_error(step.error) if step.status == StepStatus.FAILED else None,
        )

    def _undo(self, step: StepState, at: datetime) -> Iterator[Span]:
        """Nothing of an undo that never began."""
        rollback, start = self.history.rollback(), step.begun_at
        if rollback is None or start is None or start < rollback.at:
            return
        if step.undo_attempt != 1 or step.undo_verified or step.undo_second:
            start = self.history.undo_began_at(step.name, rollback.seq) or start
        yield Span(
            f"undo {_base(step)}",
            ids.undo_span(self.id, step.name, rollback.seq),
            ids.rollback_span(self.id, rollback.seq),
            start,
            max(at, start),
            {**self._about_step(step), "sagaboard.status": step.undo.value},
            (ids.step_span(self.id, step.name),),
            _error(step.error) if step.undo == UndoStatus.ABANDONED else None,
        )

    def _run(self, now: State, at: datetime) -> Iterator[Span]:
        run = now.run
        own, error = ids.run_span(self.id), _error(run.error)
        attributes: Attributes = {**self.about, "sagaboard.status": run.status.value}
        rollback = self.history.rollback() if run.reason is not None else None
        if rollback is not None:
            reason: Attributes = {**attributes, "sagaboard.reason": str(run.reason)}
            number = ids.rollback_span(self.id, rollback.seq)
            yield Span("rollback", number, own, rollback.at, max(at, rollback.at), reason)
        if rollback is None or not rollback.is_later:
            start = run.started_at or at
            name = f"run {self.about['sagaboard.workflow']}"
            yield Span(name, own, self.parent, start, max(at, start), attributes, error=error)

    def _undo_id(self, name: str) -> int | None:
        rollback = self.history.rollback()
        return None if rollback is None else ids.undo_span(self.id, name, rollback.seq)

    def _about_step(self, step: StepState) -> Attributes:
        return {**self.about, "sagaboard.step": step.name}


def _base(step: StepState) -> str:
    """Names of spans are few, so that they can be grouped by: all items of a map have that of the map."""
    return step.map_name or step.name


def _has_happened(step: StepState) -> bool:
    """Whether a step did something. One whose output a person enters may have no beginning."""
    return step.started_at is not None or step.status in (StepStatus.COMPLETED, StepStatus.FAILED)


def _is_under_way(step: StepState) -> bool:
    """Whether a worker process has an attempt."""
    is_running = step.undo == UndoStatus.RUNNING or step.status == StepStatus.RUNNING
    return is_running and step.process != ""


def _is_handed_back(entry: Entry) -> bool:
    """Whether an attempt was claimed and not begun."""
    is_plain = entry.type == "compensation.retry_scheduled" and entry.data.keys() == {"direction", "due_at"}
    return is_plain or "handed_back" in entry.data


def _goes_on(before: StepState, step: StepState) -> bool:
    is_running = step.status == before.status and step.undo == before.undo
    return is_running and step.lease == before.lease


def _is_open(step: StepState) -> bool:
    """Whether a step can still change, but for its undo. A question about the run as a whole changes none."""
    return step.status not in STEP_ENDED or (step.is_asked_about and not step.about)


def _outcome(entry: Entry | None) -> str:
    if entry is None:
        return "cancelled"
    data = entry.data
    if data.get("unknown"):
        return "unknown"
    if data.get("asked"):
        return "retry_needed"
    return "failed" if "error" in data else "succeeded"


def _error(error: Mapping[str, Any] | None) -> tuple[str, str] | None:
    """Code and message alone: a traceback may show values."""
    return None if not error else (str(error.get("code", "failed")), str(error.get("message", "")))
