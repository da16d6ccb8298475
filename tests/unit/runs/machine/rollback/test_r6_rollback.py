"""Section 6 of docs/semantics.md: what is undone, when, in which order and with what."""

from __future__ import annotations

from datetime import timedelta

import pytest

from designer.document.graph import Action, Retry
from runs.machine.bindings import bound_params
from runs.machine.events import Dispatch, TellParent
from runs.machine.rollback.plan import plan
from tests.unit.runs.machine.driver import (
    CRITICAL,
    ERROR,
    ONCE,
    PERSON,
    UNDO,
    UNKNOWN,
    Driver,
    asks,
    chain,
    each,
    failing,
    gave,
    graph,
    saga,
    task,
)
from workers.sdk.outcome import Failure, Outcome

rule = pytest.mark.rule


# --- when ---


@rule("R6.1")
def test_after_a_failure_nothing_new_starts_and_what_runs_is_waited_for() -> None:
    steps = [saga("a"), saga("b"), saga("c", retry=Retry(initial=9.0)), task("z"), task("after_b")]
    driver = Driver(graph(steps, [("b", "after_b")]))
    driver.run("a")
    driver.claim("b")
    driver.run("c", ERROR)
    driver.run("z", CRITICAL)
    assert driver.status == "compensating"
    assert driver.statuses("b", "c", "after_b") == ["running", "cancelled", "pending"]
    assert driver.ready() == []
    driver.report("b")
    assert driver.statuses("after_b") == ["pending"]
    assert driver.ready() == ["b"]


@rule("R6.1")
def test_a_step_that_fails_during_the_rollback_is_not_retried() -> None:
    driver = Driver(graph([saga("a"), saga("b", retry=Retry()), task("z")]))
    driver.run("a")
    driver.claim("b")
    driver.run("z", CRITICAL)
    driver.report("b", ERROR)
    assert driver.statuses("b") == ["failed"]
    assert (driver.memory.run.error or {})["step"] == "z"
    driver.undo_all()
    assert driver.undone() == ["a"]


@rule("R6.1")
@pytest.mark.parametrize("outcome", [PERSON, asks(), ERROR, CRITICAL], ids=lambda one: one.kind)
def test_during_the_rollback_every_failure_is_just_that(outcome) -> None:
    driver = Driver(graph([saga("a", fallback=Action("other"), on_failure="pause"), task("z")]))
    driver.claim("a")
    driver.run("z", CRITICAL)
    driver.report("a", outcome)
    assert (driver.statuses("a"), driver.status) == (["failed"], "failed")


# --- order ---


@rule("R6.2")
def test_undos_run_in_the_reverse_order_of_completion_one_at_a_time() -> None:
    driver = Driver(graph([saga("a"), saga("b"), saga("c"), task("z")]))
    for name in ("b", "c", "a"):
        driver.run(name)
    driver.run("z", CRITICAL)
    for name in ("a", "c", "b"):
        assert driver.ready() == [name]
        assert driver.notified() == [name]
        driver.run(name)
    assert driver.status == "compensated"
    assert driver.commands == (TellParent(),)


@rule("R6.2")
def test_a_step_that_was_tried_again_has_the_place_of_its_last_attempt() -> None:
    driver = Driver(graph([saga("a", on_failure="pause"), saga("b"), task("z")]))
    driver.run("a", UNKNOWN)
    driver.run("b")
    driver.answer("a", "retry")
    driver.run("a")
    driver.run("z", CRITICAL)
    driver.undo_all()
    assert driver.undone() == ["a", "b"]


DIAMOND = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("d", "z")]


@rule("R6.3")
def test_parallel_order_undoes_what_is_independent_at_once_and_nothing_before_what_came_after_it() -> None:
    steps = [saga("a"), saga("b"), saga("c"), saga("d"), task("z")]
    driver = Driver(graph(steps, DIAMOND, compensation_order="parallel"))
    for name in "abcd":
        driver.run(name)
    driver.run("z", CRITICAL)
    assert driver.notified() == ["d"]
    driver.run("d")
    assert driver.ready() == ["b", "c"]
    driver.run("b")
    assert driver.ready() == ["c"]
    driver.run("c")
    assert driver.ready() == ["a"]
    driver.run("a")
    assert driver.status == "compensated"


@rule("R6.3")
def test_parallel_order_looks_through_steps_without_an_undo() -> None:
    steps = [saga("a"), task("b"), task("c"), saga("d"), task("z")]
    driver = Driver(graph(steps, DIAMOND, compensation_order="parallel"))
    for name in "abcd":
        driver.run(name)
    driver.run("z", CRITICAL)
    assert driver.ready() == ["d"]
    driver.run("d")
    assert driver.ready() == ["a"]


@rule("R6.3")
def test_parallel_order_undoes_the_items_of_a_map_together_between_its_neighbours() -> None:
    steps = [saga("a"), each("m"), each("n"), task("z")]
    driver = Driver(chain(*steps, compensation_order="parallel"), {"items": [1, 2]})
    for key in ("a", "m[0]", "m[1]", "n[0]", "n[1]"):
        driver.run(key)
    driver.run("z", CRITICAL)
    order = driver.last("run.compensating").payload
    assert (order["n"], order["m"]) == (
        {"after": 2, "then": ["m[1]", "m[0]"]},
        {"after": 2, "then": ["a"]},
    )
    assert driver.ready() == ["n[0]", "n[1]"]
    driver.run("n[1]")
    assert driver.ready() == ["n[0]"]
    driver.run("n[0]")
    assert driver.ready() == ["m[0]", "m[1]"]
    driver.undo_all()
    assert driver.undone()[-1] == "a"


@rule("R6.3")
@rule("R6.6")
def test_parallel_order_waits_for_late_items_too() -> None:
    steps = [saga("a"), each("m"), task("z")]
    edges = [("a", "m"), ("a", "z")]
    driver = Driver(graph(steps, edges, compensation_order="parallel"), {"items": [1, 2, 3]})
    driver.run("a")
    for index in range(3):
        driver.claim(f"m[{index}]")
    driver.run("z", CRITICAL)
    for index in range(3):
        driver.report(f"m[{index}]")
    for index in range(3):
        assert "a" not in driver.ready()
        driver.run(f"m[{index}]")
    assert driver.ready() == ["a"]


@rule("R6.6")
@pytest.mark.parametrize("order", ["sequential", "parallel"])
def test_what_completes_during_the_rollback_is_undone_first(order) -> None:
    steps = [saga("a"), saga("b"), saga("c"), task("z")]
    edges = [("a", "b"), ("a", "c"), ("a", "z")]
    driver = Driver(graph(steps, edges, compensation_order=order))
    driver.run("a")
    driver.claim("b")
    driver.claim("c")
    driver.run("z", CRITICAL)
    driver.report("c", gave(c=1))
    driver.report("b", UNKNOWN)
    driver.undo_all()
    assert driver.undone()[-1] == "a"
    assert set(driver.undone()) == {"a", "b", "c"}
    assert order == "parallel" or driver.undone() == ["b", "c", "a"]


# --- with what ---


@rule("R6.4")
def test_an_undo_gets_the_context_of_the_failure_its_steps_output_and_the_reason() -> None:
    params = {"id": "=output.id", "why": "=failure.error + ' at ' + failure.step", "b": "=context.b"}
    steps = [saga("a", compensation=Action("undo", params)), task("b"), task("z")]
    driver = Driver(chain(*steps), {"input": 1})
    driver.run("a", gave(id=7, x="a"))
    driver.run("b", gave(b=1, x="b"))
    driver.run("z", Outcome("failed", {"status": "failed", "z": 1}, Failure("returned_failed", "no stock")))
    scope = driver.bindings("a")
    failure = {"step": "z", "error": "returned_failed", "message": "no stock"}
    assert (scope["output"], scope["failure"]) == ({"id": 7, "x": "a"}, failure)
    assert scope["context"] == {
        **{"input": 1, "id": 7, "b": 1, "x": "a", "status": "failed", "z": 1},
        **{"output": {"id": 7, "x": "a"}, "failure": failure},
    }
    bound = bound_params(driver.memory.graph, driver.memory.state(), "a", "undo")
    assert bound == {"id": 7, "why": "returned_failed at z", "b": 1}


@rule("R6.4")
def test_an_undo_of_an_unknown_outcome_gets_an_empty_output() -> None:
    driver = Driver(chain(saga("a")))
    driver.run("a", UNKNOWN)
    assert driver.bindings("a")["output"] == {}


# --- when an undo fails ---


@rule("R6.5")
def test_an_undo_that_fails_for_good_stops_the_line_and_asks_a_person() -> None:
    driver = failing("a", "b", "c")
    driver.run("c", CRITICAL)
    assert (driver.status, driver.undos("a", "b", "c")) == ("blocked", ["pending", "pending", "failed"])
    assert driver.ready() == []
    assert driver.last("intervention.opened").data["kind"] == "compensation_failed"


@rule("R6.5")
def test_with_continue_compensating_the_others_go_on_and_the_run_waits_at_its_end() -> None:
    driver = failing("a", "b", "c", continue_compensating=True)
    driver.run("c", CRITICAL)
    driver.run("b")
    driver.run("a")
    assert (driver.status, driver.undos("a", "b", "c")) == (
        "blocked",
        ["compensated", "compensated", "failed"],
    )
    driver.answer("c", "retry")
    driver.run("c")
    assert driver.status == "compensated"


@rule("R6.5")
def test_an_undo_is_retried_by_its_own_policy() -> None:
    again = Action("undo", retry=Retry(max_attempts=3, initial=2.0, jitter=0.0))
    driver = Driver(chain(saga("a", compensation=again), task("z")))
    driver.run("a")
    driver.run("z", CRITICAL)
    for delay, outcome in ((2, ERROR), (4, UNKNOWN)):
        driver.run("a", outcome)
        assert driver.step("a").due_at == driver.now + timedelta(seconds=delay)
        assert driver.ready() == []
        driver.wait(delay)
        driver.wake("a")
        assert driver.notified() == ["a"]
    driver.run("a", ERROR)
    assert driver.undos("a") == ["failed"]


@rule("R6.5")
@pytest.mark.parametrize("outcome", [CRITICAL, PERSON], ids=["said no", "asked for a person"])
def test_an_undo_that_says_it_failed_is_not_retried(outcome) -> None:
    driver = Driver(chain(saga("a", compensation=Action("undo", retry=Retry())), task("z")))
    driver.run("a")
    driver.run("z", CRITICAL)
    driver.run("a", outcome)
    assert (driver.undos("a"), driver.status) == (["failed"], "blocked")


@rule("R6.5")
def test_an_undo_may_ask_for_another_attempt_a_bounded_number_of_times() -> None:
    action = Action("undo", retry=Retry(max_attempts=1, asks_max=2))
    driver = Driver(chain(saga("a", compensation=action), task("z")))
    driver.run("a", gave(id=7))
    driver.run("z", CRITICAL)
    for _ in range(2):
        driver.run("a", asks(0.0, seen=1))
        assert (driver.context("a")["seen"], driver.bindings("a")["output"]) == (1, {"id": 7})
    driver.run("a", asks(0.0))
    assert driver.undos("a") == ["failed"]


# --- the undo slot ---


@rule("R6.8")
@pytest.mark.parametrize(
    ("slot", "undo", "remains", "status"),
    [
        (UNDO, ["a"], [], "compensated"),
        ("none", [], [], "failed"),
        (None, [], [], "failed"),
        ("irreversible", [], ["a"], "failed"),
    ],
)
def test_the_undo_slot(slot, undo, remains, status) -> None:
    driver = Driver(chain(task("a", compensation=slot), task("z")))
    driver.run("a")
    foreseen = plan(driver.memory.graph, driver.memory.state())
    driver.run("z", CRITICAL)
    driver.undo_all()
    assert (list(foreseen.undo), list(foreseen.remains)) == (undo, remains)
    assert (driver.undone(), driver.status) == (undo, status)
    assert driver.last(f"run.{status}").data["left"] == len(remains)


@rule("R6.8")
def test_an_effect_that_remains_makes_the_run_end_as_failed_though_the_rest_is_undone() -> None:
    driver = Driver(chain(saga("a"), task("b", compensation="irreversible"), task("z")))
    driver.run("a")
    driver.run("b")
    driver.run("z", CRITICAL)
    driver.undo_all()
    assert (driver.undone(), driver.status) == (["a"], "failed")


# --- the plan ---


@rule("R6.9")
def test_the_plan_says_at_any_moment_what_a_rollback_would_do() -> None:
    driver = Driver(chain(saga("a"), task("b"), each("m"), task("z")), {"items": [1, 2]})
    seen = []
    for key in ("a", "b", "m[1]", "m[0]"):
        driver.run(key)
        seen.append(plan(driver.memory.graph, driver.memory.state()).undo)
    assert seen == [("a",), ("a",), ("m[1]", "a"), ("m[0]", "m[1]", "a")]
    driver.run("z", CRITICAL)
    driver.undo_all()
    assert tuple(driver.undone()) == seen[-1]


@rule("R6.9")
def test_the_plan_of_a_run_whose_steps_wait_for_a_person_is_what_is_done() -> None:
    driver = Driver(graph([saga("a", on_failure="pause"), saga("b"), task("z")]))
    driver.run("a", UNKNOWN)
    driver.run("b")
    foreseen = plan(driver.memory.graph, driver.memory.state()).undo
    driver.run("z", CRITICAL)
    driver.undo_all()
    assert tuple(driver.undone()) == foreseen == ("b", "a")


@rule("R6.2")
def test_undos_are_rung_on_their_own_queue() -> None:
    driver = Driver(chain(saga("a", compensation=Action("undo", retry=ONCE, queue="slow")), task("z")))
    driver.run("a")
    driver.run("z", CRITICAL)
    assert driver.commands == (Dispatch("a", 2, "slow"),)
