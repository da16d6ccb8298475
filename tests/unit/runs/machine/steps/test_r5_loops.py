"""R5.25 to R5.28: loops; R6.17: their undo."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from designer.document.graph import Edge, Step
from runs.machine.errors import Refused
from runs.machine.events import EndLoop, RollBackChild
from tests.unit.runs.machine.driver import (
    CRITICAL,
    INSIDE,
    chain,
    end,
    gave,
    graph,
    saga,
    started,
    task,
    trusting,
)
from workers.sdk.outcome import Failure, Outcome

rule = pytest.mark.rule


def loop(name: str = "l", **fields: Any) -> Step:
    return saga(name, **{"kind": "loop", "max_turns": 5, "until": "output.n >= 3"} | fields)


@rule("R5.25")
def test_a_loop_runs_until_its_condition_holds() -> None:
    driver = trusting(chain(loop(), task("t")))
    for turn in range(3):
        assert driver.step("l").status == "running"
        driver.run(f"l[{turn}]", gave(n=turn + 1))
    assert driver.step("l").status == "completed"
    assert driver.context("t") == {"n": 3}
    assert driver.types.count("step.queued") == 4


@rule("R5.25")
@pytest.mark.parametrize(("limit", "turns"), [(0, 0), (1, 1), (3, 3)])
def test_while_is_read_before_each_turn(limit: int, turns: int) -> None:
    step = loop(
        until=None, while_="turn <= input.limit && (turn == 1 || previous.n == turn - 1)", collect=True
    )
    driver = trusting(chain(step, task("t")), {"limit": limit})
    for turn in range(turns):
        driver.run(f"l[{turn}]", gave(n=turn + 1))
    assert driver.step("l").status == "completed"
    assert driver.bindings("t")["steps"]["l"] == [{"n": turn + 1} for turn in range(turns)]


@rule("R5.25")
def test_a_turn_sees_the_outputs_of_those_before_it() -> None:
    driver = trusting(chain(loop(until="turn == 3", params={"p": "=previous"})), {"a": 0})
    seen = []
    for turn, output in enumerate((gave(a=1, b=1), gave(b=2), gave())):
        seen.append(driver.context(f"l[{turn}]"))
        driver.run(f"l[{turn}]", output)
    assert seen == [
        {"a": 0, "turn": 1, "previous": None},
        {"a": 1, "b": 1, "turn": 2, "previous": {"a": 1, "b": 1}},
        {"a": 1, "b": 2, "turn": 3, "previous": {"b": 2}},
    ]


@rule("R5.25")
@pytest.mark.parametrize(("key", "seen"), [("k", {"k": {"n": 1}}), (None, {"n": 1})])
def test_an_output_key_holds_the_last_turn(key: str | None, seen: dict[str, Any]) -> None:
    driver = trusting(chain(loop(until="turn == 2", output_key=key)))
    driver.run("l[0]", gave(n=1))
    context = driver.context("l[1]")
    assert {name: context[name] for name in seen} == seen
    driver.run("l[1]", gave(n=2))
    assert driver.output() == ({key: {"n": 2}} if key else {"n": 2})


@rule("R5.26")
def test_a_delay_holds_no_worker_and_may_depend_on_the_turn() -> None:
    driver = trusting(chain(loop(until="turn == 3", delay="=turn * 10")))
    driver.run("l[0]", gave(n=0))
    waiting = driver.step("l[1]")
    assert (waiting.status, driver.status, driver.ready()) == ("waiting", "waiting", [])
    assert waiting.due_at == driver.now + timedelta(seconds=10)
    driver.wait(10)
    driver.wake("l[1]")
    driver.run("l[1]", gave(n=0))
    assert driver.step("l[2]").due_at == driver.now + timedelta(seconds=20)
    driver.cancel()
    assert driver.step("l[2]").status == "cancelled"


@rule("R5.27")
@pytest.mark.parametrize(("on_exhausted", "status"), [("fail", "failed"), ("continue", "completed")])
def test_turns_are_used_up(on_exhausted: str, status: str) -> None:
    driver = trusting(chain(loop(max_turns=2, on_exhausted=on_exhausted, compensation="none")))
    driver.run("l[0]", gave(n=1))
    driver.run("l[1]", gave(n=2))
    assert driver.step("l").status == status
    if status == "failed":
        assert driver.last("step.failed").data["error"]["code"] == "turns_exhausted"
    else:
        assert driver.output() == {"n": 2}


@rule("R5.27")
def test_a_failed_turn_fails_its_loop_with_the_code_of_the_turn() -> None:
    driver = trusting(graph([loop(), task("c")], [Edge("l", "c", on="failed", errors=("card.*",))]))
    driver.run("l[0]", gave(n=1))
    driver.run("l[1]", Outcome("failed", failure=Failure("card.declined", "no")))
    error = driver.step("l").error or {}
    assert (error["code"], error["message"]) == ("card.declined", "Turn 2 of l failed: no")
    assert driver.step("c").status == "queued"
    driver.run("c", CRITICAL)
    driver.undo_all()
    assert driver.undone() == ["l[0]"]


@rule("R5.27")
@pytest.mark.parametrize("field", ["until", "while_", "delay"])
def test_what_cannot_be_evaluated_fails_the_loop_and_no_turn(field: str) -> None:
    broken = {"until": "turn == 9", field: "=context.nope" if field == "delay" else "context.nope"}
    driver = trusting(chain(loop(**broken)))
    if field != "while_":
        driver.run("l[0]", gave(n=1))
        assert driver.step("l[0]").status == "completed"
    assert driver.step("l").status == "failed"
    assert (driver.step("l").error or {})["code"] == "bad_expression"
    driver.undo_all()
    assert driver.undone() == ([] if field == "while_" else ["l[0]"])


@rule("R5.27")
def test_a_loop_that_is_tried_again_goes_on_with_the_turn_that_failed() -> None:
    driver = trusting(chain(loop(on_failure="pause", until="output.n >= 2")))
    driver.run("l[0]", gave(n=1))
    driver.run("l[1]", CRITICAL)
    assert driver.step("l").status == "blocked"
    driver.answer("l", "retry")
    driver.run("l[1]", gave(n=2))
    assert (driver.step("l").status, driver.status) == ("completed", "completed")


@rule("R5.28")
def test_a_person_ends_a_loop_after_the_turn_under_way() -> None:
    driver = trusting(chain(loop(max_turns=9)))
    driver.run("l[0]", gave(n=1))
    driver.claim("l[1]")
    driver.take(EndLoop(driver.now, "l", "anna"))
    assert driver.step("l").status == "running"
    with pytest.raises(Refused):
        driver.take(EndLoop(driver.now, "l", "anna"))
    driver.report("l[1]", gave(n=2))
    assert (driver.step("l").status, driver.output()) == ("completed", {"n": 2})


@rule("R5.28")
def test_a_loop_that_waits_ends_at_once() -> None:
    driver = trusting(chain(loop(delay=60)))
    driver.run("l[0]", gave(n=1))
    driver.take(EndLoop(driver.now, "l", "anna"))
    assert (driver.step("l").status, driver.step("l[1]").status) == ("completed", "cancelled")
    assert driver.output() == {"n": 1}
    with pytest.raises(Refused):
        driver.take(EndLoop(driver.now, "nothing", "anna"))


@rule("R6.17")
@pytest.mark.parametrize("order", ["sequential", "parallel"])
def test_turns_are_undone_one_after_the_other_the_last_first(order: Any) -> None:
    steps = [saga("a"), loop(until="turn == 3"), saga("b"), task("z")]
    driver = trusting(chain(*steps, compensation_order=order))
    driver.run("a")
    for turn in range(3):
        driver.run(f"l[{turn}]", gave(n=turn))
    driver.run("b")
    driver.run("z", CRITICAL)
    while ready := driver.ready():
        assert len(ready) == 1
        driver.run(ready[0])
    assert driver.undone() == ["b", "l[2]", "l[1]", "l[0]", "a"]
    assert driver.status == "compensated"


@rule("R6.17")
@pytest.mark.parametrize("order", ["sequential", "parallel"])
def test_a_turn_that_ends_during_the_rollback_is_undone_first(order: Any) -> None:
    driver = trusting(chain(saga("a"), loop(until="turn == 9", max_turns=9), compensation_order=order))
    driver.run("a")
    driver.run("l[0]", gave(n=0))
    driver.run("l[1]", gave(n=1))
    driver.claim("l[2]")
    driver.cancel()
    driver.report("l[2]", gave(n=2))
    driver.undo_all()
    assert driver.undone() == ["l[2]", "l[1]", "l[0]", "a"]
    assert driver.status == "cancelled"


@rule("R6.17")
def test_the_undo_of_a_turn_sees_its_number_and_its_own_output() -> None:
    driver = trusting(chain(loop(until="turn == 9", max_turns=9)))
    driver.run("l[0]", gave(n=10))
    driver.run("l[1]", gave(n=11))
    driver.run("l[2]", CRITICAL)
    assert driver.ready() == ["l[1]"]
    seen = driver.bindings("l[1]")
    assert (seen["output"], seen["turn"], seen["previous"]) == ({"n": 11}, 2, {"n": 10})
    driver.run("l[1]")
    assert driver.context("l[0]")["n"] == 10


@rule("R5.25")
def test_a_turn_may_be_a_run() -> None:
    driver = trusting(
        chain(
            saga(
                "l", kind="loop", worker=None, compensation=None, body=INSIDE, max_turns=3, until="turn == 2"
            )
        )
    )
    [first] = started(driver)
    assert first.input == {"turn": 1, "previous": None}
    end(driver, "l[0]", output={"y": 1})
    [second] = started(driver)
    assert second.input == {"y": 1, "turn": 2, "previous": {"y": 1}}
    end(driver, "l[1]", "failed", error={"code": "x", "message": "no"})
    assert driver.ready() == []
    assert [c.child for c in driver.commands if isinstance(c, RollBackChild)] == [first.child]
