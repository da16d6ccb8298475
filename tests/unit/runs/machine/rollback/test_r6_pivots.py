"""Section 6 of docs/semantics.md: each beginning of a rollback, before and after a point of no return."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, get_args

import pytest

from designer.document.graph import Edge, Graph
from runs.machine.allowed import allowed
from runs.machine.errors import Refused
from runs.machine.events import (
    Cancel,
    CancelChild,
    EndChild,
    Event,
    Rollback,
    RollBackChild,
    TimeOut,
    child_id,
)
from runs.machine.preview import preview
from runs.machine.rollback import pivots
from runs.machine.rollback.plan import begin, past_pivot, plan
from runs.machine.transition import Transition
from tests.unit.runs.machine.driver import (
    CRITICAL,
    PERSON,
    START,
    Driver,
    chain,
    gave,
    graph,
    kind,
    saga,
    task,
)
from workers.sdk.outcome import Failure, Outcome

rule = pytest.mark.rule
DUE: dict[str, Any] = {"due_at": (START + timedelta(seconds=60)).isoformat()}
CHILD = child_id("run", "w", 1)


def steps_with(pivot: bool) -> Graph:
    """`a` has an undo, `p` may be a pivot, `z` fails or waits, and `b` follows it only if `v` is small."""
    steps = [saga("a"), task("p", pivot=pivot), task("z"), task("b")]
    return graph(steps, [("a", "p"), ("p", "z"), Edge("z", "b", when="context.v < 5")])


def at_z(pivot: bool) -> Driver:
    driver = Driver(steps_with(pivot), {"v": 1}, **DUE)
    driver.run("a")
    driver.run("p")
    return driver


def completed(pivot: bool) -> Driver:
    driver = at_z(pivot)
    driver.run("z")
    driver.run("b")
    return driver


def _fails(driver: Driver) -> object:
    return driver.run("z", CRITICAL)


def _has_no_branch(driver: Driver) -> object:
    return driver.run("z", gave(v=9))


def _times_out(driver: Driver) -> object:
    driver.wait(61)
    return driver.take(TimeOut(driver.now))


def _answers(driver: Driver) -> object:
    driver.run("z", PERSON)
    return driver.answer("z", "compensate")


Begins = tuple[Callable[[bool], Driver], Callable[[Driver], object]]
BEGINS: dict[pivots.Beginning, Begins] = {
    "step_failed": (at_z, _fails),
    "no_branch": (at_z, _has_no_branch),
    "run_timeout": (at_z, _times_out),
    "cancel_by_system": (at_z, lambda driver: driver.take(Cancel(driver.now, "compensate"))),
    "cancel_by_person": (at_z, lambda driver: driver.take(Cancel(driver.now, "compensate", "anna"))),
    "rollback_by_parent": (completed, lambda driver: driver.take(Rollback(driver.now, by_parent=True))),
    "rollback_by_person": (
        completed,
        lambda driver: driver.take(Rollback(driver.now, "anna", by_parent=True)),
    ),
    "answer": (at_z, _answers),
}
ALL = pytest.mark.parametrize("beginning", BEGINS)


def test_the_table_is_whole() -> None:
    assert BEGINS.keys() == pivots.BEGINNINGS.keys() == set(get_args(pivots.Beginning))


@rule("R6.11")
@ALL
def test_before_a_point_of_no_return_each_beginning_begins(beginning: pivots.Beginning) -> None:
    bring, act = BEGINS[beginning]
    driver = bring(False)
    act(driver)
    entry = driver.last("run.compensating")
    assert entry.data["reason"] == pivots.BEGINNINGS[beginning].reason
    assert "past_pivot" not in entry.data
    driver.undo_all()
    assert driver.undos("a") == ["compensated"]


@rule("R6.11")
@ALL
def test_after_it_only_a_person_begins_and_the_journal_says_so(beginning: pivots.Beginning) -> None:
    bring, act = BEGINS[beginning]
    driver = bring(True)
    if pivots.BEGINNINGS[beginning].asks == "undo":  # the parent asks, about its own step
        with pytest.raises(Refused, match="point of no return"):
            act(driver)
        assert driver.status == "completed"
        return
    act(driver)
    if pivots.BEGINNINGS[beginning].asks:
        assert "run.compensating" not in driver.types
        assert (driver.undos("a"), driver.types.count("intervention.opened")) == (["none"], 1)
    else:
        entry = driver.last("run.compensating")
        assert (entry.data["by"], entry.data["past_pivot"]) == ("anna", ["p"])
        driver.undo_all()
        assert driver.undos("a") == ["compensated"]


@rule("R6.11")
@ALL
def test_nothing_but_a_person_can_make_the_rollback_begin(beginning: pivots.Beginning) -> None:
    driver = at_z(True)
    transition = Transition(driver.memory.graph, driver.memory.state(), driver.now)
    if pivots.BEGINNINGS[beginning].asks:
        with pytest.raises(ValueError, match="point of no return"):
            begin(transition, beginning)
    else:
        begin(transition, beginning, by="anna")


# --- questions about the run as a whole ---


def asked(how: str) -> Driver:
    driver = at_z(True)
    BEGINS["run_timeout" if how == "timeout" else "cancel_by_system"][1](driver)
    return driver


HOW = pytest.mark.parametrize("how", ["timeout", "cancel"])


@rule("R6.13")
@HOW
def test_the_question_is_asked_at_the_pivot_while_the_run_goes_on(how: str) -> None:
    driver = asked(how)
    assert driver.statuses("p", "z") == ["completed", "queued"]
    assert allowed(driver.memory.graph, driver.memory.state()).interventions == {"p": ("skip", "compensate")}
    assert driver.step("p").error is None
    driver.run("z")
    driver.run("b")
    assert driver.status == "blocked"


@rule("R6.13")
@HOW
def test_a_person_lets_it_go_on(how: str) -> None:
    driver = asked(how)
    driver.answer("p", "skip")
    driver.run("z")
    driver.run("b")
    assert (driver.status, driver.undos("a")) == ("completed", ["none"])


@rule("R6.13")
@HOW
@pytest.mark.parametrize("after", ["z", "b"])
def test_a_person_has_it_undone(how: str, after: str) -> None:
    driver = asked(how)
    if after == "b":
        driver.run("z")
    foreseen = preview(driver.memory.graph, driver.memory.state(), "p", "compensate", driver.now)
    assert (foreseen.undo, foreseen.past_pivot) == (("a",), ("p",))
    driver.answer("p", "compensate")
    assert driver.last("run.compensating").data["past_pivot"] == ["p"]
    driver.undo_all()
    assert (driver.status, driver.memory.run.reason) == ("cancelled", how)
    assert (driver.memory.run.error or {})["code"] == ("timeout" if how == "timeout" else "cancelled")


@rule("R6.13")
@HOW
@pytest.mark.parametrize("other", ["cancel", "abandon", "failure"])
def test_what_people_decide_otherwise_closes_the_question(how: str, other: str) -> None:
    driver = asked(how)
    if other == "failure":
        driver.run("z", CRITICAL)
        driver.answer("z", "compensate")
    else:
        driver.cancel("abandon" if other == "abandon" else "compensate")
    assert driver.step("p").intervention is None
    driver.undo_all()
    assert driver.memory.run.phase == "ended"


@rule("R6.13")
def test_a_run_is_timed_out_once() -> None:
    driver = asked("timeout")
    assert driver.memory.run.due_at is None
    assert driver.verdict(TimeOut(driver.now)) == "."
    driver.answer("p", "skip")
    assert driver.verdict(TimeOut(driver.now)) == "."


@rule("R6.11")
def test_the_system_does_not_ask_twice_and_not_after_the_answer() -> None:
    driver = asked("cancel")
    assert driver.verdict(Cancel(driver.now, "compensate")) == "."
    driver.answer("p", "skip")
    assert driver.verdict(Cancel(driver.now, "compensate")) == "x"
    assert driver.verdict(Cancel(driver.now, "compensate", "anna")) == "+"


@rule("R6.13")
def test_a_time_limit_waits_for_the_answer_to_another_question_at_the_pivot() -> None:
    steps = [saga("p", pivot=True), task("b")]
    driver = Driver(graph(steps, [Edge("p", "b", when="context.v < 5")]), {"v": 9}, **DUE)
    driver.run("p")
    driver.wait(61)
    assert driver.verdict(TimeOut(driver.now)) == "."
    driver.answer("p", "resolve", output={"v": 1})
    assert driver.verdict(TimeOut(driver.now)) == "+"
    assert driver.status == "running" and driver.step("p").about == "timeout"


# --- parents and children ---


def with_child(past: bool = True, **fields: Any) -> Driver:
    """`a`, then a child run that has passed a pivot, then `z`."""
    driver = Driver(chain(saga("a"), kind("w", "workflow", workflow="other"), task("z"), **fields))
    driver.run("a")
    driver.take(EndChild(driver.now, "w", CHILD, "completed", {}, may_go_back=True, past_pivot=past))
    return driver


@rule("R6.11")
@pytest.mark.parametrize("answer", ["retry", "resolve", "abandon"])
def test_a_rollback_that_began_by_itself_asks_before_it_undoes_such_a_child(answer: Any) -> None:
    driver = with_child()
    driver.run("z", CRITICAL)
    assert (driver.status, driver.undos("w", "a")) == ("blocked", ["failed", "pending"])
    assert driver.last("intervention.opened").data["error"]["code"] == "past_pivot"
    assert not driver.commands
    foreseen = preview(driver.memory.graph, driver.memory.state(), "w", answer, driver.now)
    assert foreseen.past_pivot == (("w",) if answer == "retry" else ())
    ends = {
        "retry": None,
        "resolve": "compensated",
        "abandon": "failed",
    }  # what the child leaves is not known
    assert foreseen.ends == ends[answer]
    driver.answer("w", answer)
    if answer == "retry":
        assert driver.commands == (RollBackChild(CHILD, "anna"),)
        driver.take(EndChild(driver.now, "w", CHILD, "compensated"))
    driver.undo_all()
    assert driver.undos("a") == ["compensated"]
    assert driver.status == ("failed" if answer == "abandon" else "compensated")


@rule("R6.11")
def test_the_others_go_on_where_the_workflow_says_so() -> None:
    driver = with_child(continue_compensating=True)
    driver.run("z", CRITICAL)
    assert driver.notified() == ["a"]
    driver.run("a")
    assert (driver.status, driver.undos("w", "a")) == ("blocked", ["failed", "compensated"])


@rule("R6.11")
@pytest.mark.parametrize("demand", ["cancel", "rollback"])
def test_a_person_who_has_the_parent_undone_is_told_and_passes_it(demand: str) -> None:
    driver = with_child()
    if demand == "rollback":
        driver.run("z")
    planned = plan(driver.memory.graph, driver.memory.state())
    assert past_pivot(driver.memory.graph, driver.memory.state(), planned) == ("w",)
    driver.cancel() if demand == "cancel" else driver.roll_back()
    assert driver.last("run.compensating").data["past_pivot"] == ["w"]
    assert driver.commands == (RollBackChild(CHILD, "anna"),)


@rule("R6.11")
def test_a_child_without_a_pivot_is_undone_unasked() -> None:
    driver = with_child(past=False)
    driver.run("z", CRITICAL)
    assert driver.commands == (RollBackChild(CHILD),)


@rule("R6.11")
def test_a_parent_that_did_not_know_asks_when_the_child_says_so() -> None:
    driver = with_child(past=False)
    driver.run("z", CRITICAL)
    told: Event = EndChild(driver.now, "w", CHILD, "completed", {}, may_go_back=True, past_pivot=True)
    driver.watched.witness.child_pivots.add("w")
    driver.watched.witness.undo["w"] = "pending"
    driver.take(told)
    assert (driver.status, driver.undos("w")) == ("blocked", ["failed"])
    driver.answer("w", "retry")
    assert driver.commands == (RollBackChild(CHILD, "anna"),)
    assert driver.verdict(told) == "."


@rule("R6.11")
@pytest.mark.parametrize("by", ["", "anna"])
def test_a_child_that_runs_hears_for_whom_it_is_cancelled(by: str) -> None:
    driver = Driver(graph([kind("w", "workflow", workflow="other"), task("z")]))
    driver.run("z", CRITICAL) if not by else driver.cancel()
    assert driver.commands == (CancelChild(CHILD, "compensate", by),)


@rule("R6.11")
def test_a_child_that_completes_during_the_rollback_is_asked_about_too() -> None:
    driver = Driver(graph([saga("a"), kind("w", "workflow", workflow="other"), task("z")]))
    driver.run("a")
    driver.run("z", CRITICAL)
    driver.take(EndChild(driver.now, "w", CHILD, "completed", {}, may_go_back=True, past_pivot=True))
    assert (driver.status, driver.undos("w", "a")) == ("blocked", ["failed", "pending"])


# --- rollbacks to a step ---


@rule("R6.11")
@pytest.mark.parametrize(("to_step", "passed"), [(None, ["p"]), ("a", ["p"]), ("p", []), ("b", [])])
def test_a_rollback_to_a_step_passes_the_pivots_after_it(to_step: str | None, passed: list[str]) -> None:
    driver = Driver(chain(saga("a"), saga("p", pivot=True), saga("b"), saga("c")))
    for name in "apbc":
        driver.run(name)
    driver.roll_back(to_step)
    assert driver.last("run.compensating").data.get("past_pivot", []) == passed
    driver.undo_all()
    assert driver.status == ("completed" if to_step else "compensated")


@rule("R6.11")
@rule("R6.15")
def test_a_pivot_that_is_tried_again_after_its_output_was_refused_is_passed_too() -> None:
    refused = Outcome("failed", {}, Failure("bad_output", "too large"), acted=True)
    driver = Driver(chain(saga("a"), saga("p", pivot=True)))
    driver.run("a")
    driver.run("p", refused)
    assert driver.status == "blocked"
    driver.answer("p", "retry")
    driver.cancel()
    assert driver.last("run.compensating").data["past_pivot"] == ["p"]
    driver.undo_all()
    assert driver.undone() == ["p", "a"]
