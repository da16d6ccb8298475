"""Section 6 of docs/semantics.md: an effect whose output was refused is still an effect (R6.15)."""

from __future__ import annotations

from typing import Any

import pytest

from designer.document.graph import IRREVERSIBLE, Action, Edge, Retry, Step
from tests.unit.runs.machine.driver import (
    CRITICAL,
    DONE,
    ERROR,
    NOT_DONE,
    OK,
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
)
from workers.sdk.outcome import Failure, Outcome

pytestmark = pytest.mark.rule("R6.15")
REFUSED = Outcome("failed", {"id": 7}, Failure("bad_output", "`rate` of the output is nan"), acted=True)
NOTHING_KEPT = Outcome("failed", None, Failure("bad_output", "the output is a set"), acted=True)


def undo_output(driver: Driver, key: str) -> Any:
    """What the undo of a step gets, once it has begun."""
    driver.claim(key)
    return driver.bindings(key)["output"]


@pytest.mark.parametrize(("outcome", "output"), [(REFUSED, {"id": 7}), (NOTHING_KEPT, {})])
def test_it_is_undone_with_what_can_be_kept_of_its_output(outcome: Outcome, output: Any) -> None:
    driver = Driver(chain(saga("a"), saga("b"), task("c")))
    driver.run("a")
    driver.run("b", outcome)
    assert (driver.memory.run.failure or {})["step"] == "b"
    assert undo_output(driver, "b") == output
    driver.report("b")
    driver.undo_all()
    assert driver.undone() == ["b", "a"]
    assert driver.status == "compensated"


@pytest.mark.parametrize("bad", [float("nan"), 2**64, "\0", {1, 2}, {"x": [float("inf")]}], ids=repr)
def test_what_no_process_has_refused_the_rules_refuse(bad: Any) -> None:
    driver = Driver(chain(saga("a"), task("b")))
    driver.run("a", gave(x=bad))
    assert (driver.step("a").error or {})["code"] == "bad_output"
    assert driver.undos("a") == ["pending"]


@pytest.mark.parametrize("outcome", [ERROR, CRITICAL, Outcome("failed", {"status": "failed"})])
def test_a_step_that_failed_and_said_so_is_not_undone(outcome: Outcome) -> None:
    driver = Driver(chain(saga("a")))
    driver.run("a", outcome)
    assert driver.undos("a") == ["none"]


def test_nothing_but_the_undo_reads_it() -> None:
    steps = [saga("a", on_failure="continue"), task("b")]
    driver = Driver(graph(steps, [Edge("a", "b", when="!has(context.id) && steps.a == {}")]))
    driver.trust()
    driver.run("a", REFUSED)
    assert driver.statuses("a", "b") == ["failed", "queued"]
    assert driver.context("b") == {}
    driver.run("b", CRITICAL)
    assert undo_output(driver, "a") == {"id": 7}


def test_it_is_not_tried_again_and_has_no_fallback() -> None:
    """The worker would act once more, only to return the same."""
    driver = Driver(chain(saga("a", retry=None, fallback=Action("other"))))
    driver.run("a", REFUSED)
    assert driver.step("a").attempt == 1
    assert "step.fallback_started" not in driver.types
    assert driver.undos("a") == ["pending"]


def test_a_fallback_whose_output_is_refused_is_undone() -> None:
    driver = Driver(chain(saga("a", fallback=Action("other"))))
    driver.run("a", CRITICAL)
    driver.run("a", REFUSED)
    assert driver.undos("a") == ["pending"]


@pytest.mark.parametrize(
    ("answer", "status", "undo", "output"),
    [
        (DONE, "completed", "none", None),
        (NOT_DONE, "failed", "none", None),
        (ERROR, "failed", "pending", {"id": 7}),
        (UNKNOWN, "failed", "pending", {"id": 7}),
    ],
    ids=["done", "not done", "no answer", "lost"],
)
def test_a_verify_worker_is_asked_for_an_output_that_can_be_kept(answer, status, undo, output) -> None:
    driver = Driver(chain(saga("a", verify=Action("verify"))))
    driver.run("a", REFUSED)
    driver.run("a", answer)
    assert driver.statuses("a") == [status]
    assert driver.undos("a") == [undo]
    assert (driver.step("a").error or {}).get("code") == (None if status == "completed" else "bad_output")
    if output is not None:
        assert undo_output(driver, "a") == output


def test_done_without_an_output_completes_with_what_was_kept() -> None:
    driver = Driver(chain(saga("a", verify=Action("verify")), task("b")))
    driver.run("a", REFUSED)
    driver.run("a", Outcome("succeeded", {"outcome": "done"}))
    assert driver.context("b") == {"id": 7}
    driver.run("b", CRITICAL)
    assert undo_output(driver, "a") == {"id": 7}


def test_where_nothing_was_done_the_fallback_is_tried() -> None:
    driver = Driver(chain(saga("a", verify=Action("verify"), fallback=Action("other"))))
    driver.run("a", REFUSED)
    driver.run("a", NOT_DONE)
    driver.run("a", CRITICAL)
    assert driver.status == "failed"
    assert driver.undos("a") == ["none"]


def test_a_rollback_that_begins_before_the_answer_undoes_it() -> None:
    driver = Driver(chain(saga("a", verify=Action("verify"))))
    driver.run("a", REFUSED)
    driver.cancel()
    driver.undo_all()
    assert driver.undos("a") == ["compensated"]
    assert driver.status == "cancelled"


@pytest.mark.parametrize(
    ("answer", "output"),
    [
        (DONE, {"found": 1}),
        (Outcome("succeeded", {"outcome": "done"}), {"id": 7}),
    ],
    ids=["an output", "none"],
)
def test_what_verification_gives_during_a_rollback_takes_the_refused_outputs_place(answer, output) -> None:
    """An earlier attempt may have acted, too; so the outcome is asked for before the undo."""
    driver = Driver(chain(saga("a", verify=Action("verify"), retry=Retry(max_attempts=2, initial=0.0))))
    driver.run("a", UNKNOWN)
    driver.run("a", UNKNOWN)  # its verification
    driver.wait(100)
    driver.wake("a")
    driver.run("a", REFUSED)
    driver.cancel()
    driver.run("a", answer)
    assert undo_output(driver, "a") == output


@pytest.mark.parametrize(
    ("answer", "undo"), [("compensate", "pending"), ("skip", "none"), ("resolve", "none")]
)
def test_a_person_may_be_asked_first(answer, undo) -> None:
    driver = Driver(chain(saga("a", on_failure="pause"), task("b", on_failure="compensate")))
    driver.run("a", REFUSED)
    assert driver.statuses("a") == ["blocked"]
    driver.answer("a", answer)
    assert driver.undos("a") == [undo]
    if answer != "compensate":
        driver.run("b", CRITICAL)
        assert driver.undos("a") == ["pending"]
        assert undo_output(driver, "a") == ({"id": 7} if answer == "skip" else {})


@pytest.mark.parametrize(
    ("second", "output"),
    [(gave(id=8), {"id": 8}), (CRITICAL, {"id": 7}), (REFUSED, {"id": 7})],
    ids=["completed", "failed", "refused again"],
)
def test_tried_again_by_a_person_it_is_undone_once(second: Outcome, output: Any) -> None:
    driver = Driver(chain(saga("a", on_failure="pause"), task("b")))
    driver.run("a", REFUSED)
    driver.answer("a", "retry")
    driver.run("a", second)
    driver.cancel()
    assert undo_output(driver, "a") == output
    driver.report("a")
    driver.undo_all()
    assert driver.undone() == ["a"]


def test_items_of_a_map_are_undone_too() -> None:
    driver = Driver(chain(each("m", tolerate=1), task("z")), {"items": [1, 2, 3]})
    driver.run("m[0]")
    driver.run("m[1]", REFUSED)
    driver.run("m[2]")
    assert driver.statuses("m") == ["completed"]
    assert driver.context("z")["result"][1]["error"]["code"] == "bad_output"
    driver.run("z", CRITICAL)
    assert undo_output(driver, "m[2]") == {}
    driver.report("m[2]")
    assert undo_output(driver, "m[1]") == {"id": 7}
    driver.report("m[1]")
    driver.undo_all()
    assert driver.undos("m[0]", "m[1]", "m[2]") == ["compensated"] * 3


def test_an_attempt_that_ends_so_during_the_rollback_is_undone_first() -> None:
    driver = Driver(graph([saga("a"), saga("b"), task("c")]))
    driver.run("a")
    driver.claim("b")
    driver.run("c", CRITICAL)
    driver.report("b", REFUSED)
    driver.undo_all()
    assert driver.undone() == ["b", "a"]


def test_one_that_cannot_be_undone_is_reported() -> None:
    driver = Driver(chain(task("a", compensation=IRREVERSIBLE)))
    driver.run("a", REFUSED)
    assert driver.memory.run.left_undone == 1
    assert driver.status == "failed"


def test_one_of_an_abandoned_run_is_reported() -> None:
    driver = Driver(chain(saga("a", on_failure="pause")))
    driver.run("a", REFUSED)
    driver.cancel("abandon")
    assert driver.undos("a") == ["abandoned"]


def test_a_pivot_that_did_its_work_is_a_point_of_no_return() -> None:
    driver = Driver(chain(saga("a"), saga("b", pivot=True)))
    driver.run("a")
    driver.run("b", REFUSED)
    assert driver.status == "blocked"
    assert driver.memory.run.pivot


def test_steps_that_may_not_be_added_leave_the_effect_of_their_worker() -> None:
    driver = Driver(chain(saga("a", dynamic=True)))
    driver.trust()
    many = tuple(Step(f"s{number}", worker="work") for number in range(1_001))
    driver.run("a", gave(id=7), expansion=many)
    assert (driver.step("a").error or {})["code"] == "too_many_steps"
    assert undo_output(driver, "a") == {"id": 7}


def test_a_child_whose_output_cannot_be_kept_is_rolled_back() -> None:
    from runs.machine.events import EndChild, RollBackChild

    driver = Driver(chain(kind("c", "workflow", workflow="w")))
    driver.trust()
    child = (driver.step("c").waits or {})["child"]
    value: Any = 1
    for _ in range(201):
        value = [value]
    driver.take(EndChild(driver.now, "c", child, "completed", {"x": value}))
    assert driver.statuses("c") == ["failed"]
    assert driver.commands == (RollBackChild(child),)


def test_an_unknown_attempt_before_it_changes_nothing() -> None:
    driver = Driver(chain(saga("a", retry=None)))
    driver.run("a", UNKNOWN)
    driver.wait(100)
    driver.wake("a")
    driver.run("a", REFUSED)
    driver.run("a", OK)  # its undo
    assert driver.undos("a") == ["compensated"]


def test_the_undo_is_what_it_always_is() -> None:
    """An undo whose own answer is refused asks a person, as any undo that says it failed."""
    driver = Driver(chain(saga("a", compensation=UNDO)))
    driver.run("a", REFUSED)
    driver.run("a", Outcome("failed", failure=Failure("bad_output", "a set")))
    assert driver.status == "blocked"
