"""Section 8 of docs/semantics.md: every state and every event, see `state_tables`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runs.machine.allowed import allowed
from runs.machine.events import (
    Event,
    TimeOut,
)
from runs.machine.states import RunStatus, StepStatus, UndoStatus
from tests.unit.runs.machine.driver import (
    CRITICAL,
    Driver,
    chain,
    graph,
    kind,
    saga,
    task,
)
from tests.unit.runs.machine.state_tables import (
    DUE,
    EVENTS,
    RUN_EVENTS,
    RUN_STATUS,
    RUN_TABLE,
    RUNS,
    STEP_STATUS,
    STEP_TABLE,
    STEPS,
    UNDO_STATUS,
    UNDO_TABLE,
    UNDOS,
    parse,
    run_in,
    step_in,
    undo_in,
)

rule = pytest.mark.rule


@rule("R8.1")
@pytest.mark.parametrize(("state", "event", "verdict"), parse(RUN_TABLE))
def test_run(state, event, verdict) -> None:
    driver = run_in(state)
    assert driver.status == RUN_STATUS.get(state, state)
    assert driver.verdict(RUN_EVENTS[event](driver)) == verdict


@rule("R8.1")
def test_a_waiting_run_is_a_running_one_that_only_waits() -> None:
    driver = Driver(graph([kind("w", "wait", seconds=9), task("a")]))
    assert driver.status == "running"
    driver.run("a")
    assert driver.status == "waiting"


@rule("R8.2")
@pytest.mark.parametrize(("state", "event", "verdict"), parse(STEP_TABLE))
def test_step(state, event, verdict) -> None:
    driver = step_in(state)
    assert driver.step("s").status == STEP_STATUS.get(state, state)
    assert driver.verdict(EVENTS[event](driver)) == verdict


@rule("R8.3")
@pytest.mark.parametrize(("state", "event", "verdict"), parse(UNDO_TABLE))
def test_undo(state, event, verdict) -> None:
    driver = undo_in(state)
    assert driver.step("s").undo == UNDO_STATUS.get(state, state)
    assert driver.verdict(EVENTS[event](driver)) == verdict


# --- completeness ---


@rule("R8.1")
@rule("R8.2")
@rule("R8.3")
def test_the_tables_hold_every_state_and_every_event() -> None:
    assert {RUN_STATUS.get(state, state) for state in RUNS} | {"waiting"} == set(RunStatus)
    assert {STEP_STATUS.get(state, state) for state in STEPS} == set(StepStatus)
    assert {UNDO_STATUS.get(state, state) for state in UNDOS} == set(UndoStatus)
    for table, states in ((RUN_TABLE, RUNS), (STEP_TABLE, STEPS), (UNDO_TABLE, UNDOS)):
        assert {state for state, _, _ in parse(table)} == set(states)
    events = {event for table in (RUN_TABLE, STEP_TABLE, UNDO_TABLE) for _, event, _ in parse(table)}
    made = {type(EVENTS[event](undo_in("none"))) for event in events & EVENTS.keys()}
    made |= {type(RUN_EVENTS[event](run_in("running"))) for event in events & RUN_EVENTS.keys()}
    assert made == set(Event.__args__)


# --- how a run ends, and what it says while it lives ---


@rule("R8.4")
@pytest.mark.parametrize(
    ("reason", "undo", "end"),
    [
        ("failure", "none", "failed"),
        ("failure", "ok", "compensated"),
        ("failure", "resolve", "compensated"),
        ("failure", "abandon", "failed"),
        ("cancel", "none", "cancelled"),
        ("cancel", "ok", "cancelled"),
        ("cancel", "abandon", "failed"),
        ("timeout", "ok", "cancelled"),
        ("timeout", "abandon", "failed"),
        ("rollback", "ok", "compensated"),
        ("rollback", "resolve", "compensated"),
        ("rollback", "abandon", "failed"),
        ("partial", "ok", "completed"),
        ("partial", "abandon", "failed"),
    ],
)
def test_how_a_rolled_back_run_ends(reason, undo, end) -> None:
    step = task("s") if undo == "none" else saga("s")
    driver = Driver(chain(task("first"), step, task("z")), **DUE)
    driver.run("first")
    driver.run("s")
    driver.wait(5)
    BACK[reason](driver)
    if undo == "ok":
        driver.run("s")
    elif undo != "none":
        driver.run("s", CRITICAL)
        driver.answer("s", undo)
    assert driver.status == end
    assert driver.ready() == []


BACK: dict[str, Callable[[Driver], object]] = {
    "failure": lambda driver: driver.run("z", CRITICAL),
    "cancel": lambda driver: driver.cancel(),
    "timeout": lambda driver: driver.take(TimeOut(driver.now)),
    "rollback": lambda driver: [driver.run("z"), driver.roll_back()],
    "partial": lambda driver: [driver.run("z"), driver.roll_back("first")],
}


@rule("R8.5")
def test_a_run_is_blocked_when_an_open_question_is_all_that_it_waits_for() -> None:
    driver = Driver(graph([task("a", on_failure="pause"), task("b")]))
    driver.run("a", CRITICAL)
    assert driver.status == "running"
    driver.run("b")
    assert (driver.status, driver.types[-1]) == ("blocked", "run.blocked")
    driver.answer("a", "retry")
    assert (driver.status, driver.types[-1]) == ("running", "run.resumed")


@rule("R8.5")
def test_a_run_that_waits_for_a_timer_is_not_blocked() -> None:
    driver = Driver(graph([task("a", on_failure="pause"), kind("w", "wait", seconds=9)]))
    driver.run("a", CRITICAL)
    assert driver.status == "waiting"


@rule("R8.6")
@pytest.mark.parametrize("state", RUNS)
def test_what_is_said_to_be_allowed_is_what_is_accepted(state) -> None:
    driver = run_in(state)
    can = allowed(driver.memory.graph, driver.memory.state())
    for said, event in ((can.cancel, "Cancel"), (can.abandon, "Abandon"), (can.rollback, "Rollback")):
        assert (run_in(state).verdict(RUN_EVENTS[event](driver)) == "+") is said
    assert can.rerun == (driver.status in ("completed", "compensated", "failed", "cancelled"))


@rule("R8.6")
def test_approvals_signals_and_answers_that_are_allowed() -> None:
    waits = [kind(name, "wait", signal="n") for name in ("w", "w2")]
    driver = Driver(graph([*waits, kind("ask", "approval"), task("a", on_failure="pause")]))
    driver.run("a", CRITICAL)
    can = allowed(driver.memory.graph, driver.memory.state())
    assert (can.approvals, can.signals, set(can.interventions)) == (("ask",), ("n",), {"a"})


@rule("R8.6")
def test_a_run_without_anything_to_undo_is_not_said_to_be_reversible() -> None:
    driver = Driver(chain(task("a")))
    driver.run("a")
    assert allowed(driver.memory.graph, driver.memory.state()).rollback is False
