"""R5.22 to R5.24, R5.29: groups, retried and detached runs, maps of runs."""

from __future__ import annotations

from typing import Any

import pytest

from designer.document.graph import Action, Edge, Graph, Retry, RollBack, Step
from runs.machine.bindings import bindings_at
from runs.machine.events import CancelChild, Left, RollBackChild
from tests.unit.runs.machine.driver import (
    CRITICAL,
    ERROR,
    INSIDE,
    ONCE,
    PERSON,
    UNDO,
    Driver,
    chain,
    end,
    gave,
    graph,
    kind,
    saga,
    started,
    task,
    trusting,
)

rule = pytest.mark.rule


# --- groups ---


@rule("R5.22")
def test_a_group_runs_its_body_with_the_context_and_what_it_states_laid_over() -> None:
    group = kind("g", "group", body=INSIDE, input={"b": "=context.a * 10"}, params={"p": 1, "b": 0})
    driver = Driver(chain(task("s"), group, task("t")), {"a": 1})
    driver.run("s", gave(a=2, s=3))
    [command] = started(driver)
    assert (command.body, command.workflow, command.input) == ("g", "", {"a": 2, "s": 3, "p": 1, "b": 20})
    assert (command.own, command.outer) == ({"a": 2, "s": 3, "p": 1, "b": 20}, 0)
    end(driver, "g", output={"y": 5})
    assert driver.context("t") == {"a": 2, "s": 3, "y": 5}


@rule("R5.22")
def test_a_group_is_undone_as_one_unit_by_its_run() -> None:
    driver = Driver(chain(saga("s"), kind("g", "group", body=INSIDE), task("t")))
    driver.run("s")
    end(driver, "g")
    driver.run("t", CRITICAL)
    assert [c.child for c in driver.commands if isinstance(c, RollBackChild)] == [driver.step("g").child]
    end(driver, "g", "compensated")
    driver.undo_all()
    assert (driver.undone(), driver.status) == (["g", "s"], "compensated")


@rule("R5.22")
@pytest.mark.parametrize(
    ("body", "error", "code", "cause"),
    [
        (INSIDE, {"code": "card.declined", "message": "no"}, "card.declined", ""),
        (INSIDE, {"code": "timeout", "message": "slow"}, "timeout", ""),
        (None, {"code": "card.declined", "message": "no"}, "child_failed", "card.declined"),
    ],
)
def test_the_error_of_a_body_has_the_code_of_what_failed_in_it(
    body: Any, error: Any, code: str, cause: str
) -> None:
    step = kind("g", "group", body=body) if body else kind("g", "workflow", workflow="other")
    caught = Edge("g", "c", on="failed", errors=(cause or code,))
    driver = Driver(graph([step, task("c")], [caught]))
    end(driver, "g", "failed", error=error)
    told = driver.last("step.failed").data["error"]
    assert (told["code"], told.get("cause", "")) == (code, cause)
    assert driver.step("c").status == "queued"


@rule("R5.23")
def test_a_failed_run_is_tried_again_with_a_new_one_and_what_it_left_stays_counted() -> None:
    retry = Retry(max_attempts=3, initial=2.0, jitter=0.0, never=("fatal",))
    driver = Driver(chain(kind("g", "group", body=INSIDE, retry=retry, timeout=60.0)))
    [first] = started(driver)
    assert first.timeout == 60.0
    end(driver, "g", "failed", error={"code": "busy", "message": "no"}, left=Left(1, ("x",)))
    assert (driver.step("g").status, driver.step("g").left) == ("retrying", 1)
    driver.wait(2)
    driver.wake("g")
    [second] = started(driver)
    assert second.child != first.child
    end(driver, "g", "failed", error={"code": "fatal", "message": "no"})
    assert driver.step("g").status == "failed"
    assert driver.memory.run.left_undone == 1


@rule("R5.23")
@pytest.mark.parametrize("code", ["cancelled", "timeout"])
def test_a_run_that_somebody_cancelled_is_not_tried_again(code: str) -> None:
    driver = Driver(chain(kind("g", "group", body=INSIDE, retry=Retry(max_attempts=2, initial=0.0))))
    end(driver, "g", "cancelled", error={"code": code, "message": "over"})
    assert driver.step("g").status == ("failed" if code == "cancelled" else "retrying")


@rule("R5.24")
def test_a_detached_run_is_not_awaited_and_its_id_is_the_output() -> None:
    step = kind("d", "workflow", workflow="other", detached=True, output_key="id", compensation="none")
    driver = Driver(chain(step, task("t")))
    [command] = started(driver)
    assert command.detached
    end(driver, "d", "started")
    assert driver.context("t") == {"id": command.child}
    driver.run("t", CRITICAL)
    assert (driver.undone(), driver.status) == ([], "failed")


@rule("R5.24")
@pytest.mark.parametrize(
    ("status", "undo"),
    [("compensated", "compensated"), ("cancelled", "compensated"), ("failed", "compensated")],
)
def test_a_detached_run_can_be_rolled_back(status: str, undo: str) -> None:
    step = kind("d", "workflow", workflow="other", detached=True, compensation=RollBack(True))
    driver = Driver(chain(step, task("t")))
    child = started(driver)[0].child
    end(driver, "d", "started")
    driver.run("t", CRITICAL)
    assert [c.child for c in driver.commands if isinstance(c, RollBackChild)] == [child]
    end(driver, "d", status)
    assert (driver.undos("d"), driver.status) == ([undo], "compensated")


# --- maps of runs ---


def each_run(**fields: Any) -> Step:
    plain: dict[str, Any] = {"kind": "map", "items": "input.items", "worker": None, "compensation": None}
    return saga("m", **plain | {"body": INSIDE} | fields)


@rule("R5.29")
def test_each_item_has_a_run_within_the_window() -> None:
    driver = Driver(chain(each_run(max_concurrency=2, input={"double": "=item * 2"})), {"items": [1, 2, 3]})
    assert [command.step for command in started(driver)] == ["m[0]", "m[1]"]
    assert started(driver)[1].input == {"items": [1, 2, 3], "item": 2, "index": 1, "double": 4}
    end(driver, "m[0]", output={"y": 1})
    assert [command.step for command in started(driver)] == ["m[2]"]
    assert started(driver)[0].own == {"item": 3, "index": 2, "double": 6}
    end(driver, "m[2]", output={"y": 3})
    end(driver, "m[1]")
    assert driver.output() == {"result": [{"y": 1}, None, {"y": 3}]}


@rule("R2.6", "R5.22")
def test_the_bodies_of_a_map_share_what_they_read_of_their_surroundings() -> None:
    driver = Driver(chain(task("s"), each_run(max_concurrency=1)), {"items": [1, 2], "a": 1})
    driver.run("s", gave(a=2, s=3))
    [first] = started(driver)
    shared = driver.memory.known_payloads[first.outer or 0]
    assert (first.own, shared) == ({"item": 1, "index": 0}, {"a": 2, "s": 3})
    end(driver, "m[0]")
    [second] = started(driver)
    assert (second.own, second.outer) == ({"item": 2, "index": 1}, first.outer)
    assert second.input == {"items": [1, 2], "a": 2, "s": 3, "item": 2, "index": 1}


@rule("R2.6", "R7.2")
def test_bodies_that_a_person_tries_again_see_the_patch() -> None:
    step = each_run(on_failure="pause")
    driver = Driver(chain(task("s"), step), {"items": [1], "a": 1})
    driver.run("s", gave(s=3))
    [first] = started(driver)
    end(driver, "m[0]", "failed", error={"code": "x", "message": "no"})
    driver.answer("m", "retry", patch={"a": 5})
    [second] = started(driver)
    assert second.input == {"items": [1], "a": 5, "s": 3, "item": 1, "index": 0}
    assert second.outer not in (None, first.outer)
    end(driver, "m[0]", "failed", error={"code": "x", "message": "no"})
    driver.answer("m", "retry", patch={"a": None})
    [without] = started(driver)
    assert without.own is None and without.input == {"items": [1], "s": 3, "item": 1, "index": 0}


@rule("R5.29")
def test_one_failed_item_stops_the_runs_of_the_others_and_completed_ones_are_rolled_back() -> None:
    driver = Driver(chain(each_run(max_concurrency=3)), {"items": [1, 2, 3]})
    end(driver, "m[0]")
    end(driver, "m[1]", "failed", error={"code": "x", "message": "no"})
    [stop] = [command for command in driver.commands if isinstance(command, CancelChild)]
    assert stop.child == (driver.step("m[2]").waits or {})["child"]
    end(driver, "m[2]", "cancelled", error={"code": "cancelled", "message": "stopped"})
    assert driver.step("m").status == "failed"
    assert [c.child for c in driver.commands if isinstance(c, RollBackChild)] == [driver.step("m[0]").child]


@rule("R5.29")
@pytest.mark.parametrize(
    ("tolerate", "failures", "status"),
    [("50 %", 2, "completed"), ("50%", 3, "failed"), ("12.5 %", 1, "failed"), ("100 %", 4, "completed")],
)
def test_a_share_may_fail(tolerate: str, failures: int, status: str) -> None:
    driver = Driver(chain(each_run(tolerate=tolerate)), {"items": [1, 2, 3, 4]})
    for index in range(4):
        if driver.step(f"m[{index}]").status == "waiting":
            how = "failed" if index < failures else "completed"
            end(driver, f"m[{index}]", how, error={"code": "x", "message": "no"} if how == "failed" else None)
    assert driver.step("m").status == status


@rule("R5.29")
def test_enough_items_complete_a_map_and_the_others_are_stopped() -> None:
    step = saga("m", kind="map", items="input.items", needed=2, max_concurrency=3, retry=ONCE)
    driver = Driver(chain(step), {"items": [1, 2, 3, 4, 5]})
    driver.run("m[0]", gave(n=0))
    driver.claim("m[1]")
    driver.run("m[2]", gave(n=2))
    assert [driver.step(f"m[{index}]").status for index in (3, 4)] == ["cancelled", "pending"]
    assert driver.step("m").status == "running"
    driver.report("m[1]", ERROR)
    assert driver.step("m").status == "completed"
    results = driver.output()["result"]
    assert results[0] == {"n": 0} and results[4]["error"]["code"] == "cancelled"


@rule("R5.29")
@pytest.mark.parametrize(("total", "failures", "code"), [(1, 0, "too_few_items"), (3, 2, "items_failed")])
def test_enough_items_may_be_out_of_reach(total: int, failures: int, code: str) -> None:
    driver = Driver(
        chain(saga("m", kind="map", items="input.items", needed=2, retry=ONCE)), {"items": [1] * total}
    )
    for index in range(failures):
        driver.run(f"m[{index}]", CRITICAL)
    assert (driver.step("m").error or {})["code"] == code


@rule("R5.29")
def test_nobody_is_asked_about_items_that_are_not_needed() -> None:
    step = saga("m", kind="map", items="input.items", needed=1, retry=ONCE)
    driver = Driver(chain(step), {"items": [1, 2, 3]})
    driver.run("m[0]", PERSON)
    driver.claim("m[1]")
    driver.run("m[2]", gave(n=2))
    assert driver.step("m[0]").intervention is None
    driver.report("m[1]", PERSON)
    assert (driver.step("m").status, driver.status) == ("completed", "completed")


@rule("R5.29")
def test_an_item_that_a_person_skips_is_none_of_those_that_are_needed() -> None:
    step = saga("m", kind="map", items="input.items", needed=1, retry=ONCE)
    driver = Driver(chain(step), {"items": [1, 2]})
    driver.run("m[0]", PERSON)
    driver.answer("m[0]", "skip")
    driver.run("m[1]", CRITICAL)
    assert (driver.step("m").error or {})["message"] == "0 of 2 items of m completed; it needs 1."


@rule("R5.29")
def test_many_items_that_cannot_begin_fail_one_after_the_other() -> None:
    driver = trusting(
        chain(each_run(tolerate=2_000, input={"x": "=item.nope"})), {"items": list(range(1_500))}
    )
    assert driver.step("m").status == "completed"
    assert driver.step("m").items_failed == 1_500


@rule("R5.22")
def test_a_body_reads_the_names_of_what_it_is_in() -> None:
    inner = Graph("flow", steps=(each_run(),)).body_of("m")
    assert inner.variables == {"item", "index"}
    driver = trusting(inner, {"item": 7, "index": 0})
    assert bindings_at(inner, driver.memory.state(), "x")["item"] == 7


@rule("R6.17")
def test_an_undo_by_a_worker_undoes_each_run_of_a_map() -> None:
    driver = Driver(chain(each_run(compensation=Action("undo", retry=ONCE)), task("t")), {"items": [1, 2]})
    for index in range(2):
        end(driver, f"m[{index}]", output={"n": index})
    driver.run("t", CRITICAL)
    driver.undo_all()
    assert (driver.undone(), driver.status) == (["m[1]", "m[0]"], "compensated")
    assert UNDO.worker == "undo"
