"""What the world of the simulation is made of: jobs, claimed attempts, transactions and crashes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from designer.document.graph import Graph
from runs.machine.decide import decide
from runs.machine.events import Command, Decision, Dispatch, Event
from runs.machine.states import State
from tests.simulation.memory import Memory
from workers.sdk.outcome import Outcome


class Crash(Exception):
    """The process has died: before the commit, which then had no effect, or before the commands after it."""


@dataclass(frozen=True)
class Job:
    run: str
    step: str
    lease: int


@dataclass
class ClaimedAttempt:
    """A claimed attempt. `outcome`: the one that its worker is going to report."""

    job: Job
    process: str
    outcome: Outcome
    added: tuple[Any, ...]


@dataclass
class Unit:
    """One run inside a transaction."""

    id: str
    memory: Memory
    state: State
    graph: Graph
    decisions: list[Decision] = field(default_factory=list)
    children: list[Unit] = field(default_factory=list)

    def take(self, event: Event) -> Decision:
        return self.record(decide(self.graph, self.state, event))

    def record(self, decision: Decision) -> Decision:
        self.state = decision.state
        self.decisions.append(decision)
        if self.state.run.added != self.memory.run.added:
            self.graph = self.memory.graph_of(self.state)
        return decision

    def family(self) -> list[Unit]:
        """Returns this run and the runs that it has just started, which one transaction holds."""
        return [self, *(unit for child in self.children for unit in child.family())]

    @property
    def commands(self) -> list[Command]:
        return [command for decision in self.decisions for command in decision.commands]

    @property
    def dispatches(self) -> list[Dispatch]:
        dispatches = {dispatch.step: dispatch for dispatch in self.commands if isinstance(dispatch, Dispatch)}
        return [
            dispatch
            for dispatch in dispatches.values()
            if self.state.step(dispatch.step).lease + 1 == dispatch.lease
        ]
