"""A run's state as it follows from its journal alone, to compare with what is stored."""

from __future__ import annotations

from typing import Any

from runs.machine.apply import apply
from runs.machine.messages import Entry
from runs.machine.states import RunState, State, StepState
from runs.models import JournalEntry, Run


class Nothing:
    """A run of which nothing is stored."""

    def step(self, name: str) -> None:
        return None

    def steps(self) -> dict[str, StepState]:
        return {}

    def steps_named(self, names: list[str]) -> dict[str, StepState]:
        return {}

    def items(self, name: str) -> dict[str, StepState]:
        return {}

    def payload(self, seq: int) -> Any:
        raise KeyError(seq)

    def payloads(self, seqs: list[int]) -> dict[int, Any]:
        return {}


def replayed(run: Run) -> State:
    """The state that follows from the journal alone."""
    state = State(RunState(id=str(run.pk)), run.input, Nothing())
    for row in JournalEntry.objects.filter(run=run).order_by("seq"):
        apply(state, Entry(row.seq, row.type, row.at, row.step, row.attempt, row.data, row.payload))
    return state
