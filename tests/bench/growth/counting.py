"""How much work a call is: counted, so that it is the same on every machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import orjson

from designer.document.graph import Graph
from runs.machine.decide import create, decide
from runs.machine.events import Claim, Decision, Entry, Event, Report, Start
from runs.machine.states import RunState
from runs.store.codec import pack
from tests.simulation.memory import Memory
from tests.unit.runs.machine.driver import START
from workers.sdk.outcome import Outcome


def calls(work: Callable[[], Any]) -> tuple[int, Any]:
    """Calls of Python and of C functions during `work`, and what it returned."""
    count = 0

    def on_event(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(on_event)
    try:
        result = work()
    finally:
        sys.setprofile(None)
    return count, result


class Counted:
    """One run in memory, without the simulation's checks; `count` is the work of deciding so far."""

    def __init__(self, graph: Graph, input: dict[str, Any]) -> None:
        for part in (graph.by_name, graph.outgoing, graph.incoming, graph.position, graph.roots):
            assert part is not None, "a version's graph is prepared once per process"
        self.graph = graph
        self.memory = Memory(graph, input, RunState(id="run"))
        self.count = 0
        self._save(create(graph, self.memory.state(), START))
        self.take(Start(START))

    def take(self, event: Event) -> int:
        """Decide and store one event. Returns how much work deciding was."""
        state = self.memory.state()
        count, decision = calls(lambda: decide(self.graph, state, event))
        self._save(decision)
        self.count += count
        return count

    def _save(self, decision: Decision) -> None:
        memory = self.memory
        memory.run = decision.state.run
        memory.rows.update(decision.state.changed)
        memory.journal += decision.entries
        memory.known_payloads.update({entry.seq: entry.payload for entry in decision.entries})

    def run(self, key: str, output: Any = None) -> int:
        lease = (self.memory.rows[key].lease if key in self.memory.rows else 0) + 1
        claim = self.take(Claim(START, key, lease, "p1"))
        return claim + self.take(Report(START, key, lease, Outcome("succeeded", output)))

    def journal_bytes(self) -> int:
        return sum(map(entry_bytes, self.memory.journal))

    def rows_bytes(self) -> int:
        rows = [pack(self.memory.run), *map(pack, self.memory.rows.values())]
        return sum(len(orjson.dumps(row)) for row in rows)


def entry_bytes(entry: Entry) -> int:
    return len(orjson.dumps([entry.seq, entry.type, entry.step, entry.attempt, entry.data, entry.payload]))
