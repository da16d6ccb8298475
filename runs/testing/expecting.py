"""Compares what a played test came to with what it expects. PURE.

Of the workflow itself every step is to be named; those of a body, or of a run of another workflow, once
one of them is named. Items and turns count as their step, unless an expectation names one, as `label[2]`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from designer.errors import ExpressionError
from designer.expressions.expressions import condition
from designer.expressions.functions.times import NOW
from designer.saved_tests.model import Expectation
from designer.saved_tests.reading import CHECK_VARIABLES
from runs.explorer.world import ROOT
from runs.machine.bindings import caught_among, merged, outcomes, outputs, run_output, steps_of
from runs.machine.conditions import values_compared
from runs.machine.events import Entry
from runs.machine.states import RunState
from runs.testing.mocks import level_of, place_of, plain
from runs.testing.play import Play

RAN = ("step.started", "step.waiting", "step.completed")
UNDONE = ("compensated", "resolved")
NEVER_BEGUN = ("cancelled",)
LISTED_MAX = 30


@dataclass(frozen=True, slots=True)
class Difference:
    """One expectation that does not hold. `expected` and `came`: texts for people."""

    about: str
    expected: str
    came: str

    def __str__(self) -> str:
        return f"{self.about}: expected {self.expected}, came {self.came}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a run came to, its bodies and child runs included; steps by their complete paths."""

    status: str
    error: str
    left: int
    ran: tuple[str, ...]
    undone: tuple[str, ...]
    skipped: tuple[str, ...]


def facts_of(play: Play) -> Facts:
    return facts_from(play.root.state.run, play.entries())


def facts_from(run: RunState, all_entries: Iterable[tuple[str, Entry]]) -> Facts:
    """`all_entries`: of the run and of the runs in it, each with the path of its run."""
    entries = [(place_of(path, entry.step), entry) for path, entry in all_entries if entry.step]
    return Facts(
        str(run.status),
        (run.error or {}).get("code", ""),
        run.left_undone,
        _distinct(place for place, entry in entries if _has_run(entry)),
        tuple(place for place, entry in entries if _is_undone(entry)),
        _distinct(place for place, entry in entries if entry.type == "step.skipped"),
    )


def _has_run(entry: Entry) -> bool:
    if entry.type == "step.failed":  # a step that fails on purpose does not start
        return entry.data.get("error", {}).get("code") not in NEVER_BEGUN
    return entry.type in RAN


def _is_undone(entry: Entry) -> bool:
    return entry.type == "compensation.completed" and entry.data.get("undo") in UNDONE


def differences(expect: Expectation, play: Play, facts: Facts) -> Iterator[Difference]:
    if expect.status is not None and expect.status != facts.status:
        yield Difference("status", expect.status, facts.status)
    if expect.error is not None and expect.error != facts.error:
        yield Difference("error", expect.error or "none", facts.error or "none")
    if expect.left is not None and expect.left != facts.left:
        yield Difference("effects left undone", str(expect.left), str(facts.left))
    yield from _listed("steps run", expect.ran, facts.ran, in_order=False)
    yield from _listed("steps undone", expect.undone, facts.undone, in_order=True)
    yield from _listed("steps skipped", expect.skipped, facts.skipped, in_order=False)
    if expect.checks:
        yield from _unfulfilled(expect.checks, play)


def _listed(
    about: str, expected: tuple[str, ...] | None, came: tuple[str, ...], *, in_order: bool
) -> Iterator[Difference]:
    if expected is None:
        return
    found = _comparable(expected, came)
    if set(expected) != set(found) or (in_order and not _same_order(expected, found)):
        yield Difference(about, _told(expected), _told(found))


def _same_order(expected: tuple[str, ...], found: tuple[str, ...]) -> bool:
    """Whether the steps of each graph stand in the same order; a body's own undos are within its step's."""
    levels = set(map(level_of, expected))
    return all(_at_level(level, expected) == _at_level(level, found) for level in levels)


def _at_level(level: str, places: tuple[str, ...]) -> list[str]:
    return [place for place in places if level_of(place) == level]


def _comparable(expected: tuple[str, ...], came: tuple[str, ...]) -> tuple[str, ...]:
    """Returns of what came what the expectation is about, in its way to name it."""
    if not expected:
        return _distinct(map(plain, came))
    levels = {"", *map(level_of, expected)}
    exact = {plain(place) for place in expected if "[" in place}
    seen = (place for place in came if level_of(place) in levels)
    return _distinct(place if plain(place) in exact and "[" in place else plain(place) for place in seen)


def _distinct(places: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(places))


def _told(places: Sequence[str]) -> str:
    more = f" and {len(places) - LISTED_MAX} more" if len(places) > LISTED_MAX else ""
    return f"[{', '.join(places[:LISTED_MAX])}]{more}"


def _unfulfilled(checks: Sequence[str], play: Play) -> Iterator[Difference]:
    scope = scope_of(play)
    for check in checks:
        try:
            if condition(check, scope, CHECK_VARIABLES):
                continue
            came = values_compared(check, scope) or "false"
        except ExpressionError as error:
            came = str(error)
        yield Difference("check", check, came)


def scope_of(play: Play) -> dict[str, Any]:
    """Returns what checks may read: the run as it stands at the end."""
    member = play.members[ROOT]
    state, names = play.state_of(member), [step.name for step in member.graph.steps]
    values, ended = outputs(member.graph, state, names), outcomes(state, names)
    combine = partial(merged, member.graph, values, caught_among(state, ended))
    return {
        "context": {**state.input, **combine()},
        "input": dict(state.input),
        "steps": steps_of(values, ended),
        "outcomes": ended,
        "output": run_output(member.graph, state),
        "run": {"id": state.run.id, "workflow": member.graph.name},
        NOW: play.now,
    }
