"""An in-memory store of one run: rows and journal as the database would keep them.

Imitates `runs.store`: everything goes through JSON, a dispatched step gets a due time, after which the sweep
dispatches it again, and an entry without a payload has a row, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

import orjson

from designer.document.document import dump
from designer.document.graph import Graph
from runs.machine.events import Decision, Entry
from runs.machine.states import RunState, State, StepState
from runs.machine.steps.expansion import effective_graph
from runs.store.codec import pack, unpack
from tests.simulation.model import demand

DISPATCH_GRACE_S = 5.0
StateT = TypeVar("StateT", RunState, StepState)


def through_json(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value))


@dataclass
class Memory:
    """One run's rows. `due` is the column that the sweep looks at."""

    base: Graph
    input: Mapping[str, Any]
    run: RunState
    parent: str | None = None
    parent_step: str = ""
    rows: dict[str, StepState] = field(default_factory=dict)
    due: dict[str, datetime | None] = field(default_factory=dict)
    journal: list[Entry] = field(default_factory=list)
    known_payloads: dict[int, Any] = field(default_factory=dict)
    known_derived: dict[int, Any] = field(default_factory=dict)
    graph: Graph = field(init=False)

    def __post_init__(self) -> None:
        self.graph = self.base

    # --- as a Source ---

    def step(self, name: str) -> StepState | None:
        return self.rows.get(name)

    def steps(self) -> Mapping[str, StepState]:
        return self.rows

    def steps_named(self, names: list[str]) -> Mapping[str, StepState]:
        return {name: self.rows[name] for name in names if name in self.rows}

    def items(self, name: str) -> Mapping[str, StepState]:
        return {key: step for key, step in self.rows.items() if step.map_name == name}

    def payload(self, seq: int) -> Any:
        return self.known_payloads[seq]

    def payloads(self, seqs: list[int]) -> Mapping[int, Any]:
        return {seq: self.known_payloads[seq] for seq in seqs}

    def derived(self, seq: int, make: Callable[[], Any]) -> Any:
        value = make()
        demand(self.known_derived.setdefault(seq, value) == value, f"what entry {seq} settled has changed")
        return value

    def lines(self) -> Iterator[str]:
        """Yields the graph and the journal, for a report about a broken rule."""
        yield f"--- run {self.run.id} of {self.base.name}, {self.run.status.value}: {dump(self.base)}"
        for entry in self.journal:
            about = f"{entry.type} {entry.step} {entry.attempt}"
            yield f"{entry.seq:>4} {about} {dict(entry.data)} {entry.payload}"

    # --- as a table ---

    def state(self) -> State:
        return State(self.run, self.input, self)

    def save(self, decisions: list[Decision], notified: Mapping[str, str], at: datetime) -> list[Entry]:
        """Writes the decisions of one transaction. Returns their entries as read back."""
        state = decisions[-1].state
        entries = [read_back(entry) for decision in decisions for entry in decision.entries]
        self.journal += entries
        self.known_payloads.update({entry.seq: entry.payload for entry in entries})
        for name, step in state.changed.items():
            self.rows[name] = round_trip(step)
            is_held_up = state.run.paused_at is not None and not step.process
            self.due[name] = None if is_held_up else step.due_at
        self.due.update(dict.fromkeys(notified, at + timedelta(seconds=DISPATCH_GRACE_S)))
        added_before = self.run.added
        self.run = round_trip(state.run)
        if self.run.added != added_before:
            self.graph = self.graph_of(self.state())
        return entries

    def graph_of(self, state: State) -> Graph:
        return effective_graph(self.base, state)


def read_back(entry: Entry) -> Entry:
    return entry._replace(data=through_json(entry.data), payload=through_json(entry.payload))


def round_trip(state: StateT) -> StateT:
    """Returns a state as written and read again, which must change nothing."""
    read = unpack(type(state), through_json(pack(state)))
    demand(read == state, f"the codec turns {state} into {read}")
    return read
