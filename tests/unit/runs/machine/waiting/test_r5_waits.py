"""Section 5 of docs/semantics.md: waits, signals and approvals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from designer.document.graph import Edge
from runs.machine.errors import Refused, Stale
from runs.machine.events import Approve
from runs.machine.limits import SIGNALS_KEPT_MAX
from tests.unit.designer.helpers import graph_of
from tests.unit.runs.machine.driver import CRITICAL, START, Driver, chain, gave, graph, kind, saga, task

rule = pytest.mark.rule
EDGE = Edge("w", "z", when="context.v < 5")


def waiting(**fields: Any) -> Driver:
    driver = Driver(chain(kind("w", "wait", **fields), task("z")), {"v": 30, "when": "2026-01-01T00:00:30Z"})
    driver.trust()
    return driver


@rule("R5.12")
@pytest.mark.parametrize(
    "fields",
    [
        {"seconds": 30},
        {"seconds": "=context.v"},
        {"until": "2026-01-01T00:00:30Z"},
        {"until": "2026-01-01T01:00:30+01:00"},
        {"until": "=input.when"},
    ],
)
def test_a_wait_ends_at_its_time_and_holds_no_worker(fields) -> None:
    driver = waiting(**fields)
    assert (driver.step("w").status, driver.status, driver.commands) == ("waiting", "waiting", ())
    assert driver.step("w").due_at == START + timedelta(seconds=30)
    with pytest.raises(Stale):
        driver.wake("w")
    driver.wait(30)
    driver.wake("w")
    assert driver.statuses("w", "z") == ["completed", "queued"]


@rule("R5.12")
@pytest.mark.parametrize("fields", [{"seconds": 0}, {"seconds": -5}, {"until": "2020-01-01T00:00:00Z"}])
def test_a_time_that_has_passed_is_not_waited_for(fields) -> None:
    assert waiting(**fields).statuses("w", "z") == ["completed", "queued"]


@rule("R5.12")
@pytest.mark.parametrize(
    "fields", [{"seconds": "='soon'"}, {"seconds": "=true"}, {"until": "='soon'"}, {"until": "=input.v"}]
)
def test_a_time_that_makes_no_sense_fails_the_step(fields) -> None:
    driver = waiting(**fields)
    assert (driver.step("w").error or {})["code"] == "bad_expression"


@rule("R5.13")
def test_a_signal_completes_the_step_that_waits_for_it_with_what_it_brings() -> None:
    driver = Driver(chain(kind("w", "wait", signal="paid"), task("z")))
    with pytest.raises(Refused):
        driver.signal("other", {"x": 0})
    assert driver.step("w").status == "waiting"
    driver.signal("paid", {"x": 1})
    assert driver.context("z") == {"x": 1}
    assert driver.last("signal.received").payload is None, "it is stored once, as the step's output"


@rule("R5.13")
@pytest.mark.parametrize("payload", [None, 5, {"x": 1}])
def test_a_signal_that_came_early_is_kept_and_used_once(payload) -> None:
    steps = chain(task("a"), kind("w", "wait", signal="paid"), kind("w2", "wait", signal="paid"), task("z"))
    driver = Driver(steps)
    driver.signal("paid", payload)
    driver.run("a")
    assert driver.statuses("w", "w2") == ["completed", "waiting"]
    assert driver.memory.run.signals == {}
    driver.signal("paid")
    assert driver.statuses("w2", "z") == ["completed", "queued"]


@rule("R5.13")
def test_early_signals_are_used_in_the_order_in_which_they_came() -> None:
    waits = [kind(name, "wait", signal="n") for name in ("w", "w2")]
    driver = Driver(chain(task("a"), *waits, task("z")))
    for number in (1, 2, 3):
        driver.signal("n", {f"n{number}": number})
    driver.run("a")
    assert driver.context("z") == {"n1": 1, "n2": 2}
    assert len(driver.memory.run.signals["n"]) == 1


@rule("R5.13")
def test_a_signal_reaches_all_steps_that_wait_for_it() -> None:
    driver = Driver(graph([kind("w", "wait", signal="n"), kind("w2", "wait", signal="n")]))
    driver.signal("n")
    assert driver.status == "completed"


@rule("R5.13")
def test_a_signal_whose_first_step_ends_the_run_leaves_the_second_cancelled() -> None:
    from_w = [task("z")]
    steps = [kind("w", "wait", signal="n"), kind("w2", "wait", signal="n"), *from_w]
    driver = Driver(graph(steps, [EDGE]), {"v": 9})
    driver.signal("n")
    assert driver.statuses("w", "w2", "z") == ["completed", "cancelled", "pending"]
    assert driver.status == "failed"


@rule("R5.13")
def test_a_bounded_number_of_signals_is_kept() -> None:
    waits = [kind(signal, "wait", signal=signal) for signal in ("n", "another")]
    driver = Driver(chain(task("a"), *waits))
    for _ in range(SIGNALS_KEPT_MAX):
        driver.signal("n")
    for name in ("n", "another"):
        with pytest.raises(Refused, match=str(SIGNALS_KEPT_MAX)):
            driver.signal(name)


SIGNALS = [
    # steps after `a`, what has happened, whether the signal `n` can be taken, what the refusal says
    ([kind("w", "wait", signal="n")], "begins", True, ""),
    ([kind("w", "wait", signal="n")], "waits", True, ""),
    ([kind("w", "wait", signal="n")], "is over", False, "it takes no signal any more"),
    ([kind("w", "wait", signal="m"), kind("v", "wait", signal="k")], "begins", False, "it can take k, m"),
    ([kind("w", "wait", signal="N")], "waits", False, "it can take N"),
    ([task("b")], "begins", False, "it takes no signal any more"),
    ([kind("w", "wait", signal="n", when="context.v > 5")], "waits", False, "it takes no signal any more"),
    ([task("b", dynamic=True)], "waits", True, ""),
    ([kind("w", "wait", signal="n")], "is undone", False, "it takes no signal any more"),
]


@rule("R5.18")
@pytest.mark.parametrize(("steps", "when", "is_taken", "said"), SIGNALS)
def test_a_signal_that_no_step_can_ever_take_is_refused(steps, when, is_taken, said) -> None:
    driver = Driver(chain(saga("a"), *steps, task("z")), {"v": 0})
    if when != "begins":
        driver.run("a")
    if when == "is over":
        driver.signal("n")
    if when == "is undone":
        driver.cancel()
    if is_taken:
        driver.signal("n")
    else:
        with pytest.raises(Refused, match=said) as refusal:
            driver.signal("n")
        assert refusal.value.code == "no_such_signal"


MESSAGES = [
    ("Right?", "Right?"),
    ("='Ship ' + string(input.v) + '?'", "Ship 0?"),
    ("=input.v", "0"),
    ("={'a': [input.v]}", '{"a": [0]}'),
    ("==literal", "=literal"),
    ("=null", "The title"),
    (None, "The title"),
    ("", "The title"),
]


@rule("R5.19")
@pytest.mark.parametrize(("message", "shown"), MESSAGES)
def test_an_approver_reads_the_value_of_the_message(message, shown) -> None:
    driver = Driver(graph([kind("w", "approval", message=message, title="The title")]), {"v": 0})
    assert (driver.step("w").waits or {})["message"] == shown


@rule("R5.19")
def test_a_message_that_cannot_be_evaluated_fails_the_step() -> None:
    driver = Driver(graph([kind("w", "approval", message="=input.missing")]))
    assert (driver.step("w").error or {})["code"] == "bad_expression"


@rule("R5.12")
@pytest.mark.parametrize("text", ["2031-07-01T09:00:00", "2031-07-01", "2031-W27-2", "20310701T090000"])
def test_a_time_without_a_zone_fails_the_step_as_the_literal_is_refused(text) -> None:
    driver = Driver(graph([kind("w", "wait", until="=input.at")]), {"at": text})
    assert "zone" in (driver.step("w").error or {})["message"]
    with pytest.raises(AssertionError, match="a time with its zone"):
        graph_of({"steps": [{"name": "w", "kind": "wait", "until": text}]})


@rule("R5.14")
@pytest.mark.parametrize(
    "step", [kind("w", "wait", signal="n", timeout=60.0), kind("w", "approval", timeout=60.0)]
)
def test_a_signal_or_an_approval_may_have_a_timeout(step) -> None:
    driver = Driver(chain(step))
    driver.wait(60)
    driver.wake("w")
    assert (driver.step("w").error or {})["code"] == "timeout"
    assert driver.status == "failed"


@rule("R5.14")
@pytest.mark.parametrize("step", [kind("w", "wait", signal="n"), kind("w", "approval")])
def test_without_one_it_waits_for_ever(step) -> None:
    driver = Driver(chain(step))
    assert driver.step("w").due_at is None
    driver.wait(1e9)
    with pytest.raises(Stale):
        driver.wake("w")


def approving(**fields: Any) -> Driver:
    return Driver(chain(saga("a"), kind("w", "approval", **fields), task("z")))


@rule("R5.15")
def test_a_person_approves_with_a_comment() -> None:
    driver = approving()
    driver.run("a", gave(a=1))
    assert driver.status == "waiting"
    driver.take(Approve(driver.now, "w", True, "anna", "looks fine"))
    assert driver.context("z") == {"a": 1, "approved": True, "by": "anna", "comment": "looks fine"}


@rule("R5.15")
def test_a_rejection_fails_the_step() -> None:
    driver = approving()
    driver.run("a")
    driver.take(Approve(driver.now, "w", False, "anna", "too dear"))
    error = driver.step("w").error or {}
    assert (error["code"], error["message"]) == ("rejected", "Rejected by anna: too dear")
    assert driver.ready() == ["a"]


@rule("R5.15")
def test_a_rejection_may_be_passed_over() -> None:
    driver = approving(on_failure="continue")
    driver.run("a")
    driver.take(Approve(driver.now, "w", False, "anna"))
    assert driver.context("z")["approved"] is False


@rule("R5.15")
def test_a_step_is_approved_once_and_only_while_it_waits() -> None:
    driver = approving()
    assert driver.verdict(Approve(driver.now, "w", True, "anna")) == "x"
    driver.run("a")
    assert driver.verdict(Approve(driver.now, "z", True, "anna")) == "x"
    assert driver.verdict(Approve(driver.now, "w", True, "anna")) == "+"
    assert driver.verdict(Approve(driver.now, "w", False, "bert")) == "x"


@rule("R6.1")
@pytest.mark.parametrize(
    "step", [kind("w", "wait", seconds=9), kind("w", "wait", signal="n"), kind("w", "approval", timeout=60.0)]
)
def test_a_rollback_ends_what_waits(step) -> None:
    driver = Driver(graph([saga("a"), step, task("z")]))
    driver.run("a")
    driver.run("z", CRITICAL)
    assert driver.statuses("w") == ["cancelled"]
    assert driver.verdict(Approve(driver.now, "w", True, "anna")) == "x"
    driver.wait(100)
    with pytest.raises(Stale):
        driver.wake("w")
    driver.undo_all()
    assert driver.status == "compensated"
