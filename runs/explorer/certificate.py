"""What an exploration has shown, as JSON: the properties, their counterexamples, and what was not explored.
PURE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designer.document.graph import Graph
from designer.validation.bodies import with_bodies
from runs.explorer.mends import advice_of, mends_of
from runs.explorer.properties import SENTENCES
from runs.explorer.search import Counterexample, Exploration
from runs.explorer.story import story_of

SCHEMA = 1
COUNTEREXAMPLES_MAX = 20


def shown(exploration: Exploration) -> list[Counterexample]:
    """Returns the counterexamples that a certificate holds, the shortest first."""
    found = sorted(exploration.counterexamples.values(), key=lambda one: one.world.length)
    return found[:COUNTEREXAMPLES_MAX]


def certificate_of(graph: Graph, exploration: Exploration, undos: Mapping[str, str]) -> dict[str, Any]:
    """Returns the certificate of a graph, with all defaults filled in. `undos`: see `mends_of`."""
    found = shown(exploration)
    broken = {one.violation.broken for one in exploration.counterexamples.values()}
    return {
        "schema": SCHEMA,
        "workflow": graph.name,
        "holds": exploration.is_proven,
        "properties": [
            {
                "id": id,
                "sentence": sentence,
                "holds": id not in broken,
            }
            for id, sentence in SENTENCES.items()
        ],
        "counterexamples": [_shown(one, undos) for one in found],
        "left_out": len(exploration.counterexamples) - len(found),
        "explored": {
            "histories": exploration.histories,
            "states": exploration.decisions,
            "faults": exploration.faults,
            "pairs": exploration.pairs,
            "choices": exploration.choices,
        },
        "not_explored": limits_of(graph, exploration),
    }


def _shown(one: Counterexample, undos: Mapping[str, str]) -> dict[str, Any]:
    violation = one.violation
    return {
        "property": violation.broken,
        "path": violation.path,
        "step": violation.step,
        "why": violation.why,
        "told": [*one.told, *([f"The run is {one.world.whole}."] if one.world.whole else [])],
        "story": story_of(one.world),
        "advice": advice_of(violation),
        "mends": [mend.as_json() for mend in mends_of(violation, one.world, undos)],
    }


def limits_of(graph: Graph, exploration: Exploration) -> list[str]:
    """Returns what the certificate does not speak of, in sentences."""
    found = ["Attempts beyond the second, turns of loops beyond the second, items of maps beyond the second."]
    if exploration.cut_short:
        found.append("Not everything: the exploration was stopped, or reached its bound.")
    if not exploration.all_ways:
        found.append("Every combination of branches: each branch was taken, not each with each other one.")
    if exploration.is_large:
        found.append("Every fault in every order: of so many steps, other orders and ways only fail plainly.")
    if exploration.pairs_left:
        known = exploration.pairs + exploration.pairs_left
        found.append(f"All pairs of faults: {exploration.pairs:,} of {known:,} were explored.")
    if any(step.dynamic for part, _ in with_bodies(graph) for step in part.steps):
        found.append("The steps that dynamic workers add at run time: nobody knows them before.")
    found += [
        f"The steps of {name}: it is not published here, or runs too deep." for name in exploration.unknown
    ]
    return found
