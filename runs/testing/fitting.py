"""Whether a test still fits its graph: which steps that it names are gone, or of another kind. PURE."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from designer.document.graph import Graph, Step
from designer.saved_tests.model import SavedTest
from runs.explorer.world import Library
from runs.testing.mocks import plain

NOT_CALLED = ("wait", "approval", "set", "fail")


def misfits_of(test: SavedTest, graph: Graph, library: Library) -> list[str]:
    """Returns, in words, what of a test does not fit a graph."""
    return list(dict.fromkeys(_misfits(test, graph, library)))


def _misfits(test: SavedTest, graph: Graph, library: Library) -> Iterator[str]:
    for place, where, kinds in _named(test):
        step = _find(plain(place), graph, library)
        if isinstance(step, str):
            yield f"{where} names the step {place}: {step}"
        elif step is not None and "calls" in kinds and step.kind in NOT_CALLED:
            yield f"{where} names the step {place}, which is of the kind {step.kind} and calls no worker"
        elif step is not None and "approval" in kinds and step.kind != "approval":
            yield f"{where} names the step {place}, which is no approval"
    for mocks in (test.mocks, test.fallbacks, test.verifications, test.undos):
        for place, calls in mocks.items():
            if any(mock.recorded for mock in calls):
                yield f"the mock of {place} is to be recorded; save the test to have that done"


def _named(test: SavedTest) -> Iterator[tuple[str, str, str]]:
    """Yields the steps that a test names, each with where it does so and what the step has to be."""
    for words, mocks in (
        ("a mock", test.mocks),
        ("the mock of a fallback", test.fallbacks),
        ("the mock of a verification", test.verifications),
        ("the mock of an undo", test.undos),
    ):
        for place in mocks:
            yield place, words, "calls"
    for approval in test.approvals:
        yield approval.step, "an approval", "approval"
    for reply in test.answers:
        yield reply.step, "an answer", ""
    for act in test.acts:
        if act.step:
            yield act.step, f"'{act.act}'", ""
    expect = test.expect
    for words, places in (
        ("the expectation of the steps run", expect.ran),
        ("the expectation of the steps undone", expect.undone),
        ("the expectation of the steps skipped", expect.skipped),
    ):
        for place in places or ():
            yield place, words, ""


def _find(place: str, graph: Graph, library: Library) -> Step | str | None:
    """Returns a step; None if it may be one that a dynamic step adds; or, in words, why there is none."""
    name, _, rest = place.partition("/")
    step = graph.by_name.get(name)
    if step is None:
        if any(other.dynamic for other in graph.steps):
            return None
        close = get_close_matches(name, list(graph.by_name), n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        return f"there is no step {name} in {graph.name} any more{hint}"
    if not rest:
        return step
    if step.body is not None:
        return _find(rest, graph.body_of(name), library)
    if step.workflow is None:
        return f"the step {name} has no body"
    inside = library(step.workflow, step.version)
    return f"there is no workflow {step.workflow}" if inside is None else _find(rest, inside, library)
