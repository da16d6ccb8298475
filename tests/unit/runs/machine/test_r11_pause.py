"""Rules of section 11: a paused run starts nothing new, and goes on as if nothing had been afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from designer.document.graph import Retry
from runs.machine.allowed import allowed
from runs.machine.errors import Refused, Stale
from runs.machine.events import (
    Cancel,
    EndChild,
    HappenNow,
    Pause,
    PauseChild,
    Resume,
    ResumeChild,
    RollBackChild,
    Signal,
    StartChild,
    TimeOut,
    Wake,
)
from tests.unit.runs.machine.driver import (
    CRITICAL,
    ERROR,
    OK,
    Driver,
    chain,
    each,
    graph,
    kind,
    saga,
    task,
)

pytestmark = pytest.mark.rule("R11.7")


def paused(driver: Driver) -> Driver:
    driver.take(Pause(driver.now, "olga"))
    return driver


def resumed(driver: Driver) -> Driver:
    driver.take(Resume(driver.now, "olga"))
    return driver


def test_what_is_under_way_ends_and_nothing_follows_it_before_the_run_is_resumed() -> None:
    driver = Driver(chain(task("a"), task("b")))
    driver.claim("a")
    paused(driver).report("a", OK)
    assert driver.step("b").status == "pending" and driver.status == "running" and not driver.commands
    resumed(driver)
    assert driver.step("b").status == "queued" and driver.notified() == ["b"]


def test_a_queued_step_cannot_be_claimed_and_is_offered_again_afterwards() -> None:
    driver = paused(Driver(chain(task("a"))))
    with pytest.raises(Stale, match="paused"):
        driver.claim("a")
    assert resumed(driver).notified() == ["a"]
    driver.run("a", OK)
    assert driver.status == "completed"


def test_the_last_step_may_end_but_the_run_ends_only_when_it_is_resumed() -> None:
    driver = Driver(chain(task("a")))
    driver.claim("a")
    paused(driver).report("a", OK)
    assert driver.status == "running"
    assert resumed(driver).status == "completed"


def test_undos_wait_too() -> None:
    driver = Driver(chain(saga("a"), saga("b"), task("c")))
    driver.run("a", OK)
    driver.run("b", OK)
    driver.claim("c")
    paused(driver).report("c", CRITICAL)
    assert driver.status == "compensating" and not driver.notified()
    with pytest.raises(Stale):
        driver.claim("b")
    assert resumed(driver).notified() == ["b"]
    driver.run("b", OK)
    driver.run("a", OK)
    assert driver.status == "compensated"


def test_a_pause_during_the_rollback_holds_the_next_undo_up() -> None:
    driver = Driver(chain(saga("a"), saga("b")))
    driver.run("a", OK)
    driver.claim("b")
    driver.take(Cancel(driver.now, by="olga"))
    driver.report("b", OK)
    driver.claim("b")
    paused(driver).report("b", OK)
    assert not driver.notified()
    assert resumed(driver).notified() == ["a"]


def test_a_cancel_counts_at_once_and_its_undos_wait() -> None:
    driver = Driver(chain(saga("a"), saga("b")))
    driver.run("a", OK)
    paused(driver).take(Cancel(driver.now, by="olga"))
    assert driver.status == "compensating" and not driver.notified()
    assert resumed(driver).notified() == ["a"]


def test_abandoning_ends_a_paused_run() -> None:
    driver = paused(Driver(chain(saga("a"), saga("b"))))
    driver.take(Cancel(driver.now, "abandon", "olga"))
    assert driver.status == "cancelled"
    with pytest.raises(Refused):
        resumed(driver)


def test_timers_that_fall_due_wait_for_the_end_of_the_pause() -> None:
    driver = Driver(chain(kind("w", "wait", seconds=10), task("b")))
    paused(driver).wait(11)
    with pytest.raises(Stale, match="paused"):
        driver.take(Wake(driver.now, "w"))
    resumed(driver).take(Wake(driver.now, "w"))
    assert driver.notified() == ["b"]


def test_a_retry_waits_too() -> None:
    driver = Driver(chain(task("a", retry=Retry(max_attempts=2, initial=1, jitter=0))))
    driver.claim("a")
    paused(driver).report("a", ERROR)
    driver.wait(5)
    with pytest.raises(Stale):
        driver.take(Wake(driver.now, "a"))
    resumed(driver).take(Wake(driver.now, "a"))
    assert driver.notified() == ["a"]


def test_the_time_of_the_pause_does_not_count_for_the_timeout_of_the_run() -> None:
    driver = Driver(chain(task("a"), timeout=60))
    driver.wait(50)
    paused(driver).wait(100)
    with pytest.raises(Stale):
        driver.take(TimeOut(driver.now))
    resumed(driver)
    with pytest.raises(Stale):
        driver.take(TimeOut(driver.now))
    driver.wait(11)
    driver.take(TimeOut(driver.now))
    assert driver.status == "cancelled"


def test_what_comes_from_outside_is_kept_and_followed_afterwards() -> None:
    driver = Driver(chain(kind("w", "wait", signal="paid"), task("b")))
    paused(driver).take(Signal(driver.now, "paid", {"by": "card"}))
    assert driver.step("w").status == "completed" and driver.step("b").status == "pending"
    assert resumed(driver).notified() == ["b"]


def test_items_of_a_map_are_held_up_and_all_run_in_the_end() -> None:
    driver = Driver(chain(each("m", max_concurrency=2)), {"items": [1, 2, 3]})
    driver.claim("m[0]")
    paused(driver).report("m[0]", OK)
    assert not driver.notified()
    assert set(resumed(driver).notified()) == {"m[1]", "m[2]"}
    driver.run("m[1]", OK)
    driver.run("m[2]", OK)
    assert driver.status == "completed"


INSIDE = graph([task("b")])


def begun(driver: Driver) -> list[str]:
    """Returns the steps whose child run the last event has begun."""
    return [command.step for command in driver.commands if isinstance(command, StartChild)]


def ended(driver: Driver, key: str, status: str) -> None:
    driver.take(EndChild(driver.now, key, (driver.step(key).waits or {})["child"], status))


@pytest.mark.parametrize(
    "tried",
    [
        kind("x", "workflow", workflow="other", on_failure="pause"),
        kind("x", "group", body=INSIDE, on_failure="pause"),
        kind("x", "loop", body=INSIDE, max_turns=3, on_failure="pause"),
        kind("x", "map", body=INSIDE, items="input.items", on_failure="pause"),
    ],
    ids=lambda step: step.kind,
)
def test_a_run_that_a_person_has_begun_again_begins_after_the_pause(tried: Any) -> None:
    driver = Driver(chain(tried), {"items": [1]})
    (key,) = begun(driver)
    ended(driver, key, "failed")
    paused(driver).answer("x", "retry")
    assert not begun(driver) and driver.status == "running"
    assert begun(resumed(driver)) == [key]


def test_a_run_that_fits_no_more_when_the_pause_ends_is_not_begun() -> None:
    driver = Driver(graph([kind("x", "group", body=INSIDE, on_failure="pause"), saga("a"), task("b")]))
    driver.run("a", OK)
    ended(driver, "x", "failed")
    driver.claim("b")
    paused(driver).answer("x", "retry")
    driver.report("b", CRITICAL)
    assert driver.step("x").status == "cancelled"
    assert not begun(resumed(driver)) and driver.notified() == ["a"]


@pytest.mark.parametrize(
    "tried",
    [
        kind("w", "fail", code="odd", on_failure="pause"),
        kind("w", "set", values={"a": "=input.n / 0"}, on_failure="pause"),
        kind("w", "wait", seconds="=input.text", on_failure="pause"),
        each("w", items="input.text", on_failure="pause"),
    ],
    ids=lambda step: step.kind,
)
def test_a_step_that_the_engine_carries_out_is_tried_again_after_the_pause(tried: Any) -> None:
    driver = Driver(chain(tried), {"n": 1, "text": "soon"})
    driver.trust()
    paused(driver).answer("w", "retry")
    assert driver.step("w").status == "queued" and driver.types.count("step.failed") == 1
    resumed(driver)
    assert driver.step("w").status == "blocked" and driver.types.count("step.failed") == 2


def test_the_next_turn_and_the_next_item_begin_after_the_pause() -> None:
    turns = kind("l", "loop", body=INSIDE, max_turns=2, on_exhausted="continue", delay=5)
    items = kind("m", "map", body=INSIDE, items="input.items", max_concurrency=1)
    driver = Driver(graph([turns, items]), {"items": [1, 2]})
    paused(driver)
    ended(driver, "l[0]", "completed")
    assert not begun(driver) and driver.step("l[1]").status == "pending"
    ended(driver, "m[0]", "completed")
    assert not begun(driver)
    assert begun(resumed(driver)) == ["m[1]"] and driver.step("l[1]").status == "waiting"


def test_the_last_item_ends_its_map_after_the_pause() -> None:
    driver = Driver(chain(each("m"), task("b")), {"items": [1]})
    driver.claim("m[0]")
    paused(driver).report("m[0]", OK)
    assert driver.step("m").status == "running"
    assert resumed(driver).step("m").status == "completed" and driver.notified() == ["b"]


def test_what_a_person_lets_happen_now_is_due_when_the_run_is_resumed() -> None:
    again = Retry(max_attempts=2, initial=60, jitter=0)
    turns = kind("l", "loop", body=INSIDE, max_turns=2, delay=60)
    driver = Driver(graph([kind("x", "group", body=INSIDE, retry=again), turns]))
    ended(driver, "x", "failed")
    ended(driver, "l[0]", "completed")
    paused(driver)
    for key in ("x", "l[1]"):
        driver.take(HappenNow(driver.now, key, "olga"))
        assert not begun(driver)
    resumed(driver)
    for key in ("x", "l[1]"):
        driver.wake(key)
        assert begun(driver) == [key]


def test_a_child_run_that_is_rolled_back_is_paused_with_its_parent() -> None:
    driver = Driver(chain(kind("x", "workflow", workflow="other"), task("b")))
    child = (driver.step("x").waits or {})["child"]
    ended(driver, "x", "completed")
    driver.run("b", CRITICAL)
    assert driver.commands == (RollBackChild(child, ""),)
    assert paused(driver).commands == (PauseChild(child, "olga"),)
    assert ResumeChild(child, "olga") in resumed(driver).commands


def test_child_runs_under_way_are_paused_and_resumed_with_it() -> None:
    driver = paused(Driver(graph([kind("x", "workflow", workflow="other"), task("a")])))
    child = (driver.step("x").waits or {})["child"]
    assert driver.commands == (PauseChild(child, "olga"),)
    assert ResumeChild(child, "olga") in resumed(driver).commands
    paused(driver).take(EndChild(driver.now, "x", child, "completed", {}))
    assert driver.step("x").status == "completed"
    assert driver.notified() == []


def test_a_child_that_a_person_has_paused_is_not_resumed_by_its_parent() -> None:
    driver = paused(Driver(chain(task("a"))))
    with pytest.raises(Refused):
        driver.take(Resume(driver.now, by_parent=True))
    resumed(driver)
    driver.take(Pause(driver.now, "olga", by_parent=True))
    driver.take(Resume(driver.now, "olga", by_parent=True))
    assert allowed(driver.memory.graph, driver.memory.state()).pause


def test_only_a_run_that_is_under_way_can_be_paused_and_only_a_paused_one_resumed() -> None:
    driver = Driver(chain(task("a")), starts=False)
    with pytest.raises(Refused, match="not begun"):
        paused(driver)
    driver = Driver(chain(task("a")))
    with pytest.raises(Refused, match="not paused"):
        resumed(driver)
    with pytest.raises(Refused, match="already"):
        paused(paused(driver))
    resumed(driver).run("a", OK)
    with pytest.raises(Refused, match="ended"):
        paused(driver)
