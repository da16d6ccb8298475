"""Runs that a worker process carries out side by side: one transaction, and each run as if it were alone."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, OperationalError, connection

from designer.document.graph import Graph
from runs.delivery import queue
from runs.engine import attempts, engine, unit_of_work
from runs.engine.attempts import Offer
from runs.machine.events import Dispatch
from runs.models import JournalEntry, Run, StepRun
from tests.integration.runs import workers as sample
from tests.integration.runs.conftest import Publish, chain, step
from tests.integration.runs.engine.flow.test_slots import stripe
from tests.integration.runs.engine.test_cost import count, statements
from tests.replay import replayed
from workers.process import batch, identity, jobs, overrun, pace
from workers.process.attempts import attempt
from workers.process.jobs import run_attempt

RUNS = 6
ROW = chain(step("a"), step("b"), step("c"))
MAP = step("m", kind="map", worker="double", compensation=None, items="[1, 2, 3]")
MIXED = chain(step("q", worker="double", compensation=None), step("s"), name="mixed")
UNKNOWN = step("z", worker="measured", compensation=None, params={"size": 1})
Waiting = deque[tuple[UUID, Dispatch]]


class FakeBacklog:
    """Gives out the dispatches of this process. `back`: those that were put back."""

    def __init__(self, waiting: Waiting) -> None:
        self.waiting = waiting
        self.back: list[Offer] = []

    def is_likely(self) -> bool:
        return True

    def take(self, count: int) -> list[Offer]:
        found = [self.waiting.popleft() for _ in range(min(count, len(self.waiting)))]
        return [Offer(run_id, dispatch.step, dispatch.lease) for run_id, dispatch in found]

    def put_back(self, offers: Sequence[Offer]) -> None:
        self.back += offers
        self.waiting.extendleft(
            (one.run_id, Dispatch(one.step, one.lease, "default")) for one in reversed(offers)
        )


@pytest.fixture
def backlog(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeBacklog]:
    """What waits is looked for at once, and the workers of the tests are quick on any machine."""
    monkeypatch.setattr(batch, "LOOK_S", 0.0)
    monkeypatch.setattr(batch, "HOLD_S", 60.0)
    monkeypatch.setattr(pace, "QUICK_S", 60.0)
    monkeypatch.setattr(overrun, "OVERRUN_S", 60.0)
    for name in ("act", "undo", "double"):
        for _ in range(pace.KNOWN):
            pace.pace.note(name, 0.0)
    identity.begin("here:1:x", identity.new_board(), ["default"])
    with queue.collect_dispatches() as waiting:
        found = FakeBacklog(waiting)
        monkeypatch.setattr(jobs, "_backlog", found)
        yield found
    identity.begin("here:1:y", identity.new_board())


def carry_out_all(waiting: Waiting) -> None:
    """As the worker process does: job after job, each of which takes others along."""
    while waiting:
        run_id, dispatch = waiting.popleft()
        run_attempt(str(run_id), dispatch.step, dispatch.lease)


def start(publish: Publish, graph: Graph = ROW, runs: int = RUNS, **input: Any) -> list[Run]:
    version = publish(graph)
    return [engine.start_run(version, {"number": number, **input}) for number in range(runs)]


def only_double_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """And stays so, whatever the others take."""
    pace.pace.forget()
    for _ in range(pace.KNOWN):
        pace.pace.note("double", 0.0)
    monkeypatch.setattr(pace.Pace, "note", lambda *_: None)


def told(run: Run) -> list[tuple[str, str, int]]:
    run.refresh_from_db()
    replayed(run)
    return list(JournalEntry.objects.filter(run=run).order_by("seq").values_list("type", "step", "attempt"))


def test_the_steps_of_several_runs_are_one_transaction(
    publish: Publish, backlog: FakeBacklog, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = start(publish)
    with statements(monkeypatch) as found:
        carry_out_all(backlog.waiting)
    assert [Run.objects.get(pk=run.pk).status for run in runs] == ["completed"] * RUNS
    assert Counter(sample.did) == {"a": RUNS, "b": RUNS, "c": RUNS}
    if connection.vendor == "sqlite":
        steps, transactions = 3 * RUNS, count(found, "COMMIT")
        assert transactions < steps / 2, "the first rounds have one, two, four runs"
    else:
        assert count(found, "SELECT 1 FROM runs_run") == count(
            found, "WITH moved AS (UPDATE runs_run SET state=new."
        )
        claims_and_ends = 2 * RUNS
        assert count(found, "WITH moved") < claims_and_ends + RUNS, "what moves several runs is one statement"


@pytest.mark.parametrize(
    "input",
    [
        {},
        {"faults": {"b": "temporary"}},
        {"faults": {"c": "critical"}},
        {"faults": {"c": "critical", "undo_a": True}},
    ],
    ids=["plain", "again", "undone", "blocked"],
)
@pytest.mark.parametrize(
    "graph",
    [
        ROW,
        chain(
            step("a"), step("m", kind="map", worker="double", compensation=None, items="[1, 2, 3]"), step("c")
        ),
        chain(step("a"), step("b", worker="act_async"), step("c")),
        chain(step("a", limit="stripe"), step("b"), step("c", limit="stripe")),
    ],
    ids=["row", "map", "async", "limited"],
)
def test_a_run_in_a_batch_goes_as_one_by_itself(
    publish: Publish, backlog: FakeBacklog, monkeypatch: pytest.MonkeyPatch, graph: Graph, input: Any
) -> None:
    stripe(at_once=2)
    with monkeypatch.context() as alone:
        alone.setattr(jobs, "_backlog", None)
        (single,) = start(publish, graph, 1, **input)
        carry_out_all(backlog.waiting)
    runs = start(publish, graph, **input)
    carry_out_all(backlog.waiting)
    assert len(told(single)) > 4
    in_order = list if graph.by_name.get("m") is None else sorted  # items of a map go side by side
    assert [in_order(told(run)) for run in runs] == [in_order(told(single))] * RUNS


def test_a_run_that_another_process_moved_is_decided_again(
    publish: Publish, backlog: FakeBacklog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody cancels one run between what was read and what is written: it alone is decided anew."""
    runs = start(publish)
    real, left = unit_of_work.units_that_go_on, [runs[2]]

    def moved(work: Any) -> Any:
        if left and any(loaded.rows.run_id == left[0].pk for loaded, _ in work) and len(work) > 1:
            engine.cancel_run(left.pop().pk)
        return real(work)

    monkeypatch.setattr(attempts, "units_that_go_on", moved)
    carry_out_all(backlog.waiting)
    assert not left
    found = [Run.objects.get(pk=run.pk).status for run in runs]
    assert found == ["completed", "completed", "cancelled", "completed", "completed", "completed"]
    for run in runs:
        told(run)


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
def test_reports_are_kept_until_the_database_is_back(
    publish: Publish, backlog: FakeBacklog, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    runs = start(publish)
    real, errors = attempts.take_together, [OperationalError("the connection is closed")]

    def away(*args: Any) -> Any:
        result = real(*args) if after or not errors else None
        if errors:
            raise errors.pop()
        return result or real(*args)

    monkeypatch.setattr(batch, "take_together", away)
    carry_out_all(backlog.waiting)
    assert [Run.objects.get(pk=run.pk).status for run in runs] == ["completed"] * RUNS
    assert Counter(sample.did) == {"a": RUNS, "b": RUNS, "c": RUNS}
    assert not StepRun.objects.exclude(process="").exists()


def test_what_breaks_the_joint_transaction_is_met_by_its_own_run_alone(
    publish: Publish, backlog: FakeBacklog, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = start(publish)
    bad = runs[3].pk
    real = engine.report

    def refused(*args: Any) -> Any:
        raise IntegrityError("a value that the table refuses")

    def alone(claimed: Any, *args: Any, **options: Any) -> Any:
        return refused() if claimed.run_id == bad else real(claimed, *args, **options)

    monkeypatch.setattr(batch, "take_together", refused)
    monkeypatch.setattr(engine, "report", alone)
    carry_out_all(backlog.waiting)
    assert {run.pk for run in Run.objects.exclude(status="completed")} == {bad}
    assert StepRun.objects.get(run=bad, name="a").status == "running", "the sweep brings it forward"


def test_a_step_that_may_be_slow_is_carried_out_by_itself(
    publish: Publish, backlog: FakeBacklog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is left to the next free process, before others; nothing that is finished waits for it."""
    only_double_is_quick(monkeypatch)
    runs = start(publish, MIXED, item=1)
    seen: list[int] = []
    real = batch.Batch._performed

    def performed(self: batch.Batch) -> Any:
        finished = real(self)
        if any(report.claimed.action.worker == "act" for report in finished):
            seen.append(len(finished))
        return finished

    monkeypatch.setattr(batch.Batch, "_performed", performed)
    carry_out_all(backlog.waiting)
    assert seen == [1] * RUNS
    assert {Run.objects.get(pk=run.pk).status for run in runs} == {"completed"}


def test_a_step_that_is_not_quick_goes_to_the_front_of_its_queue(
    publish: Publish, backlog: FakeBacklog, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_double_is_quick(monkeypatch)
    first: set[Any] = set()
    real = queue.dispatch_all

    def dispatch_all(found: Any, at_front: Any = ()) -> None:
        first.update(at_front)
        real(found)

    monkeypatch.setattr(queue, "dispatch_all", dispatch_all)
    runs = start(publish, MIXED, item=1)
    carry_out_all(backlog.waiting)
    assert first and first <= {(run.pk, "s") for run in runs}


def test_jobs_that_are_not_for_the_batch_are_the_next_ones(publish: Publish, backlog: FakeBacklog) -> None:
    """A step of an unknown pace, and a further one of a run that is under way."""
    both = Graph(
        "both",
        steps=(step("a"), step("b"), step("z", worker="measured", compensation=None, params={"size": 1})),
    )
    (run,) = start(publish, both, 1)
    carry_out_all(backlog.waiting)
    assert [offer.step for offer in backlog.back] and {offer.run_id for offer in backlog.back} == {run.pk}
    assert Run.objects.get(pk=run.pk).status == "completed"
    told(run)


def test_a_batch_grows_for_a_while_only(
    publish: Publish, backlog: FakeBacklog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much waits, the job ends, and the worker process sees to other kinds of jobs."""
    monkeypatch.setattr(batch, "GROWS_S", 0.0)
    runs = start(publish)
    run_id, dispatch = backlog.waiting.popleft()
    run_attempt(str(run_id), dispatch.step, dispatch.lease)
    assert len(backlog.waiting) == RUNS - 1
    assert [Run.objects.get(pk=run.pk).status for run in runs] == ["completed", *["running"] * (RUNS - 1)]


def test_nothing_waits_for_a_step_that_is_slow_against_all_experience(
    publish: Publish, backlog: FakeBacklog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What others have finished is reported meanwhile, and what they have not begun is given back."""
    monkeypatch.setattr(overrun, "OVERRUN_S", 0.05)
    runs = start(publish)
    real, waits = attempt.perform, threading.Event()

    def perform(claimed: Any) -> Any:
        if claimed.run_id == slow and claimed.step == "b":
            until = time.monotonic() + 30
            while not waits.is_set() and time.monotonic() < until:
                at_b = StepRun.objects.filter(name="b", run__in=[run.pk for run in runs if run.pk != slow])
                if not StepRun.objects.exclude(process="").exclude(run=slow).exists() and at_b.exists():
                    waits.set()
                time.sleep(0.02)
        return real(claimed)

    slow = runs[4].pk
    monkeypatch.setattr(attempt, "perform", perform)
    carry_out_all(backlog.waiting)
    assert waits.is_set(), "the other runs still waited"
    assert [Run.objects.get(pk=run.pk).status for run in runs] == ["completed"] * RUNS
    assert Counter(sample.did) == {"a": RUNS, "b": RUNS, "c": RUNS}
    for run in runs:
        told(run)


class TestPace:
    def test_a_worker_is_quick_after_a_few_quick_attempts(self) -> None:
        quick = pace.Pace()
        for _ in range(pace.KNOWN):
            assert "w" not in quick
            quick.note("w", 0.0)
        assert "w" in quick

    def test_few_slow_attempts_are_forgiven_and_more_are_not(self) -> None:
        quick = pace.Pace()
        for _ in range(pace.LATELY):
            quick.note("w", 0.0)
        for _ in range(pace.LATELY // pace.SLOW_ONE_OF):
            quick.note("w", 1.0)
            assert "w" in quick
        quick.note("w", 1.0)
        assert "w" not in quick
        for _ in range(pace.LATELY - 2):
            quick.note("w", 0.0)
        assert "w" in quick
