"""What an exploration chooses: branches, guards, items, turns, answers of people. PURE.

Conditions are replaced by plain paths below `input.choices`. The value there is chosen when a rule first asks
for it: `Choices` raises `Undecided`, which ends the decision without a trace, and the search decides again
once for each option. So nothing is chosen that no rule asks for, and no rule is written a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Option = str | int | bool | None
Assigned = Mapping[str, Option]
Worlds = frozenset[int]
"""Numbers of the samples of a run's input with which something is possible."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose. `id` names it within the whole exploration; the first option is the usual one."""

    id: str
    options: tuple[Option, ...]


class Undecided(BaseException):
    """A rule has asked for what is not chosen yet.

    No `Exception`: the rules turn those that the data of a step causes into a failure of that step.
    """

    def __init__(self, choice: Choice) -> None:
        super().__init__(choice.id)
        self.choice = choice


@dataclass(frozen=True, slots=True)
class Reading:
    """What stands at one path below `input.choices`.

    `choice`: its name within the run. `options`: the worlds in which each is possible, the usual one first;
    None for all.
    """

    choice: str
    options: Mapping[Option, Worlds | None]
    value_of: Callable[[Option], Any]


class Choices(Mapping[str, Any]):
    """The value of `input.choices` of one run. `path`: that of the run within the exploration."""

    def __init__(self, path: str, readings: Mapping[str, Reading], assigned: Assigned) -> None:
        self.path = path
        self.readings = readings
        self.assigned = assigned

    def __getitem__(self, key: str) -> Any:
        reading = self.readings[key]
        id = f"{self.path}{reading.choice}"
        if id not in self.assigned:
            raise Undecided(Choice(id, self._possible(reading)))
        return reading.value_of(self.assigned[id])

    def _possible(self, reading: Reading) -> tuple[Option, ...]:
        """Returns the options that nothing contradicts that was chosen before; all where everything is."""
        known: Worlds | None = None
        for other in self.readings.values():
            id = f"{self.path}{other.choice}"
            worlds = other.options.get(self.assigned[id]) if id in self.assigned else None
            known = worlds if known is None else known if worlds is None else known & worlds
        options = reading.options.items()
        fitting = tuple(
            option for option, worlds in options if known is None or worlds is None or worlds & known
        )
        return fitting or tuple(reading.options)

    def __contains__(self, key: object) -> bool:
        return key in self.readings

    def __iter__(self) -> Iterator[str]:
        """Yields nothing: whoever copies or weighs a context reads no choice."""
        return iter(())

    def __len__(self) -> int:
        return 0
