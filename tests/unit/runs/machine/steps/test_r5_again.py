"""Starting again from a step: what is taken over, what runs, and what each of the two runs undoes."""

from __future__ import annotations

from typing import Any

import pytest

from designer.document.graph import Edge, Graph
from runs.machine.allowed import allowed
from runs.machine.errors import Refused
from runs.machine.steps.taking_over import taken_over
from tests.simulation.again import ends_of
from tests.unit.runs.machine.driver import (
    CRITICAL,
    UNKNOWN,
    Driver,
    chain,
    each,
    gave,
    graph,
    kind,
    saga,
    task,
)


def again(earlier: Driver, start: str, of: dict[str, str] | None = None, **more: Any) -> Driver:
    """Starts a run again from a step."""
    memory = earlier.memory
    taken = taken_over(memory.graph, memory.state(), start, ends_of(memory), of or {})
    facts: dict[str, Any] = {"again": {"run": memory.run.id, "from": start}}
    return Driver(memory.base, memory.input, id="again", taken=taken, **facts, **more)


def points(driver: Driver) -> tuple[str, ...]:
    return allowed(driver.memory.graph, driver.memory.state()).again_from


def completed(driver: Driver, *names: str) -> Driver:
    for name in names:
        driver.run(name, gave(**{name: 1}))
    return driver


def statuses(driver: Driver) -> dict[str, str]:
    return {name: driver.step(name).status.value for name in driver.memory.base.by_name}


@pytest.mark.rule("R5.51")
def test_what_stands_before_a_step_is_taken_over_with_its_output_and_not_run_again() -> None:
    earlier = completed(Driver(chain(task("a"), saga("b"), task("c"), task("d"))), "a", "b", "c", "d")
    assert points(earlier) == ("b", "c", "d")
    run = again(earlier, "c")
    assert statuses(run) == {"a": "completed", "b": "completed", "c": "queued", "d": "pending"}
    assert run.bindings("c")["context"] == {"a": 1, "b": 1}
    completed(run, "c", "d")
    assert run.status == "completed" and run.types.count("step.started") == 2


@pytest.mark.rule("R5.51")
def test_a_parallel_branch_that_stands_is_taken_over_and_one_that_does_not_runs_anew() -> None:
    two = graph(
        [task("a"), task("good"), task("bad"), task("end")],
        [("a", "good"), ("a", "bad"), ("good", "end"), ("bad", "end")],
    )
    earlier = completed(Driver(two), "a", "good")
    earlier.run("bad", CRITICAL)
    assert earlier.status == "failed" and points(earlier) == ("good", "bad")
    assert statuses(again(earlier, "bad")) == {
        "a": "completed",
        "good": "completed",
        "bad": "queued",
        "end": "pending",
    }
    assert statuses(again(earlier, "good")) == {
        "a": "completed",
        "good": "queued",
        "bad": "queued",
        "end": "pending",
    }


@pytest.mark.rule("R5.51")
def test_edges_that_were_not_taken_are_not_taken_again() -> None:
    branch = graph(
        [task("a"), task("yes"), task("no"), task("end")],
        [
            Edge("a", "yes", when="context.v > 1"),
            Edge("a", "no", otherwise=True),
            ("yes", "end"),
            ("no", "end"),
        ],
    )
    earlier = Driver(branch)
    earlier.run("a", gave(v=2))
    completed(earlier, "yes", "end")
    assert points(earlier) == ("yes", "end")
    run = again(earlier, "end")
    assert statuses(run) == {"a": "completed", "yes": "completed", "no": "skipped", "end": "queued"}


@pytest.mark.rule("R5.51")
def test_a_failure_that_was_caught_is_taken_over_with_what_the_steps_behind_see_of_it() -> None:
    caught = graph(
        [task("a"), task("help"), task("end")],
        [("a", "end"), Edge("a", "help", on="failed"), ("help", "end")],
    )
    earlier = Driver(caught)
    earlier.run("a", CRITICAL)
    completed(earlier, "help", "end")
    run = again(earlier, "end")
    assert statuses(run) == {"a": "failed", "help": "completed", "end": "queued"}
    assert run.bindings("end")["context"]["failure"]["step"] == "a"


@pytest.mark.rule("R5.51")
def test_a_map_is_taken_over_as_a_whole() -> None:
    earlier = Driver(chain(each("m"), task("end")), {"items": [1, 2]})
    for item in ("m[0]", "m[1]"):
        earlier.run(item, gave(done=item))
    completed(earlier, "end")
    run = again(earlier, "end")
    assert run.bindings("end")["steps"]["m"] == [{"done": "m[0]"}, {"done": "m[1]"}]
    assert "m[0]" not in run.memory.rows


@pytest.mark.rule("R5.51")
def test_it_waits_for_its_turn_like_any_other_run() -> None:
    earlier = completed(Driver(chain(task("a"), task("b"))), "a", "b")
    run = again(earlier, "b", starts=False)
    assert run.status == "pending" and statuses(run) == {"a": "completed", "b": "pending"}


@pytest.mark.rule("R5.52")
@pytest.mark.parametrize(
    ("start", "code", "says"),
    [
        ("c", "not_standing", "a was undone. Start again from it"),
        ("nowhere", "unknown_step", "no step 'nowhere'"),
    ],
)
def test_nothing_that_was_undone_is_taken_over(start: str, code: str, says: str) -> None:
    earlier = completed(Driver(chain(saga("a"), task("b"), task("c"))), "a", "b")
    earlier.run("c", CRITICAL)
    earlier.run("a")
    assert earlier.status == "compensated" and points(earlier) == ()
    with pytest.raises(Refused, match=says) as refused:
        again(earlier, start)
    assert refused.value.code == code


@pytest.mark.rule("R5.52")
def test_steps_without_an_effect_stand_after_a_rollback() -> None:
    earlier = completed(
        Driver(chain(task("check", compensation=None), saga("pay"), task("ship"))), "check", "pay"
    )
    earlier.run("ship", CRITICAL)
    earlier.run("pay")
    assert points(earlier) == ("pay",)
    assert statuses(again(earlier, "pay")) == {"check": "completed", "pay": "queued", "ship": "pending"}


@pytest.mark.rule("R5.52")
def test_an_effect_that_may_be_there_is_not_passed_over() -> None:
    earlier = Driver(chain(saga("a", on_failure="continue"), task("b")))
    earlier.run("a", UNKNOWN)
    completed(earlier, "b")
    with pytest.raises(Refused, match="a did not end well"):
        again(earlier, "b")


@pytest.mark.rule("R5.52")
def test_a_run_that_goes_on_is_not_started_again_from_a_step() -> None:
    earlier = completed(Driver(chain(task("a"), task("b"))), "a")
    assert points(earlier) == ()
    with pytest.raises(Refused, match="It goes on still") as refused:
        again(earlier, "b")
    assert refused.value.code == "not_ended"


@pytest.mark.rule("R5.52")
def test_no_branch_that_was_not_taken_is_gone_back_to() -> None:
    branch = graph(
        [task("a"), task("yes"), task("no")],
        [Edge("a", "yes", when="context.v > 1"), Edge("a", "no", otherwise=True)],
    )
    earlier = Driver(branch)
    earlier.run("a", gave(v=2))
    completed(earlier, "yes")
    with pytest.raises(Refused, match="no branch led there"):
        again(earlier, "no")


@pytest.mark.rule("R5.52")
def test_a_step_that_has_added_steps_does_so_anew() -> None:
    earlier = Driver(chain(task("plan", dynamic=True), task("end")))
    earlier.trust()
    earlier.claim("plan")
    earlier.report("plan", gave(), expansion=(task("more"),))
    completed(earlier, "more", "end")
    assert points(earlier) == ()
    with pytest.raises(Refused, match="plan has added steps"):
        again(earlier, "end")


@pytest.mark.rule("R5.53")
def test_each_run_undoes_what_it_did_itself() -> None:
    earlier = completed(Driver(chain(saga("a"), saga("b"), saga("c"))), "a", "b", "c")
    run = completed(again(earlier, "b"), "b")
    run.run("c", CRITICAL)
    assert run.memory.journal[-1].data["plan"] == ["b"]
    run.run("b")
    assert run.status == "compensated" and run.step("a").undo == "taken_over"
    earlier.roll_back()
    assert [name for name in ("a", "b", "c") if earlier.step(name).undo == "pending"] == ["a", "b", "c"]


@pytest.mark.rule("R5.53")
def test_the_new_run_has_passed_no_pivot_that_it_took_over() -> None:
    earlier = completed(
        Driver(chain(saga("a"), task("point", pivot=True), saga("b"), task("c"))), "a", "point", "b", "c"
    )
    run = completed(again(earlier, "b"), "b")
    run.run("c", CRITICAL)
    assert run.status == "compensating" and run.memory.journal[-1].data["plan"] == ["b"]


@pytest.mark.rule("R5.53")
def test_a_run_that_took_over_nothing_but_failed_at_once_has_nothing_to_undo() -> None:
    earlier = completed(Driver(chain(saga("a"), task("b"))), "a", "b")
    run = again(earlier, "b")
    run.run("b", CRITICAL)
    assert run.status == "failed"


@pytest.mark.rule("R5.53")
def test_what_was_taken_over_is_taken_over_further_from_the_run_that_did_it() -> None:
    flow: Graph = chain(saga("a"), saga("b"), kind("w", "wait", seconds=5.0))
    first = completed(Driver(flow, id="first"), "a")
    first.run("b", CRITICAL)
    first.run("a")
    assert first.status == "compensated"
    whole = completed(Driver(flow, id="whole"), "a", "b")
    whole.cancel("abandon")
    assert points(whole) == ()  # what it left is not known to stand
    done = completed(Driver(flow, id="done"), "a", "b")
    done.wait(6)
    done.wake("w")
    second = again(done, "w")
    second.wait(6)
    second.wake("w")
    assert second.status == "completed"
    third = again(second, "w", of={"a": "done", "b": "done"})
    assert {entry.data["taken_over"] for entry in third.memory.journal if "taken_over" in entry.data} == {
        "done"
    }
