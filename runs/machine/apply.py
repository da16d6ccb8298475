"""`apply(state, entry)`: what a fact changes. PURE, total and free of rules.

Replaying a run's journal through `apply` gives its stored state; a test checks exactly that.
Every entry carries what is needed, so no effect looks at the graph. The effects are in
`effects_run`, `effects_step` and `effects_undo`.
"""

from __future__ import annotations

from runs.machine import effects_run, effects_step, effects_undo
from runs.machine.effects import EFFECTS
from runs.machine.messages import Entry
from runs.machine.states import State, evolve

__all__ = ["EFFECTS", "apply", "effects_run", "effects_step", "effects_undo"]


def apply(state: State, entry: Entry) -> None:
    """Change `state` by one entry, whose `seq` must be the next one."""
    state.run = evolve(state.run, last_seq=entry.seq)
    if entry.payload is not None:
        state.new_payloads[entry.seq] = entry.payload
    EFFECTS[entry.type](state, entry)
