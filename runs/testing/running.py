"""Runs saved tests: the way in. PURE.

A test is played by the rules that run workflows, with its mocks in the place of workers, on a virtual clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

from designer.document.graph import Graph
from designer.saved_tests.model import SavedTest
from runs.testing.expecting import Difference, Facts, differences, facts_of
from runs.testing.fitting import misfits_of
from runs.testing.play import Play, Surroundings, misfit_of
from runs.testing.story import story_of
from runs.testing.timeline import Timeline, TooLong


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a test. `misfits`: why it could not be played. `notes`: what it prepared in vain."""

    name: str
    differences: tuple[Difference, ...] = ()
    misfits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    facts: Facts | None = None
    story: tuple[str, ...] = ()
    duration_ms: float = 0.0

    @property
    def passed(self) -> bool:
        return not (self.differences or self.misfits)

    @property
    def reasons(self) -> list[str]:
        """Why it failed, in words; empty if it passed."""
        return [*self.misfits, *map(str, self.differences)]

    def as_json(self) -> dict[str, Any]:
        """The result; with its story where it failed."""
        found = {
            "name": self.name,
            "passed": self.passed,
            "reasons": self.reasons,
            "duration_ms": round(self.duration_ms, 2),
            "differences": [asdict(one) for one in self.differences],
            "misfits": list(self.misfits),
            "notes": list(self.notes),
        }
        return found if self.passed else {**found, "story": list(self.story)}

    def as_text(self) -> str:
        """Why it failed, with the story of the run."""
        lines = [self.name, *(f"  {reason}" for reason in self.reasons)]
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join([*lines, *(f"    {line}" for line in self.story)])


def run_test(
    test: SavedTest,
    graph: Graph,
    surroundings: Surroundings = Surroundings(),  # noqa: B008  # frozen
) -> Result:
    """Plays a test in a graph with all defaults filled in."""
    began = perf_counter()
    misfits = misfits_of(test, graph, surroundings.library)
    if not misfits and (misfit := misfit_of(graph, test.input)):
        misfits = [f"the input does not fit the workflow: {misfit}"]
    if misfits:
        return Result(test.name, misfits=tuple(misfits), duration_ms=_since(began))
    play = Play(test, surroundings)
    timeline = Timeline(play, test)
    found: list[Difference] = []
    try:
        play.begin(graph)
        timeline.run()
    except TooLong as error:
        found.append(Difference("end", "that the test ends", str(error)))
    facts = facts_of(play)
    found += differences(test.expect, play, facts)
    story = tuple(story_of(play)) if found else ()
    return Result(test.name, tuple(found), (), tuple(timeline.unused()), facts, story, _since(began))


def run_tests(
    tests: Iterable[SavedTest],
    graph: Graph,
    surroundings: Surroundings = Surroundings(),  # noqa: B008  # frozen
) -> list[Result]:
    return [run_test(test, graph, surroundings) for test in tests]


def _since(began: float) -> float:
    return (perf_counter() - began) * 1000
