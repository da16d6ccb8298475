"""Section 2 of docs/semantics.md: deciding takes a bounded time, whatever expressions and data say (R2.9)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from designer.document.graph import Edge
from designer.errors import ExpressionError
from runs.machine.bindings import bound_params
from tests.unit.runs.machine.driver import Driver, chain, gave, graph, kind, saga, task

pytestmark = pytest.mark.rule("R2.9")
LEASE_GRACE_S = 15.0  # a report that comes later than that is lost
TEXT = {"x": "ab" * 400_000}
ROWS = {"x": [{"a": number, "b": "text"} for number in range(30_000)]}
HEAVY: dict[str, tuple[str, dict[str, Any]]] = {
    "regular expression": ("context.x.matches('([ab]{1,30}){1,30}c')", TEXT),
    "nested loops": ("context.x.exists(r, context.x.exists(s, s.a == r.a + 1000000))", ROWS),
    "loop with a search": (r"context.x.exists(r, r.b.matches('(\\w{1,20}){1,20}z'))", ROWS),
    "many reads": (" && ".join(["context.x == context.x"] * 40) + " && false", ROWS),
}


def seconds(work: Callable[[], Any]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


@pytest.mark.parametrize(("condition", "output"), HEAVY.values(), ids=HEAVY)
def test_edges_that_take_too_long_leave_their_step_completed(condition, output) -> None:
    others = [task(f"b{number}") for number in range(60)]
    edges = [
        Edge("a", step.name, when=f"{condition} && {number} == {number}")
        for number, step in enumerate(others)
    ]
    driver = Driver(graph([saga("a"), *others], edges))
    driver.trust()
    driver.claim("a")
    assert seconds(lambda: driver.report("a", gave(**output))) < LEASE_GRACE_S
    assert driver.statuses("a") == ["completed"]
    assert driver.undos("a") == ["pending"]
    assert (driver.memory.run.error or {})["code"] == "bad_expression"
    assert "too much data" in (driver.memory.run.error or {})["message"]


@pytest.mark.parametrize(("condition", "output"), HEAVY.values(), ids=HEAVY)
def test_guards_items_waits_and_inputs_of_one_event_are_bounded_together(condition, output) -> None:
    steps = [
        *(task(f"g{number}", when=condition, on_failure="continue") for number in range(30)),
        *(
            task(f"m{number}", kind="map", items=f"[{condition}]", on_failure="continue")
            for number in range(30)
        ),
        *(
            kind(f"w{number}", "wait", seconds=f"={condition} ? 1 : 0", on_failure="continue")
            for number in range(30)
        ),
        *(
            kind(f"c{number}", "workflow", workflow="c", input={"x": f"={condition}"}, on_failure="continue")
            for number in range(30)
        ),
    ]
    driver = Driver(graph([saga("a"), *steps], [("a", step.name) for step in steps]))
    driver.trust()
    driver.claim("a")
    assert seconds(lambda: driver.report("a", gave(**output))) < LEASE_GRACE_S
    assert driver.statuses("a") == ["completed"]
    assert "pending" not in driver.statuses(*(step.name for step in steps))


@pytest.mark.parametrize(("condition", "output"), HEAVY.values(), ids=HEAVY)
def test_the_params_of_one_call_are_bounded_together(condition, output) -> None:
    params = {f"p{number}": f"={condition}" for number in range(100)}
    driver = Driver(chain(task("a"), task("b", params=params)))
    driver.run("a", gave(**output))

    def bind() -> None:
        with pytest.raises(ExpressionError, match="too much data"):
            bound_params(driver.memory.graph, driver.memory.state(), "b", "forward")

    assert seconds(bind) < LEASE_GRACE_S


def test_an_input_that_puts_one_value_in_at_many_places_is_refused_before_it_is_written() -> None:
    mapped = {f"k{number}": "=context.x" for number in range(20_000)}
    driver = Driver(chain(saga("a"), kind("c", "workflow", workflow="c", input=mapped)))
    driver.trust()
    driver.claim("a")
    assert seconds(lambda: driver.report("a", gave(x="x" * 900_000))) < LEASE_GRACE_S
    assert driver.statuses("a", "c") == ["completed", "failed"]


def test_a_message_about_branches_shows_the_beginning_of_large_values() -> None:
    others = [task(f"b{number}") for number in range(100)]
    edges = [
        Edge("a", step.name, when=f"size(context.x) == 0 && context.y == {step.name[1:]}") for step in others
    ]
    driver = Driver(graph([task("a"), *others], edges))
    driver.trust()
    driver.claim("a")
    output = {"x": [{"text": "x" * 1_000}] * 100, "y": "y" * 100_000}
    assert seconds(lambda: driver.report("a", gave(**output))) < LEASE_GRACE_S
    message = (driver.memory.run.error or {})["message"]
    assert message.startswith(
        'No branch after a matched: size(context.x) == 0 && context.y == 0 (context.x = [{"text"'
    )
    assert "; and 80 more." in message
    assert len(message) < 10_000
