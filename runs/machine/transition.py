"""One event's turn: entries are emitted, applied at once and collected. PURE."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from designer.document.graph import Edge, Graph, Step
from runs.machine.events import Command, Decision, Dispatch, Entry
from runs.machine.journal.apply import apply
from runs.machine.retry_policy import action_of, next_direction, queue_of
from runs.machine.states import RunState, State, StepState, StepStatus, UndoStatus
from workers.sdk.outcome import Direction, Failure


class Transition:
    """Working copy of a run's state while `decide` handles one event."""

    def __init__(self, graph: Graph, state: State, at: datetime, jitter: float = 0.0) -> None:
        self.graph = graph
        self.state = state.fork()
        self.at = at
        self.jitter = jitter
        self.entries: list[Entry] = []
        self.commands: list[Command] = []
        self.undecided: deque[str] = deque()  # steps whose incoming edges have just changed
        self.was_drained = state.run.phase == "undo" and state.run.is_drained

    @property
    def run(self) -> RunState:
        return self.state.run

    def step(self, key: str) -> StepState:
        return self.state.step(key)

    def definition(self, key: str) -> Step:
        """The definition of a step, or of the map step that an item belongs to."""
        return self.graph.by_name[key.partition("[")[0]]

    def emit(
        self,
        type: str,
        step: str = "",
        *,
        attempt: int = 0,
        payload: Any = None,
        data: Mapping[str, Any] | None = None,
    ) -> Entry:
        """Append a fact and apply it."""
        entry = Entry(self.run.last_seq + 1, type, self.at, step, attempt, data or {}, payload)
        apply(self.state, entry)
        entry = entry._replace(status=self.run.status.value)
        self.entries.append(entry)
        return entry

    def command(self, command: Command) -> None:
        self.commands.append(command)

    def dispatch(self, key: str) -> None:
        """Offer the next lease of a queued step, or of a due undo."""
        state, step = self.step(key), self.definition(key)
        action = action_of(step, next_direction(step, state))
        self.command(Dispatch(key, state.lease + 1, queue_of(step, action)))

    def queue(self, key: str, direction: Direction = "forward", **data: Any) -> None:
        """Make a step ready for a worker process."""
        self.emit("step.queued", key, attempt=self.step(key).attempt, data={"direction": direction, **data})
        self.dispatch(key)

    def took(self, key: str) -> dict[str, int]:
        """How long the attempt that ends now took, for its entry."""
        state = self.step(key)
        is_running = state.status == StepStatus.RUNNING or state.undo == UndoStatus.RUNNING
        if state.begun_at is None or not is_running:
            return {}
        return {"duration_ms": round((self.at - state.begun_at).total_seconds() * 1000)}

    def decided(self, taken: list[str], dead: list[str]) -> None:
        self.undecided.extend([*taken, *dead])

    def edges_from(self, name: str) -> tuple[Edge, ...]:
        return self.graph.outgoing[name]

    def decision(self) -> Decision:
        return Decision(self.state, tuple(self.entries), tuple(self.commands))


def error_data(code: str, message: str, **more: Any) -> dict[str, Any]:
    """An error as rows and frames hold it."""
    return {"code": code, "message": message, **{key: value for key, value in more.items() if value}}


def error_of(failure: Failure) -> dict[str, Any]:
    return error_data(failure.code, failure.message, type=failure.type, traceback=failure.traceback)
