"""What a worker process goes on with after a step: the next one, or an item of the same map that waits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from runs.delivery import queue
from runs.engine import engine
from runs.engine.engine import ClaimedAttempt
from runs.machine.events import Dispatch
from runs.models import Run, StepRun
from tests.integration.runs.conftest import Publish, chain, step
from tests.integration.runs.engine.test_cost import statements
from workers.process import identity
from workers.process.jobs import run_attempt
from workers.sdk.outcome import Outcome

HERE = engine.Continuation("here", frozenset({"default"}))


def a_map(**fields: Any) -> Any:
    return step("m", kind="map", worker="double", compensation=None, items="context.numbers", **fields)


def started(publish: Publish, count: int, **fields: Any) -> tuple[Run, list[Dispatch]]:
    with queue.collect_dispatches() as dispatches:
        run = engine.start_run(publish(chain(a_map(**fields))), {"numbers": list(range(count))})
        return run, [dispatch for _, dispatch in dispatches]


def reported(
    claimed: ClaimedAttempt | None, continuation: engine.Continuation = HERE
) -> ClaimedAttempt | None:
    assert claimed is not None
    return engine.report(claimed, Outcome("succeeded", 1), continuation=continuation)


@pytest.fixture
def of_a_pool() -> Iterator[None]:
    """This process as one of a pool, which takes jobs from its queue."""
    identity.begin("here:1:x", identity.new_board(), ["default"])
    yield
    identity.begin("here:1:y", identity.new_board())


def test_who_has_a_map_to_himself_takes_its_waiting_items_along(publish: Publish) -> None:
    run, dispatches = started(publish, 3)
    assert len(dispatches) == 3, "others may help"
    first = engine.claim(run.pk, "m[0]", 1, "here")
    second = reported(first)
    third = reported(second)
    assert second is not None and third is not None
    assert [(claimed.step, claimed.is_notified) for claimed in (second, third)] == [
        ("m[1]", True),
        ("m[2]", True),
    ]
    assert reported(third) is None
    run.refresh_from_db()
    assert run.status == "completed"


def test_an_item_that_has_just_become_ready_comes_first(publish: Publish) -> None:
    """It needs no job then."""
    run, _ = started(publish, 4, max_concurrency=2)
    with queue.collect_dispatches() as dispatches:
        second = reported(engine.claim(run.pk, "m[0]", 1, "here"))
        assert second is not None and (second.step, second.is_notified) == ("m[2]", False)
        third = reported(second)
        assert third is not None and (third.step, third.is_notified) == ("m[3]", False)
        last = reported(third)
        assert last is not None and (last.step, last.is_notified) == ("m[1]", True)
        assert not dispatches


def test_items_that_others_help_with_are_left_to_their_jobs(publish: Publish) -> None:
    run, _ = started(publish, 4)
    first = engine.claim(run.pk, "m[0]", 1, "here")
    assert engine.claim(run.pk, "m[1]", 1, "there") is not None
    assert reported(first) is None
    waiting = StepRun.objects.filter(run=run, status="queued").values_list("name", flat=True)
    assert sorted(waiting) == ["m[2]", "m[3]"]


@pytest.mark.parametrize(
    "continuation",
    [
        engine.Continuation("here", frozenset({"default"}), workers=frozenset()),
        engine.Continuation("here", frozenset({"other"})),
    ],
)
def test_an_item_is_left_where_this_process_cannot_carry_it_out(
    publish: Publish, continuation: engine.Continuation
) -> None:
    run, _ = started(publish, 2)
    assert reported(engine.claim(run.pk, "m[0]", 1, "here"), continuation) is None
    assert StepRun.objects.get(run=run, name="m[1]").status == "queued"


def test_items_of_a_map_that_fails_are_not_gone_on_with(publish: Publish) -> None:
    run, _ = started(publish, 3)
    claimed = engine.claim(run.pk, "m[0]", 1, "here")
    assert claimed is not None
    assert engine.report(claimed, Outcome("failed", retryable=False), continuation=HERE) is None
    run.refresh_from_db()
    assert run.status == "failed"


def test_a_job_that_comes_in_vain_costs_no_statement(
    publish: Publish, of_a_pool: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, dispatches = started(publish, 5)
    run_attempt(str(run.pk), "m[0]", 1)
    run.refresh_from_db()
    assert run.status == "completed", "by one job"
    with statements(monkeypatch) as found:
        for dispatch in dispatches[1:]:
            run_attempt(str(run.pk), dispatch.step, dispatch.lease)
    assert found == []
    run_attempt(str(run.pk), dispatches[1].step, dispatches[1].lease)  # once more, as the sweep may ring
    run.refresh_from_db()
    assert run.status == "completed" and run.steps.filter(attempt__gt=1).count() == 0
