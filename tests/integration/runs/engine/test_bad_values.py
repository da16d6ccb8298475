"""What the data of a step causes is found out before the write, on a real database (R2.8)."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from redis import Redis

from designer.document.graph import Edge, Graph, Step
from runs.delivery import queue
from runs.engine import creation, engine
from runs.machine.bindings import task_bindings
from runs.machine.decide import HANDLERS
from runs.machine.errors import Stale
from runs.machine.events import Claim
from runs.machine.steps import kinds, ready
from runs.machine.transition import Transition
from runs.models import Run, StepRun
from tests.integration.runs.conftest import Publish, RunHere, chain, step
from tests.integration.runs.engine.test_children import work
from tests.integration.runs.workers import did
from tests.replay import replayed
from workers.process.attempts import attempt
from workers.sdk.outcome import Outcome

rule = pytest.mark.rule
CHILD = chain(step("inner"), name="child")

# The step after `a`, and what its run's input holds under `t`.
BAD: dict[str, tuple[Step, Any, str]] = {
    "until, beyond the calendar": (
        Step("w", kind="wait", until="=context.t"),
        "9999-12-31T23:59:59-12:00",
        "bad_value",
    ),
    "until, far ahead": (Step("w", kind="wait", until="=context.t"), "3000-01-01T00:00:00Z", "bad_value"),
    "seconds": (Step("w", kind="wait", seconds="=context.t"), 2**63 - 1, "bad_value"),
    "items": (step("w", kind="map", items="['a\\u0000b', context.t]"), 1, "bad_value"),
    "input": (Step("w", kind="workflow", workflow="child", input={"x": "='a\\u0000b'"}), 1, "bad_value"),
    "params": (step("w", params={"x": "=context.nope"}), 1, "bad_expression"),
    "guard": (step("w", when="context.t"), 1, "bad_expression"),
}


@rule("R2.8")
@pytest.mark.parametrize(("bad", "value", "code"), BAD.values(), ids=BAD)
def test_the_step_before_stays_completed_and_its_effect_is_made_once(
    publish: Publish, run_here: RunHere, bad: Step, value: Any, code: str
) -> None:
    publish(CHILD)
    run = run_here(chain(step("a"), bad), t=value)
    assert did == ["a", "undo a of 1 after w"]
    assert run.status == "compensated"
    assert run.error is not None and (run.error["step"], run.error["code"]) == ("w", code)
    assert replayed(run).run.status == run.status


@rule("R2.8")
@pytest.mark.parametrize(("bad", "value", "code"), BAD.values(), ids=BAD)
def test_a_run_that_begins_with_bad_data_starts_and_fails(
    publish: Publish, run_here: RunHere, bad: Step, value: Any, code: str
) -> None:
    publish(CHILD)
    run = run_here(chain(bad), t=value)
    assert run.status == "failed"
    assert run.error is not None and run.error["code"] == code


def breaks(*_: Any) -> Any:
    raise ZeroDivisionError("a bug")


@rule("R2.8")
def test_a_fault_of_the_product_is_logged_once(
    run_here: RunHere, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ready, "RULES", {**ready.RULES, "approval": kinds.Rules(breaks)})
    with caplog.at_level(logging.ERROR):
        run = run_here(chain(step("a"), Step("w", kind="approval")))
    assert did == ["a", "undo a of 1 after w"]
    assert run.error is not None and (run.error["step"], run.error["code"]) == ("w", "internal")
    records = [record for record in caplog.records if record.exc_info]
    assert [record.exc_info[0] for record in records if record.exc_info] == [ZeroDivisionError]


@rule("R2.8")
@pytest.mark.parametrize("place", ["begins", "starts a child"])
def test_a_fault_around_a_step_fails_that_step(
    publish: Publish, run_here: RunHere, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    publish(CHILD)
    after = step("w") if place == "begins" else Step("w", kind="workflow", workflow="child")

    def bindings(graph: Graph, state: Any, key: str, direction: Any) -> Any:
        return breaks() if key == "w" else task_bindings(graph, state, key, direction)

    monkeypatch.setattr(attempt, "task_bindings", bindings)
    monkeypatch.setattr(creation, "check_input", lambda request: request.parent and breaks())
    run = run_here(chain(step("a"), after))
    assert did == ["a", "undo a of 1 after w"]
    assert run.error is not None and run.error["step"] == "w"


@rule("R2.8")
def test_a_child_with_bad_data_of_its_own_does_not_keep_its_parent_from_starting_it(
    publish: Publish, redis_client: Redis
) -> None:
    publish(chain(Step("w", kind="wait", until="=context.t"), name="child"))
    parent = Graph(
        "parent",
        steps=(step("a"), Step("c", kind="workflow", workflow="child", on_failure="continue"), step("b")),
        edges=(Edge("a", "c"), Edge("c", "b")),
    )
    run = engine.start_run(publish(parent), {"t": "9999-12-31T23:59:59-12:00"})
    work(redis_client)
    run.refresh_from_db()
    assert (run.status, did) == ("completed", ["a", "b"])
    assert Run.objects.get(parent=run).status == "failed"


@rule("R2.8")
def test_a_claim_that_fails_does_not_take_the_report_with_it(
    publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stale(transition: Transition, event: Claim) -> None:
        raise Stale("somebody was faster")

    run = engine.start_run(publish(chain(step("a"), step("b"))), {})
    worker = engine.Continuation("here", frozenset({"default"}))
    claimed = attempt.claim(run.pk, "a", 1, worker.process, None)
    assert claimed is not None
    monkeypatch.setitem(HANDLERS, Claim, stale)
    assert attempt.report(claimed, Outcome("succeeded", {"a": 1}), worker) is None
    assert StepRun.objects.get(run=run, name="a").status == "completed"
    assert queue.job_id(run.pk, "b", 1) in queue.queued_ids({"default"})
