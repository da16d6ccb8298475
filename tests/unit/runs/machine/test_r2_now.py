"""Section 2 of docs/semantics.md: the time in expressions is that of the journal (R2.16)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from designer.document.graph import Action, Edge, Retry
from designer.errors import ExpressionError
from runs.machine.bindings import bound_params
from runs.machine.states import State
from tests.unit.runs.machine.driver import (
    CRITICAL,
    ERROR,
    OK,
    START,
    Driver,
    chain,
    each,
    graph,
    kind,
    saga,
    task,
)

pytestmark = pytest.mark.rule("R2.16")
NOW = {"at": "=now()"}
UNDO = Action("undo", NOW)


def at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def params(driver: Driver, key: str, state: State | None = None) -> Any:
    state = state or driver.memory.state()
    return bound_params(driver.memory.graph, state, key, state.step(key).phase)["at"]


def test_params_have_the_time_at_which_the_attempt_began_however_late_they_are_asked_for() -> None:
    driver = Driver(chain(task("a", params=NOW, retry=Retry(max_attempts=2, jitter=0.0))))
    driver.wait(5)
    driver.claim("a")
    driver.wait(100)
    assert params(driver, "a") == at(5)
    driver.report("a", ERROR)
    driver.wait(100)
    driver.wake("a")
    driver.claim("a")
    driver.wait(7)
    assert params(driver, "a") == at(205)
    started = [entry.at for entry in driver.memory.journal if entry.type == "step.started"]
    assert started == [START + timedelta(seconds=seconds) for seconds in (5, 205)]


def test_what_one_event_decides_has_one_time() -> None:
    steps = [
        task("a"),
        task("b", when=f"now() == timestamp('{at(30)}') && now() > timestamp('{at(29)}')"),
        each("m", items="[now(), now()]", params={"at": "=item"}),
        kind("w", "wait", until="=date_add(now(), 1, 'minute')"),
        kind("p", "approval", message="=format('Since {}', now())"),
        kind("c", "workflow", workflow="c", input=NOW),
        kind("s", "set", values=NOW),
        task("late"),
    ]
    edges = [("a", step.name) for step in steps[1:-1]]
    driver = Driver(graph(steps, [*edges, Edge("a", "late", when=f"now() > timestamp('{at(30)}')")]))
    driver.trust()
    driver.wait(10)
    driver.claim("a")
    driver.wait(20)
    driver.report("a", OK)
    assert driver.statuses("b", "m", "w", "p", "late") == [
        "queued",
        "running",
        "waiting",
        "waiting",
        "skipped",
    ]
    assert driver.memory.state().payload(driver.step("s").output_seq or 0) == {"at": at(30)}
    items = driver.memory.state().payload(driver.step("m").items_seq or 0)
    assert items == [at(30), at(30)]
    assert (driver.step("w").waits or {})["until"] == (START + timedelta(seconds=90)).isoformat()
    assert (driver.step("p").waits or {})["message"] == f'Since "{at(30)}"'
    assert [command.input for command in driver.commands if hasattr(command, "input")] == [{"at": at(30)}]


def test_items_and_undos_have_the_times_of_their_own_attempts() -> None:
    driver = Driver(
        chain(each("m", params=NOW, compensation=UNDO), saga("b", params=NOW, compensation=UNDO), task("c")),
        {"items": [1, 2]},
    )
    driver.trust()
    times = {}
    for seconds, key in ((0, "m[0]"), (10, "m[1]"), (20, "b")):
        driver.wait(10 if seconds else 0)
        driver.claim(key)
        times[key] = params(driver, key)
        driver.report(key)
    driver.run("c", CRITICAL)
    driver.wait(10)
    driver.claim("b")
    driver.wait(1)
    assert times == {"m[0]": at(0), "m[1]": at(10), "b": at(20)}
    assert params(driver, "b") == at(30)
    state = driver.memory.state()
    assert bound_params(driver.memory.graph, state, "b", "forward") == {"at": at(20)}


def test_a_replay_of_the_journal_sees_the_same() -> None:
    driver = Driver(chain(task("a", params=NOW)))
    driver.wait(3.25)
    driver.claim("a")
    assert params(driver, "a", driver.watched.replica) == at(3.25)


def test_who_only_looks_ahead_has_a_clock_and_who_has_none_is_told() -> None:
    driver = Driver(chain(task("a", params=NOW)))
    with pytest.raises(ExpressionError, match="the time is not known here"):
        params(driver, "a")
    state = driver.memory.state()
    state.now = lambda: datetime(2026, 5, 1, tzinfo=UTC)
    assert params(driver, "a", state) == "2026-05-01T00:00:00Z"
