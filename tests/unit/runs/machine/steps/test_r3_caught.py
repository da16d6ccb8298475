"""R3.9 and R3.10: error edges, and what the steps behind them see. R5.20 and R5.21: set and fail."""

from __future__ import annotations

from typing import Any

import pytest

from designer.analysis.coverage import assumed_failure
from designer.document.graph import Edge, Graph, Step
from runs.machine.events import TimeOut
from tests.unit.runs.machine.driver import (
    CRITICAL,
    ERROR,
    PERSON,
    UNDO,
    UNKNOWN,
    Driver,
    chain,
    each,
    gave,
    graph,
    kind,
    saga,
    task,
    trusting,
)
from workers.sdk.outcome import Failure, Outcome

rule = pytest.mark.rule


def failed(code: str) -> Outcome:
    return Outcome("failed", failure=Failure(code, "it said so"))


def caught_by(*errors: str, **fields: Any) -> Graph:
    """`a`, then `b`; a failure of `a` leads to `c`, and both to `d`."""
    edges: list[Edge | tuple[str, str]] = [
        ("a", "b"),
        Edge("a", "c", on="failed", errors=errors),
        ("b", "d"),
        ("c", "d"),
    ]
    return graph([saga("a", **fields), saga("b"), saga("c"), saga("d")], edges)


@rule("R3.9")
@pytest.mark.parametrize(
    ("errors", "code", "is_caught"),
    [
        ((), "anything.at-all", True),
        (("card_declined",), "card_declined", True),
        (("card_declined",), "card_declined2", False),
        (("payment.*",), "payment.refused", True),
        (("payment.*",), "payment", False),
        (("payment*",), "payment", True),
        (("*.timeout",), "gateway.timeout", True),
        (("a*c*e",), "abcde", True),
        (("x", "timeout", "y"), "timeout", True),
        (("PAYMENT.*",), "payment.refused", False),
    ],
)
def test_the_code_of_an_error_decides_who_catches_it(
    errors: tuple[str, ...], code: str, is_caught: bool
) -> None:
    driver = Driver(caught_by(*errors))
    driver.run("a", failed(code))
    if is_caught:
        assert driver.statuses("a", "b", "c") == ["failed", "skipped", "queued"]
        assert driver.last("step.failed").data["caught"]
        driver.run("c")
        driver.run("d")
        assert driver.status == "completed"
    else:
        assert driver.statuses("a", "b", "c") == ["failed", "pending", "pending"]
        assert driver.status == "failed"


@rule("R3.9")
@pytest.mark.parametrize("on_failure", ["compensate", "continue", "pause"])
def test_an_error_edge_comes_before_on_failure(on_failure: str) -> None:
    driver = Driver(caught_by("card.*", on_failure=on_failure))
    driver.run("a", failed("card.declined"))
    assert driver.statuses("a", "b", "c") == ["failed", "skipped", "queued"]
    assert driver.step("a").intervention is None


@rule("R3.9")
def test_the_first_edge_that_fits_is_taken_in_the_order_of_the_document() -> None:
    edges = [
        Edge("a", "b", on="failed", errors=("timeout",)),
        Edge("a", "c", on="failed", when="input.n > 5"),
        Edge("a", "d", on="failed", when="outcomes.a.error.code == 'x' && failure_is_missing"),
        Edge("a", "e", on="failed", when="context.failure.error == 'x'"),
        Edge("a", "f", on="failed"),
    ]
    driver = trusting(graph([task(name) for name in "abcdef"], edges), {"n": 5})
    driver.run("a", failed("x"))
    assert driver.last("step.failed").data["taken"] == ["e"]
    assert driver.last("step.failed").data["dead"] == ["b", "c", "d", "f"]


@rule("R3.9")
def test_success_leaves_error_edges_dead_and_takes_no_branch_for_granted() -> None:
    driver = Driver(caught_by())
    driver.run("a")
    assert driver.statuses("b", "c") == ["queued", "skipped"]
    alone = Driver(graph([task("a"), task("b")], [Edge("a", "b", on="failed")]))
    alone.run("a")
    assert (alone.status, alone.step("b").status) == ("completed", "skipped")


@rule("R3.9")
def test_one_step_may_follow_both_ways() -> None:
    both = [Edge("a", "b"), Edge("a", "b", on="failed", errors=("x",))]
    for outcome, status in ((gave(), "completed"), (failed("x"), "failed")):
        driver = Driver(graph([task("a"), task("b")], both))
        driver.run("a", outcome)
        driver.run("b")
        assert (driver.status, driver.step("a").status) == ("completed", status)


@rule("R3.9")
def test_attempts_verification_and_fallback_come_first() -> None:
    driver = Driver(caught_by(fallback=UNDO))
    driver.run("a", ERROR)
    assert driver.step("a").phase == "fallback"
    driver.run("a", ERROR)
    assert driver.step("c").status == "queued"


@rule("R3.9")
def test_a_person_that_the_worker_asks_for_is_asked() -> None:
    driver = Driver(caught_by())
    driver.run("a", PERSON)
    assert driver.step("a").status == "blocked"
    driver.answer("a", "compensate")
    assert driver.status == "failed"


@rule("R3.9")
def test_what_may_have_been_done_is_undone_when_the_run_rolls_back_later() -> None:
    driver = Driver(caught_by())
    driver.run("a", UNKNOWN)
    driver.run("c", gave())
    driver.run("d", CRITICAL)
    driver.undo_all()
    assert driver.undone() == ["c", "a"]
    assert driver.status == "compensated"


@rule("R3.9")
def test_neither_a_cancel_nor_a_timeout_is_caught() -> None:
    driver = Driver(caught_by())
    driver.claim("a")
    driver.cancel()
    driver.report("a", ERROR)
    assert (driver.status, driver.step("c").status) == ("cancelled", "pending")
    timed = Driver(caught_by(), due_at="2026-01-01T00:00:10+00:00")
    timed.claim("a")
    timed.wait(20)
    timed.take(TimeOut(timed.now))
    timed.report("a", ERROR)
    assert (timed.status, timed.step("c").status) == ("cancelled", "pending")


@rule("R3.9")
def test_past_a_pivot_a_caught_failure_asks_nobody() -> None:
    steps = [saga("p", pivot=True), saga("a"), saga("c")]
    driver = Driver(graph(steps, [("p", "a"), Edge("a", "c", on="failed")]))
    driver.run("p")
    driver.run("a", CRITICAL)
    driver.run("c")
    assert driver.status == "completed"


@rule("R3.9")
def test_a_map_is_caught_as_a_whole() -> None:
    driver = Driver(
        graph([each("a"), task("c")], [Edge("a", "c", on="failed", errors=("items_failed",))]),
        {"items": [1, 2]},
    )
    driver.run("a[0]")
    driver.run("a[1]", CRITICAL)
    assert driver.statuses("a", "c") == ["failed", "queued"]
    driver.run("c", CRITICAL)
    driver.undo_all()
    assert driver.undone() == ["a[0]"]


@rule("R3.10")
def test_the_steps_behind_an_error_edge_see_the_failure() -> None:
    driver = Driver(caught_by())
    driver.run("a", failed("card.declined"))
    seen = {"step": "a", "error": "card.declined", "message": "it said so"}
    assert driver.context("c")["failure"] == seen
    driver.run("c", gave(c=1))
    assert driver.context("d") == {"failure": seen, "c": 1}
    assert driver.bindings("d")["outcomes"]["a"]["error"]["code"] == "card.declined"
    assert driver.bindings("d")["steps"]["a"] == {}
    driver.run("d", gave(d=2))
    assert driver.output() == {"c": 1, "d": 2}


@rule("R3.10")
def test_the_later_of_two_failures_is_seen_and_none_on_another_way() -> None:
    edges: list[Edge | tuple[str, str]] = [
        Edge("a", "b", on="failed"),
        Edge("b", "c", on="failed"),
        ("x", "y"),
    ]
    driver = Driver(graph([task(name) for name in ("a", "b", "c", "x", "y")], edges))
    driver.run("a", failed("one"))
    driver.run("b", failed("two"))
    driver.run("x")
    assert driver.context("c")["failure"]["error"] == "two"
    assert "failure" not in driver.context("y")


@rule("R3.9")
def test_what_if_shows_both_ways() -> None:
    shown = assumed_failure(caught_by("card.*"), "a")
    assert [(catch.edge.target, catch.leads_to) for catch in shown.catches] == [("c", ("c", "d"))]
    assert shown.answer == "compensate"
    later = assumed_failure(caught_by(), "d")
    assert set(later.plan.undo) == {"a", "b", "c"}
    assert later.unsure == {"a", "b", "c"}


# --- set and fail ---


@rule("R5.20")
def test_values_are_set_without_a_worker_and_merge_like_an_output() -> None:
    step = kind("s", "set", values={"total": "=context.n * 2", "plain": [1], "literal": "==x"})
    driver = Driver(chain(task("a"), step, task("b")))
    driver.run("a", gave(n=4))
    assert driver.step("s").status == "completed"
    assert driver.context("b") == {"n": 4, "total": 8, "plain": [1], "literal": "=x"}
    assert "step.queued" not in [entry.type for entry in driver.memory.journal if entry.step == "s"]
    driver.run("b", CRITICAL)
    assert driver.undone() == []


@rule("R5.20")
def test_set_keeps_its_guard_and_its_output_key_and_fails_as_any_step() -> None:
    step = kind("s", "set", values={"x": 1}, output_key="k", when="context.v > 5")
    driver = Driver(chain(task("a"), step, task("b")))
    driver.run("a", gave(v=9))
    assert driver.context("b") == {"v": 9, "k": {"x": 1}}
    broken = kind("s", "set", values={"x": "=context.nope"}, on_failure="continue")
    driver = trusting(chain(broken, task("b")))
    assert driver.last("step.failed").data["error"]["code"] == "bad_expression"
    assert driver.step("b").status == "queued"


@rule("R5.21")
def test_a_failure_on_purpose_has_a_code_and_words() -> None:
    step = kind("f", "fail", code="too_late", message="='Order ' + string(context.n) + ' is too late'")
    driver = Driver(chain(saga("a"), step))
    driver.run("a", gave(n=3))
    error = driver.last("step.failed").data["error"]
    assert error == {"code": "too_late", "message": "Order 3 is too late"}
    driver.undo_all()
    assert (driver.undone(), driver.status) == (["a"], "compensated")


@rule("R5.21")
@pytest.mark.parametrize("step", [Step("f", kind="fail", code="x", on_failure="compensate")])
def test_a_failure_on_purpose_is_caught_like_any_other(step: Step) -> None:
    driver = Driver(graph([step, task("c")], [Edge("f", "c", on="failed", errors=("x",))]))
    assert driver.context("c")["failure"] == {"step": "f", "error": "x", "message": "f fails on purpose."}
