"""Section 2 of docs/semantics.md: what the data of a step causes is a failure of that step alone (R2.8)."""

from __future__ import annotations

from typing import Any

import pytest

from designer.document.graph import Edge, Step
from runs.machine.errors import Refused
from runs.machine.events import Approve, Dispatch
from runs.machine.limits import WAIT_S_MAX
from runs.machine.steps import kinds, ready
from tests.unit.runs.machine.driver import CRITICAL, Driver, chain, gave, graph, kind, saga, task

rule = pytest.mark.rule


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


# Each is a step and what `context.t` holds when the step begins.
BAD: dict[str, tuple[Step, Any, str]] = {
    "time beyond the calendar in UTC": (
        kind("w", "wait", until="=context.t"),
        "9999-12-31T23:59:59-12:00",
        "bad_value",
    ),
    "time too far ahead": (kind("w", "wait", until="=context.t"), "2200-01-01T00:00:00Z", "bad_value"),
    "no time": (kind("w", "wait", until="=context.t"), "tomorrow", "bad_expression"),
    "no text for a time": (kind("w", "wait", until="=context.t"), 5, "bad_expression"),
    "too many seconds": (kind("w", "wait", seconds="=context.t"), WAIT_S_MAX + 1, "bad_value"),
    "seconds beyond every clock": (kind("w", "wait", seconds="=context.t"), 2**63 - 1, "bad_value"),
    "seconds as a float": (kind("w", "wait", seconds="=context.t"), 1e308, "bad_value"),
    "no number": (kind("w", "wait", seconds="=context.t"), "5", "bad_expression"),
    "items too deep": (task("w", kind="map", items="[[context.t]]"), nested(199), "bad_value"),
    "items with NUL": (task("w", kind="map", items="['\\u0000']"), 1, "bad_value"),
    "no list": (task("w", kind="map", items="context.t"), 1, "bad_items"),
    "input too deep": (
        kind("w", "workflow", workflow="c", input={"x": "=[context.t]"}),
        nested(199),
        "bad_value",
    ),
    "input with NUL": (
        kind("w", "workflow", workflow="c", input={"x": "=context.t + '\\u0000'"}),
        "a",
        "bad_value",
    ),
    "guard that is no condition": (task("w", when="context.t"), 1, "bad_expression"),
    "guard that overflows": (task("w", when="context.t * context.t > 1"), 2**62, "bad_expression"),
}


@rule("R2.8")
@pytest.mark.parametrize(("step", "value", "code"), BAD.values(), ids=BAD)
def test_bad_data_of_a_step_fails_that_step_and_leaves_the_step_before_completed(step, value, code) -> None:
    driver = Driver(chain(saga("a"), step))
    driver.trust()
    driver.run("a", gave(t=value))
    assert driver.statuses("a", "w") == ["completed", "failed"]
    assert (driver.memory.run.failure or {})["step"] == "w"
    assert (driver.memory.run.failure or {})["error"] == code
    assert driver.undos("a") == ["pending"]


@rule("R2.8")
@pytest.mark.parametrize(("step", "value", "code"), BAD.values(), ids=BAD)
def test_bad_data_of_a_step_leaves_its_siblings_alone(step, value, code) -> None:
    """They begin in the same event, before and after it."""
    steps = [saga("a"), task("before"), Step(**{**vars(step), "on_failure": "continue"}), task("after")]
    driver = Driver(graph(steps, [("a", "before"), ("a", "w"), ("a", "after")]))
    driver.trust()
    driver.run("a", gave(t=value))
    assert driver.statuses("a", "before", "w", "after") == ["completed", "queued", "failed", "queued"]
    assert driver.notified() == ["before", "after"]


@rule("R2.8")
@pytest.mark.parametrize(("step", "value", "code"), BAD.values(), ids=BAD)
def test_bad_data_of_a_first_step_fails_the_run_that_starts(step, value, code) -> None:
    driver = Driver(chain(step), {"t": value})
    driver.trust()
    assert driver.step("w").status == "failed"
    assert driver.status == "failed"


@rule("R2.8")
@pytest.mark.parametrize("value", [0, -1, -(2**63), 1e-300, WAIT_S_MAX], ids=str)
def test_every_number_of_seconds_up_to_the_limit_is_a_wait(value) -> None:
    driver = Driver(chain(task("a"), kind("w", "wait", seconds="=context.t")))
    driver.run("a", gave(t=value))
    assert driver.step("w").status in ("completed", "waiting")


@rule("R2.8")
@pytest.mark.parametrize(
    "value", ["0001-01-01T00:00:00+12:00", "2026-01-01T00:00:00Z", "1970-01-01T00:00:00Z"]
)
def test_a_time_that_has_passed_is_not_waited_for_however_long_ago_it_was(value) -> None:
    driver = Driver(chain(task("a"), kind("w", "wait", until="=context.t")))
    driver.run("a", gave(t=value))
    assert driver.status == "completed"


def broken(*_: Any) -> None:
    raise ZeroDivisionError("a bug")


@rule("R2.8")
@pytest.mark.parametrize("name", ["task", "map", "wait", "workflow", "approval"])
def test_a_fault_of_the_product_fails_the_step_it_was_about_and_is_handed_out_to_be_logged(
    name, monkeypatch
) -> None:
    steps = {
        "task": task("w"),
        "map": task("w", kind="map", items="[1]"),
        "wait": kind("w", "wait", seconds=1),
        "workflow": kind("w", "workflow", workflow="c"),
        "approval": kind("w", "approval"),
    }

    def begins_and_breaks(transition, step) -> None:
        transition.queue(step.name)
        if step.name == "a":
            return
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(ready, "RULES", {**ready.RULES, name: kinds.Rules(begins_and_breaks)})
    driver = Driver(chain(saga("a"), steps[name]))
    driver.run("a")
    assert driver.statuses("a", "w") == ["completed", "failed"]
    assert (driver.step("w").error or {})["code"] == "internal"
    assert [(fault.step, type(fault.error)) for fault in driver.faults] == [("w", ZeroDivisionError)]
    assert driver.notified() == ["a"]  # its undo, and nothing of the step that broke


@rule("R2.8")
def test_a_fault_at_an_edge_leaves_its_step_completed(monkeypatch) -> None:
    driver = Driver(graph([saga("a"), task("b")], [Edge("a", "b", when="true")]))
    driver.trust()
    monkeypatch.setattr("runs.machine.conditions.condition", broken)
    driver.run("a")
    assert driver.step("a").undo == "pending"
    assert (driver.memory.run.error or {})["code"] == "internal"
    assert [fault.step for fault in driver.faults] == ["a"]


@rule("R2.8")
@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 2**64, "\0", "\ud800", nested(201), {1: 2}], ids=repr
)
def test_what_a_person_or_program_sends_is_refused_if_it_cannot_be_kept(value) -> None:
    driver = Driver(
        graph([task("a", on_failure="pause"), kind("s", "wait", signal="go"), kind("p", "approval")])
    )
    driver.run("a", CRITICAL)
    for send in (
        lambda: driver.signal("go", {"x": value}),
        lambda: driver.answer("a", "retry", patch={"x": value}),
        lambda: driver.answer("a", "resolve", output=value),
        lambda: driver.take(Approve(driver.now, "p", True, "anna", value)),
    ):
        with pytest.raises(Refused) as refused:
            send()
        assert refused.value.code == "bad_value"
    assert driver.statuses("a", "s", "p") == ["blocked", "waiting", "waiting"]


@rule("R2.8")
def test_the_deepest_value_that_may_be_kept_goes_through() -> None:
    driver = Driver(chain(task("a"), task("m", kind="map", items="context.t")))
    driver.run("a", gave(t=nested(199)))
    assert isinstance(driver.commands[0], Dispatch)
