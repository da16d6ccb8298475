"""R3.8: what expressions see of a step that has ended, and conditions that its failure leaves open."""

from __future__ import annotations

from typing import Any

import pytest

from designer.document.graph import Action, Edge
from runs.machine.bindings import bindings_at, task_bindings
from tests.unit.runs.machine.driver import (
    CRITICAL,
    PERSON,
    UNKNOWN,
    Driver,
    chain,
    each,
    gave,
    graph,
    saga,
    task,
    trusting,
)
from workers.sdk.outcome import Failure, Outcome

rule = pytest.mark.rule
NOTHING = Outcome("succeeded", None)
SAID = Outcome("failed", {"status": "failed", "why": "no stock"}, Failure("returned_failed", "no stock"))
FAILED = {"status": "failed", "error": {"code": "critical", "message": "never again", "attempts": 1}}
COMPLETED = {"status": "completed", "error": None}
SKIPPED = {"status": "skipped", "error": None}

ENDINGS: dict[str, tuple[dict[str, Any], Outcome | None, Any, dict[str, Any]]] = {
    # fields of `a`, its attempt (None: it never runs), `steps.a` (...: missing), `outcomes.a`
    "gives an output": ({}, gave(x=1), {"x": 1}, COMPLETED),
    "gives an empty output": ({}, gave(), {}, COMPLETED),
    "gives nothing": ({}, NOTHING, {}, COMPLETED),
    "gives nothing under a key": ({"output_key": "k"}, NOTHING, {}, COMPLETED),
    "fails without a word": ({"on_failure": "continue"}, CRITICAL, {}, FAILED),
    "fails with an output": (
        {"on_failure": "continue"},
        SAID,
        SAID.output,
        {"status": "failed", "error": {"code": "returned_failed", "message": "no stock", "attempts": 1}},
    ),
    "is skipped by its guard": ({"when": "input.no"}, None, ..., SKIPPED),
}


def literal(value: Any) -> str:
    """The value as an expression."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(member)}" for key, member in value.items()) + "}"
    return "null" if value is None else repr(value)


@rule("R3.8")
@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_a_step_that_has_ended_is_the_same_at_its_edges_and_later(ending: Any) -> None:
    fields, outcome, output, told = ending
    seen = "!has(steps.a)" if output is ... else f"steps.a == {literal(output)}"
    asks = f"{seen} && outcomes.a == {literal(told)} && !has(context.k)"
    driver = trusting(
        graph(
            [task("a", **fields), task("b"), task("c", when=asks), task("d", params={"v": f"={asks}"})],
            [Edge("a", "b", when=asks), ("b", "c"), ("c", "d")],
        ),
        {"no": False},
    )
    if outcome is not None:
        driver.run("a", outcome)
    driver.run("b")
    driver.run("c")
    bindings = task_bindings(driver.memory.graph, driver.memory.state(), "d", "forward")
    assert bindings["steps"].get("a", ...) == output
    assert bindings["outcomes"]["a"] == told


@rule("R3.8")
def test_a_step_on_a_dead_branch_was_skipped_and_one_beside_is_unknown() -> None:
    edges = [Edge("a", "b", when="input.no"), Edge("a", "c", otherwise=True), Edge("b", "d"), Edge("c", "d")]
    driver = trusting(graph([task(name) for name in "abcde"], edges), {"no": False})
    driver.run("a")
    driver.run("c")
    bindings = bindings_at(driver.memory.graph, driver.memory.state(), "d")
    assert bindings["outcomes"] == {"a": COMPLETED, "b": SKIPPED, "c": COMPLETED}
    assert bindings["steps"] == {"a": {}, "c": {}}


@rule("R3.8")
def test_attempts_are_counted_and_an_undo_sees_all_steps() -> None:
    driver = Driver(chain(saga("a"), each("m"), task("b")), {"items": []})
    driver.run("a", NOTHING)
    driver.run("b", UNKNOWN)
    bindings = task_bindings(driver.memory.graph, driver.memory.state(), "a", "undo")
    assert bindings["steps"] == {"a": {}, "m": [], "b": {}}
    assert bindings["outcomes"]["b"]["error"] == {
        "code": "timeout",
        "message": "took too long",
        "attempts": 1,
    }


OPEN = [
    # a condition after `a` failed and was passed over; whether it can be about that failure
    ("steps.a.ok", True),
    ("steps.a.n > 3", True),
    ("steps['a'].n > 3", True),
    ("context.from_a == 1", True),
    ("steps.a", True),
    ("outcomes.a.error.nothing == 1", True),
    ("input.missing == 1", False),
    ("steps.z.missing == 1", False),
]


@rule("R3.8")
@pytest.mark.parametrize(("condition", "is_about"), OPEN)
def test_a_condition_that_a_failure_left_open_is_false_at_its_edges(condition: str, is_about: bool) -> None:
    edges = [Edge("z", "a"), Edge("a", "b", when=condition), Edge("a", "c", otherwise=True)]
    driver = Driver(graph([task("z"), task("a", on_failure="continue"), task("b"), task("c")], edges))
    driver.trust()
    driver.run("z")
    driver.run("a", CRITICAL)
    if is_about:
        assert driver.statuses("a", "b", "c") == ["failed", "skipped", "queued"]
        driver.run("c")
    assert driver.status == ("completed" if is_about else "failed")


@rule("R3.8")
@pytest.mark.parametrize(("condition", "is_about"), OPEN)
def test_a_guard_that_a_failure_left_open_skips_its_step(condition: str, is_about: bool) -> None:
    steps = [task("z"), task("a", on_failure="continue"), task("b", when=condition), task("c")]
    driver = Driver(chain(*steps))
    driver.trust()
    driver.run("z")
    driver.run("a", CRITICAL)
    assert driver.step("b").status == ("skipped" if is_about else "failed")
    assert driver.status == ("running" if is_about else "failed")


@rule("R3.8")
def test_no_condition_about_a_passed_over_failure_fails_the_run() -> None:
    asks = "steps.a.ok"
    edges = [Edge("a", "b", when=asks), Edge("b", "d"), Edge("a", "c"), Edge("c", "e", when=asks)]
    steps = [task("a", on_failure="continue"), *(task(name) for name in "bcde")]
    driver = Driver(graph(steps, edges))
    driver.trust()
    driver.run("a", CRITICAL)
    driver.run("c")
    assert driver.statuses("b", "c", "d", "e") == ["skipped", "completed", "skipped", "skipped"]
    assert driver.status == "completed"


@rule("R3.8")
def test_a_condition_that_is_false_by_itself_still_needs_a_branch() -> None:
    edges = [Edge("a", "b", when="outcomes.a.status == 'completed'")]
    driver = Driver(graph([task("a", on_failure="continue"), task("b")], edges))
    driver.trust()
    driver.run("a", CRITICAL)
    assert driver.status == "failed"
    assert (driver.memory.run.failure or {})["error"] == "no_branch_matched"


@rule("R3.8")
def test_what_a_person_passes_over_counts_alike() -> None:
    driver = Driver(chain(task("a", on_failure="pause"), task("b", when="steps.a.ok"), task("c")))
    driver.trust()
    driver.run("a", CRITICAL)
    driver.answer("a", "skip")
    assert driver.statuses("a", "b", "c") == ["failed", "skipped", "queued"]


NEEDS = Action("undo", {"id": "=output.id", "again": "=steps.a.id"})


@rule("R7.7")
def test_a_person_supplies_the_output_that_an_undo_needs() -> None:
    driver = Driver(chain(saga("a", compensation=NEEDS), task("b")))
    driver.run("a", UNKNOWN)
    driver.run("a", Outcome("failed", failure=Failure("bad_expression", "no id")))
    driver.answer("a", "retry", patch={"output": {"id": "R-1"}, "failure": {"note": "by hand"}})
    bindings = task_bindings(driver.memory.graph, driver.memory.state(), "a", "undo")
    assert bindings["output"] == bindings["context"]["output"] == bindings["steps"]["a"] == {"id": "R-1"}
    assert bindings["failure"]["note"] == "by hand"


@rule("R7.7")
@pytest.mark.parametrize("direction", ["forward", "undo"])
def test_a_patch_reaches_an_item_by_its_name(direction: Any) -> None:
    step = each("m", params={"v": "=item.v"}, on_failure="pause", batch_size=1)
    driver = Driver(chain(step, task("b")), {"items": [{"v": 1}]})
    driver.run("m[0]", PERSON if direction == "forward" else gave(x=1))
    if direction == "undo":
        driver.run("b", CRITICAL)
        driver.run("m[0]", CRITICAL)
    driver.answer("m[0]", "retry", patch={"item": {"v": 2}, "index": 7})
    bindings = task_bindings(driver.memory.graph, driver.memory.state(), "m[0]", direction)
    assert (bindings["item"], bindings["index"]) == ({"v": 2}, 7)
    assert bindings["context"]["item"] == {"v": 2}
