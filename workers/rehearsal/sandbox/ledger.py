"""Ledger of one rehearsed run: the effects that its workers really had, and the order of the undos. PURE.

The engine knows what it was told; the ledger knows what happened, because it saw the attempts from outside.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from designer.document.graph import Slot
from workers.sdk.outcome import Direction


@dataclass(frozen=True, slots=True)
class Effect:
    """`step`: the path of the step. `slot`: what stands in its undo slot."""

    step: str
    slot: Slot


@dataclass
class Ledger:
    """Effects that are there, by idempotency key, and what was undone, in order."""

    there: dict[str, Effect] = field(default_factory=dict)
    undone: list[str] = field(default_factory=list)
    attempts: int = 0
    acted: set[str] = field(default_factory=set)  # steps that have had an effect at any time

    def note(self, key: str, effect: Effect, direction: Direction) -> None:
        """Takes down that a worker has done what it was called for."""
        if direction in ("forward", "fallback"):
            self.there[key] = effect
            self.acted.add(effect.step)
        elif direction == "undo":
            self.there.pop(key, None)
            if not self.undone or self.undone[-1] != effect.step:
                self.undone.append(effect.step)

    def left(self) -> list[str]:
        """Returns the steps whose effect is there though it could be undone."""
        return [effect.step for effect in self.there.values() if effect.slot in ("action", "unstated")]

    def remaining(self) -> list[str]:
        """Returns the steps whose effect is there and can never be undone, as their author says."""
        return [effect.step for effect in self.there.values() if effect.slot == "irreversible"]
