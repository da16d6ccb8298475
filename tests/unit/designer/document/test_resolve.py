"""What a published version holds where its author wrote nothing."""

from __future__ import annotations

import pytest

from designer.document.graph import Action, Defaults, Retry, Step
from designer.document.resolve import resolve_graph, resolve_step, undo_of
from designer.errors import UnknownWorker
from tests.unit.designer.helpers import FakeSpec, graph_of

STATED = FakeSpec(timeout=30, retry={"max_attempts": 5}, queue="slow", compensation="undo")
CATALOG = {
    "bare": FakeSpec(),
    "stated": STATED,
    "undo": FakeSpec(timeout=7),
    "pure": FakeSpec(compensation="none"),
}
DEFAULTS = Defaults(timeout=60, retry=Retry(max_attempts=2), on_failure="pause")


def test_the_engine_has_the_last_word() -> None:
    step = resolve_step(Step("a", worker="bare"), CATALOG)
    assert (step.timeout, step.retry, step.queue) == (300, Retry(), "default")
    assert (step.on_failure, step.compensation) == ("compensate", None)


def test_the_workflow_comes_before_the_engine() -> None:
    step = resolve_step(Step("a", worker="bare"), CATALOG, DEFAULTS)
    assert (step.timeout, step.on_failure) == (60, "pause")
    assert step.retry == Retry(max_attempts=2, asks_max=1)


def test_the_worker_comes_before_the_workflow() -> None:
    step = resolve_step(Step("a", worker="stated"), CATALOG, DEFAULTS)
    assert (step.timeout, step.queue) == (30, "slow")
    assert step.retry == Retry(max_attempts=5, asks_max=4)
    assert step.compensation == Action("undo", {}, 7, Retry(max_attempts=2, asks_max=1), "default")


def test_the_step_comes_first() -> None:
    own = Step(
        "a",
        worker="stated",
        timeout=1,
        retry=Retry(max_attempts=1),
        queue="fast",
        on_failure="continue",
        compensation=Action("undo", {"x": 1}, timeout=2, retry=Retry(max_attempts=9), queue="u"),
    )
    step = resolve_step(own, CATALOG, DEFAULTS)
    assert (step.timeout, step.queue, step.on_failure) == (1, "fast", "continue")
    assert step.retry == Retry(max_attempts=1, asks_max=0)
    assert step.compensation == Action("undo", {"x": 1}, 2, Retry(max_attempts=9, asks_max=8), "u")


def test_only_who_states_attempts_bounds_what_a_worker_may_ask_for() -> None:
    assert resolve_step(Step("a", worker="bare"), CATALOG).retry == Retry(asks_max=10)
    asking = resolve_step(Step("a", worker="bare", retry=Retry(max_attempts=2, asks_max=100)), CATALOG)
    assert asking.retry == Retry(max_attempts=2, asks_max=100)


def test_verification_and_fallback_are_filled_in_as_well() -> None:
    step = resolve_step(Step("a", worker="bare", verify=Action("undo"), fallback=Action("stated")), CATALOG)
    assert step.verify == Action("undo", {}, 7, Retry(), "default")
    assert step.fallback == Action("stated", {}, 30, Retry(max_attempts=5, asks_max=4), "slow")


@pytest.mark.parametrize(
    ("step", "undo"),
    [
        (Step("a", worker="bare"), None),
        (Step("a", worker="pure"), "none"),
        (Step("a", worker="stated"), Action("undo")),
        (Step("a", worker="stated", compensation="none"), "none"),
        (Step("a", worker="stated", compensation="irreversible"), "irreversible"),
        (Step("a", worker="pure", compensation=Action("undo")), Action("undo")),
        (Step("a", worker="unheard_of"), None),
        (Step("a", kind="wait", seconds=1), None),
    ],
)
def test_the_undo_slot(step: Step, undo: object) -> None:
    assert undo_of(step, CATALOG) == undo


def test_steps_without_a_worker_get_no_attempts() -> None:
    for step in (
        Step("a", kind="wait", seconds=1),
        Step("a", kind="approval"),
        Step("a", kind="workflow", workflow="x"),
    ):
        resolved = resolve_step(step, CATALOG, DEFAULTS)
        assert (resolved.timeout, resolved.retry, resolved.queue) == (None, None, None)
        assert resolved.on_failure == "pause"


def test_the_undo_of_a_child_is_filled_in() -> None:
    step = Step("a", kind="workflow", workflow="x", compensation=Action("undo"))
    assert resolve_step(step, CATALOG).compensation == Action("undo", {}, 7, Retry(), "default")


def test_an_unknown_worker_is_named() -> None:
    with pytest.raises(UnknownWorker, match="There is no worker 'nope'"):
        resolve_graph(graph_of({"steps": [{"name": "a", "worker": "nope"}]}), CATALOG)
