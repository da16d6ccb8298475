"""What workers have really done: the effects that are there, as nobody but the explorer knows them. PURE."""

from __future__ import annotations

from dataclasses import dataclass

Place = tuple[str, str]
"""A run of the exploration, and the idempotency key of an act of one of its steps."""


@dataclass(frozen=True, slots=True)
class Effect:
    """`step`: the key of its step. `undone`: how often an undo has succeeded since it was brought about."""

    step: str
    there: bool = False
    undone: int = 0


class Ledger:
    """The effects by place. Copied on every fork, so that it is as good as unchangeable."""

    def __init__(self, effects: dict[Place, Effect] | None = None, mark: int = 0) -> None:
        self.effects = effects or {}
        self.mark = mark  # the same for the same effects, in whatever order they came about

    def fork(self) -> Ledger:
        return Ledger(dict(self.effects), self.mark)

    def is_there(self, place: Place) -> bool:
        effect = self.effects.get(place)
        return effect is not None and effect.there

    def bring_about(self, place: Place, step: str) -> None:
        self._put(place, Effect(step, there=True))

    def undo(self, place: Place, step: str, *, is_known: bool = True) -> int:
        """Takes an effect away. Returns how often that has been done since it was brought about.

        `is_known`: the attempt says that it has done it. What no one knows is done again, under the same
        idempotency key, and counts once.
        """
        before = self.effects.get(place) or Effect(step)
        self._put(place, Effect(step, undone=before.undone + is_known))
        return before.undone + is_known

    def forget(self, runs: frozenset[str]) -> None:
        """Takes the effects of runs away: the undo of the step that started them has seen to it."""
        for place, effect in list(self.effects.items()):
            if place[0] in runs and effect.there:
                self._put(place, Effect(effect.step, undone=effect.undone))

    def _put(self, place: Place, effect: Effect) -> None:
        before = self.effects.get(place)
        self.mark ^= _mark(place, effect) ^ (0 if before is None else _mark(place, before))
        self.effects[place] = effect

    def standing(self) -> list[tuple[Place, Effect]]:
        return [(place, effect) for place, effect in self.effects.items() if effect.there]


def _mark(place: Place, effect: Effect) -> int:
    return hash((place, effect.there, effect.undone > 0)) if effect.there or effect.undone else 0
