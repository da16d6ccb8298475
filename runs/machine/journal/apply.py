"""`apply(state, entry)`: the effect of one journal entry. PURE, total and free of rules.

`decide` and `apply` are kept apart so that replaying a run's journal through `apply` gives its stored state,
whatever the rules are by then. For that, every entry carries all that its effect needs, and no effect looks
at the graph. The effects are in `run_effects`, `step_effects` and `undo_effects`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runs.machine.events import Entry
from runs.machine.journal import run_effects, step_effects, undo_effects
from runs.machine.journal.effects import EFFECTS
from runs.machine.states import State, StepState, evolve

__all__ = ["EFFECTS", "Nothing", "apply", "run_effects", "step_effects", "undo_effects"]


def apply(state: State, entry: Entry) -> None:
    """Changes `state` by one entry, whose `seq` must be the next one. Raises KeyError for an unknown type."""
    state.run = evolve(state.run, last_seq=entry.seq)
    if entry.payload is not None:
        state.new_payloads[entry.seq] = entry.payload
    EFFECTS[entry.type](state, entry)


class Nothing:
    """The source of a run of which nothing is stored, as a replay begins."""

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
        return {seq: self.payload(seq) for seq in seqs}

    def derived(self, seq: int, make: Callable[[], Any]) -> Any:
        return make()
