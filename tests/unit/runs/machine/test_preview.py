"""What an answer leads to is told before it is given, and then happens."""

from __future__ import annotations

from typing import Any

import pytest

from designer.document.graph import Edge
from runs.machine.answers import Answer
from runs.machine.errors import Refused
from runs.machine.preview import Preview, may_depend_on_output, preview, undo_line, waits_behind
from runs.machine.states import RunStatus
from tests.unit.runs.machine.driver import CRITICAL, OK, Driver, chain, each, gave, graph, saga, task

SAGAS = ("a", "b", "c", "d")


def backward(**fields: Any) -> Driver:
    """Four steps are done, the last one fails, and the undo of `c` does too: `b` and `a` wait behind it."""
    driver = Driver(chain(*(saga(name) for name in SAGAS), task("z"), **fields))
    for name in SAGAS:
        driver.run(name)
    driver.run("z", CRITICAL)
    driver.run("d")
    driver.run("c", CRITICAL)
    return driver


def forward() -> Driver:
    driver = Driver(chain(saga("a"), task("b", on_failure="pause"), task("c")))
    driver.run("a", gave(a=1))
    driver.run("b", CRITICAL)
    return driver


def told(driver: Driver, step: str, answer: Answer, **more: Any) -> Preview:
    """What is foreseen; nothing of the run has changed by it."""
    before = (driver.memory.run, dict(driver.memory.rows), len(driver.memory.journal))
    found = preview(driver.memory.graph, driver.memory.state(), step, answer, driver.now, **more)
    assert before == (driver.memory.run, driver.memory.rows, len(driver.memory.journal))
    return found


@pytest.mark.parametrize(
    ("answer", "undo", "remains", "ends"),
    [
        ("retry", ("c", "b", "a"), (), "compensated"),
        ("resolve", ("b", "a"), (), "compensated"),
        ("abandon", ("b", "a"), ("c",), "failed"),
    ],
)
def test_the_undos_that_follow_are_named_in_order_and_then_happen(
    answer: Answer, undo: tuple[str, ...], remains: tuple[str, ...], ends: str
) -> None:
    driver = backward()
    found = told(driver, "c", answer)
    assert (found.undo, found.remains, found.ends, found.still_open) == (undo, remains, ends, 0)
    already = len(driver.undone())
    driver.answer("c", answer)
    started = len(driver.memory.journal)
    driver.undo_all()
    begun = [e.step for e in driver.memory.journal[started:] if e.type == "compensation.started"]
    assert tuple(begun) == undo
    assert driver.status == ends
    assert len(driver.undone()) >= already


def test_what_waits_behind_an_undo_is_known() -> None:
    assert waits_behind(backward().memory.state(), "c") == ("b", "a")


def test_nothing_waits_behind_where_the_others_go_on() -> None:
    driver = backward(continue_compensating=True)
    assert waits_behind(driver.memory.state(), "c") == ()
    assert undo_line(driver.memory.state()) == ("c", "b", "a")
    driver.run("b", CRITICAL)
    assert told(driver, "c", "abandon").still_open == 1


def test_forward_answers_say_what_begins() -> None:
    driver = forward()
    assert told(driver, "b", "retry") == Preview(starts=("b",))
    assert told(driver, "b", "resolve", output={"x": 1}) == Preview(starts=("c",))
    assert told(driver, "b", "skip") == Preview(starts=("c",))
    assert told(driver, "b", "compensate") == Preview(undo=("a",), ends=RunStatus.COMPENSATED)


def test_the_last_step_ends_the_run() -> None:
    driver = Driver(chain(task("b", on_failure="pause")))
    driver.run("b", CRITICAL)
    assert told(driver, "b", "skip").ends == "completed"


def test_irreversible_effects_are_named() -> None:
    driver = Driver(
        chain(task("mail", compensation="irreversible"), saga("a"), task("b", on_failure="pause"))
    )
    driver.run("mail")
    driver.run("a")
    driver.run("b", CRITICAL)
    found = told(driver, "b", "compensate")
    assert (found.undo, found.remains) == (("a",), ("mail",))


def test_what_is_not_allowed_is_refused() -> None:
    with pytest.raises(Refused):
        told(forward(), "b", "abandon")


def test_a_branch_may_depend_on_the_output_that_is_entered() -> None:
    edges = [Edge("a", "b", when="steps.a.x > 1"), Edge("a", "c", otherwise=True)]
    driver = Driver(graph([task("a", on_failure="pause"), task("b"), task("c")], edges))
    driver.run("a", CRITICAL)
    assert may_depend_on_output(driver.memory.graph, driver.memory.state(), "a")
    assert told(driver, "a", "resolve", output={"x": 2}).starts == ("b",)
    assert told(driver, "a", "resolve", output={"x": 0}).starts == ("c",)


@pytest.mark.parametrize("order", ["sequential", "parallel"])
def test_maps_and_parallel_orders_are_foreseen_too(order: str) -> None:
    steps = [saga("a"), each("m"), saga("d"), task("z")]
    driver = Driver(chain(*steps, compensation_order=order), {"items": [1, 2]})
    driver.run("a")
    driver.run("m[0]")
    driver.run("m[1]")
    driver.run("d")
    driver.run("z", CRITICAL)
    driver.run("d", CRITICAL)
    found = told(driver, "d", "resolve")
    assert set(found.undo) == {"m[0]", "m[1]", "a"} and found.undo[-1] == "a"
    assert waits_behind(driver.memory.state(), "d") == found.undo
    driver.answer("d", "resolve")
    line = undo_line(driver.memory.state())
    while ready := driver.ready():
        assert ready[0] in line
        driver.run(ready[0], OK)
    assert driver.status == found.ends == "compensated"
