"""Rules of section 11: a paused run starts nothing new, and goes on as if nothing had been afterwards."""

from __future__ import annotations

import pytest

from designer.document.graph import Retry
from runs.machine.allowed import allowed
from runs.machine.errors import Refused, Stale
from runs.machine.events import (
    Cancel,
    EndChild,
    Pause,
    PauseChild,
    Resume,
    ResumeChild,
    Signal,
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
