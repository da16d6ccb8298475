"""The transition of one event: entries are emitted, applied at once and collected. PURE."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from config.lib.json import storable
from config.lib.json_values import why_unstorable
from designer.document.graph import Edge, Graph, Step
from designer.errors import ExpressionError
from runs.machine.acts import has_acted
from runs.machine.errors import BadValue, Refused, Stale
from runs.machine.events import Command, Decision, Dispatch, Entry, Fault
from runs.machine.journal.apply import apply
from runs.machine.retry_policy import action_of, limit_of, next_direction, queue_of
from runs.machine.states import RunState, State, StepState, StepStatus, UndoStatus
from workers.sdk.outcome import Direction, Failure


class Transition:
    """The working copy of a run's state while `decide` handles one event.

    `was_drained`: the undo walk was under way before the event.
    """

    def __init__(self, graph: Graph, state: State, at: datetime, jitter: float = 0.0) -> None:
        self.graph = graph
        self.state = state.fork()
        self.state.now = at
        self.at = at
        self.jitter = jitter
        self.entries: list[Entry] = []
        self.commands: list[Command] = []
        self.faults: list[Fault] = []
        self.undecided: deque[str] = deque()  # steps that `advance` has yet to look at
        self.filling: set[str] = set()  # maps and loops that begin items at this moment
        self.was_drained = state.run.phase == "undo" and state.run.is_drained

    @property
    def run(self) -> RunState:
        return self.state.run

    def step(self, key: str) -> StepState:
        return self.state.step(key)

    def definition(self, key: str) -> Step:
        """Returns the definition of a step, or of the map step that an item belongs to."""
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
        """Appends an entry and applies it. Raises BadValue if it holds what cannot be stored."""
        keepable(payload)
        keepable(data)
        entry = Entry(self.run.last_seq + 1, type, self.at, step, attempt, data or {}, payload)
        apply(self.state, entry)
        entry = Entry(*entry[:-1], self.run.status.value)
        self.entries.append(entry)
        return entry

    def guarded(self, key: str, rule: Callable[[], None], fail: Callable[[Failure], None]) -> None:
        """Carries out a rule that reads data of the step `key`. If that fails, the rule has done nothing.

        `fail` then decides what follows for this step alone. So nothing in the data of a step, and no fault
        in a rule about it, can undo what the event has already said about another one.
        """
        state, graph, undecided = self.state.fork(), self.graph, tuple(self.undecided)
        entries, commands = len(self.entries), len(self.commands)
        try:
            rule()
        except (Refused, Stale):
            raise
        except Exception as error:
            self.state, self.graph, self.undecided = state, graph, deque(undecided)
            del self.entries[entries:], self.commands[commands:]
            fail(self.failure(key, error))

    def failure(self, key: str, error: Exception) -> Failure:
        """Returns an error of a rule about the step `key` as its failure; a fault of the product is noted."""
        if isinstance(error, ExpressionError):
            return Failure("bad_expression", storable(str(error)))
        if isinstance(error, BadValue):
            return Failure("bad_value", storable(str(error)))
        if isinstance(error, RecursionError):
            return Failure("bad_value", f"The data that {key} reads is nested too deep.")
        self.faults.append(Fault(key, error))
        name = type(error).__name__
        message = f"A fault of the product: {name} in a rule about {key}. The log says more."
        return Failure("internal", message, name)

    def command(self, command: Command) -> None:
        self.commands.append(command)

    def dispatch(self, key: str) -> None:
        """Offers the next lease of a queued step, or of a due undo; nothing while the run is paused."""
        if self.run.paused_at is not None:
            return
        state, step = self.step(key), self.definition(key)
        action = action_of(step, next_direction(step, state))
        limit = limit_of(step, action)
        is_undo = limit is not None and state.undo == UndoStatus.PENDING
        queue, priority = queue_of(step, action), self.run.priority
        self.command(Dispatch(key, state.lease + 1, queue, limit, is_undo, priority))

    def queue(self, key: str, direction: Direction = "forward", *, payload: Any = None, **data: Any) -> None:
        """Queues a step and offers it to worker processes."""
        data = {"direction": direction, **data}
        self.emit("step.queued", key, attempt=self.step(key).attempt, data=data, payload=payload)
        self.dispatch(key)

    def holds_up(self, key: str, **data: Any) -> bool:
        """Whether the run is paused; then what would begin now is queued, and begins when it is resumed."""
        if self.run.paused_at is None:
            return False
        data = {"direction": "forward", "held_up": True, **data}
        self.emit("step.queued", key, attempt=self.step(key).attempt, data=data)
        return True

    def queue_again(self, key: str, **data: Any) -> None:
        """Queues a step that a person tries again; if its outcome is unknown, verification comes first."""
        state = self.step(key)
        asks = has_acted(state, by_fallback=True) + has_acted(state, by_fallback=False)
        if not asks or self.definition(key).verify is None:
            return self.queue(key, fresh=True, **data)
        by_fallback = state.by_fallback == has_acted(state, by_fallback=state.by_fallback)
        return self.queue(key, "verify", fresh=True, by_fallback=by_fallback, asks=asks, **data)

    def duration(self, key: str) -> dict[str, int]:
        """Returns how long the attempt that ends now took, as data of its entry."""
        state = self.step(key)
        is_running = state.status == StepStatus.RUNNING or state.undo == UndoStatus.RUNNING
        if state.begun_at is None or not is_running:
            return {}
        return {"duration_ms": round((self.at - state.begun_at).total_seconds() * 1000)}

    def revisit(self, names: Iterable[str]) -> None:
        """Has `advance` look at steps whose incoming edges have just been decided."""
        self.undecided.extend(names)

    def edges_from(self, name: str) -> tuple[Edge, ...]:
        return self.graph.outgoing[name]

    def decision(self) -> Decision:
        return Decision(self.state, tuple(self.entries), tuple(self.commands), tuple(self.faults))


def keepable(value: Any, what: str = "") -> None:
    """Raises BadValue if a JSON value cannot be stored; `what` names it."""
    reason = why_unstorable(value)
    if reason:
        raise BadValue(f"{what or 'What it leads to'} cannot be kept: {reason}.")


def error_of(failure: Failure) -> dict[str, Any]:
    """Returns a failure as rows and frames hold it; an empty type, traceback or cause is left out."""
    optional = {"type": failure.type, "traceback": failure.traceback, "cause": failure.cause}
    return {"code": failure.code, "message": failure.message, **{k: v for k, v in optional.items() if v}}
