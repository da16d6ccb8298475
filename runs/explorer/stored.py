"""How a run of an exploration stands between two decisions: the source of its state. PURE."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runs.machine.states import State, StepState


class Stored:
    """The steps and payloads of a run.

    `mark` is the same where the steps stand in the same way, `order` where they have ended in the same order.
    """

    def __init__(
        self, steps: dict[str, StepState], payloads: dict[int, Any], mark: int = 0, order: int = 0
    ) -> None:
        self.by_name = steps
        self.by_seq = payloads
        self.mark = mark
        self.order = order

    def with_changes(self, state: State) -> Stored:
        payloads = {**self.by_seq, **state.new_payloads} if state.new_payloads else self.by_seq
        mark, order = self.mark, self.order
        for name, step in state.changed.items():
            before = self.by_name.get(name)
            mark ^= _mark(step) ^ (0 if before is None else _mark(before))
            if step.is_done and not (before is not None and before.is_done):
                order = hash((order, name))
        return Stored({**self.by_name, **state.changed}, payloads, mark, order)

    def step(self, name: str) -> StepState | None:
        return self.by_name.get(name)

    def steps(self) -> dict[str, StepState]:
        return self.by_name

    def steps_named(self, names: list[str]) -> dict[str, StepState]:
        return {name: self.by_name[name] for name in names if name in self.by_name}

    def items(self, name: str) -> dict[str, StepState]:
        first = f"{name}["
        return {key: step for key, step in self.by_name.items() if key.startswith(first)}

    def payload(self, seq: int) -> Any:
        return self.by_seq[seq]

    def payloads(self, seqs: list[int]) -> dict[int, Any]:
        return {seq: self.by_seq[seq] for seq in seqs}

    def derived(self, seq: int, make: Callable[[], Any]) -> Any:
        return make()


def _mark(step: StepState) -> int:
    """Returns what tells states of a step apart that lead to different things."""
    facts: tuple[Any, ...] = (
        step.name,
        step.status,
        step.undo,
        step.phase,
        step.by_fallback,
        step.unknown,
        step.fallback_effect,
        step.effect_seq is None,
        step.intervention is None,
        step.undo_after,
        step.undo_then,
        step.undo_released,
        step.undo_verified,
        step.undo_second,
        step.child_pivot,
        step.left > 0,
        (step.items_total, step.items_open, step.items_failed, step.items_done, step.enough),
    )
    if not step.is_done:
        facts += (step.edges_decided, step.edges_taken, step.failures, step.asked, step.begins_again)
    return hash(facts)
