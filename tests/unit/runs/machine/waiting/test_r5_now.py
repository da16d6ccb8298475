"""Section 5 of docs/semantics.md: a person lets happen now what comes later."""

from __future__ import annotations

from typing import Any

import pytest

from designer.document.graph import Action, Retry
from runs.machine.allowed import allowed
from runs.machine.errors import Refused
from runs.machine.events import HappenNow
from tests.unit.runs.machine.driver import CRITICAL, ERROR, Driver, chain, each, gave, graph, kind, saga, task

rule = pytest.mark.rule
LATER = Retry(max_attempts=3, initial=500.0, jitter=0.0)


def now(driver: Driver, step: str = "w") -> list[Any]:
    assert step in can(driver)
    entries = driver.take(HappenNow(driver.now, step, "anna"))
    assert (entries[0].type, entries[0].data["by"]) == ("step.brought_forward", "anna")
    return entries


def can(driver: Driver) -> tuple[str, ...]:
    return allowed(driver.memory.graph, driver.memory.state()).happen_now


@rule("R5.50")
@pytest.mark.parametrize("fields", [{"seconds": 900}, {"until": "2027-01-01T00:00:00Z"}])
def test_a_wait_for_a_time_ends_now(fields) -> None:
    driver = Driver(chain(kind("w", "wait", **fields), task("z")))
    assert now(driver)[0].data["for"] == "time"
    assert driver.statuses("w", "z") == ["completed", "queued"]
    assert can(driver) == ()


@rule("R5.50")
def test_of_several_the_next_time_comes_now() -> None:
    parts = ({"timeout": 900}, {"signal": "go"}, {"timeout": 60, "name": "soon"})
    driver = Driver(chain(kind("w", "wait", any_of=parts, timeout=5.0), task("z")))
    now(driver)
    assert driver.context("z") == {"by": "timeout", "index": 2, "name": "soon", "output": None}


@rule("R5.50")
def test_a_step_is_tried_again_now_and_keeps_count() -> None:
    driver = Driver(chain(task("w", retry=LATER)))
    driver.run("w", ERROR)
    assert driver.ready() == []
    assert now(driver)[0].data["for"] == "retry"
    assert driver.ready() == ["w"]
    driver.run("w", ERROR)
    now(driver)
    driver.run("w", ERROR)
    assert (driver.status, driver.step("w").attempt) == ("failed", 3)


@rule("R5.50")
def test_an_item_of_a_map_is_tried_again_now() -> None:
    driver = Driver(chain(each("m", retry=LATER)), {"items": [1]})
    driver.run("m[0]", ERROR)
    now(driver, "m[0]")
    driver.run("m[0]")
    assert driver.status == "completed"


@rule("R5.50")
def test_the_next_turn_of_a_loop_begins_now() -> None:
    driver = Driver(chain(each("m", kind="loop", items=None, max_turns=2, delay=900)))
    driver.run("m[0]")
    now(driver, "m[1]")
    driver.run("m[1]", gave(done=True))
    assert driver.step("m").attempt >= 0 and can(driver) == ()
    assert driver.step("m[1]").status == "completed"


@rule("R5.50")
def test_an_undo_is_tried_again_now() -> None:
    driver = Driver(chain(saga("w", compensation=Action("undo", retry=LATER)), task("z")))
    driver.run("w")
    driver.run("z", CRITICAL)
    driver.run("w", ERROR)
    assert driver.ready() == []
    assert now(driver)[0].data["for"] == "undo"
    assert driver.notified() == ["w"]
    driver.undo_all()
    assert driver.status == "compensated"


@rule("R5.50")
@pytest.mark.parametrize(
    "step",
    [
        kind("w", "wait", signal="n", timeout=60.0),
        kind("w", "wait", event="e", timeout=60.0),
        kind("w", "wait", any_of=({"signal": "a"}, {"signal": "b"}), timeout=60.0),
        kind("w", "approval", timeout=60.0),
        kind("w", "workflow", workflow="other"),
        task("w"),
    ],
)
def test_nothing_else_is_brought_forward(step) -> None:
    driver = Driver(graph([step]))
    assert can(driver) == ()
    with pytest.raises(Refused) as refused:
        driver.take(HappenNow(driver.now, "w", "anna"))
    assert refused.value.code == "not_put_off"


@rule("R5.50")
def test_nothing_is_brought_forward_while_a_rollback_waits_for_what_is_under_way() -> None:
    driver = Driver(graph([saga("w", retry=LATER), task("other")]))
    driver.run("w", ERROR)
    driver.claim("other")
    driver.cancel()
    assert can(driver) == ()
    with pytest.raises(Refused):
        driver.take(HappenNow(driver.now, "w", "anna"))
