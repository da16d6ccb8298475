"""Named limits on a real database: who begins, who waits, who is next, and that no slot is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from redis import Redis

from designer.document.graph import Action
from designer.models import Limit
from runs.delivery import queue
from runs.engine import engine
from runs.machine.events import Dispatch
from runs.maintenance import slots as tended
from runs.maintenance.sweep import sweep_due, sweep_once
from runs.models import Run, Slot, SlotUse
from runs.store import reader
from tests.integration.runs.conftest import Publish, RunHere, chain, step
from tests.integration.runs.engine.test_cost import statements
from tests.integration.runs.workers import did
from workers.sdk.outcome import Outcome

HERE = engine.Continuation("here", frozenset({"default"}))
DONE = Outcome("succeeded", {})

pytestmark = pytest.mark.rule("R11.1")


def stripe(**numbers: Any) -> Limit:
    return Limit.objects.update_or_create(name="stripe", defaults={"at_once": None, "rate": None, **numbers})[
        0
    ]


def start(publish: Publish, count: int, *, steps: int = 1, **fields: Any) -> tuple[list[Run], list[Any]]:
    """Starts runs whose steps take a slot; returns them and what was dispatched."""
    version = publish(chain(*(step(f"s{place}", limit="stripe", **fields) for place in range(steps))))
    with queue.collect_dispatches() as dispatches:
        runs = [engine.start_run(version, {}) for _ in range(count)]
        return runs, [run_id for run_id, _ in dispatches]


def claim(run: Run, name: str = "s0", lease: int = 1) -> engine.ClaimedAttempt | None:
    return engine.claim(run.pk, name, lease, "here")


def held() -> int:
    return Slot.objects.filter(held=True).count()


def waiting() -> list[Any]:
    return list(Slot.objects.filter(held=False, offered_until=None).values_list("run_id", flat=True))


def test_no_more_begin_at_a_time_than_the_limit_says(publish: Publish) -> None:
    stripe(at_once=2)
    runs, offered = start(publish, 4)
    assert offered == [runs[0].pk, runs[1].pk], "the others wait without a job"
    first, second = claim(runs[0]), claim(runs[1])
    assert first and second and held() == 2
    assert claim(runs[2]) is None, "also a job that comes too early"
    assert waiting() == [runs[2].pk, runs[3].pk]
    with queue.collect_dispatches() as dispatches:
        engine.report(first, DONE)
        assert [run_id for run_id, _ in dispatches] == [runs[2].pk], "who came first is next"
    assert held() == 1 and claim(runs[3]) is None
    assert claim(runs[2]) is not None


def test_a_process_goes_on_with_its_run_where_nobody_waits(publish: Publish) -> None:
    stripe(at_once=1)
    (run,), _ = start(publish, 1, steps=3)
    first = claim(run)
    assert first is not None
    second = engine.report(first, DONE, continuation=HERE)
    assert second is not None and second.step == "s1"
    assert held() == 1


@pytest.mark.rule("R11.2")
def test_who_goes_on_does_not_push_in(publish: Publish) -> None:
    stripe(at_once=1)
    runs, _ = start(publish, 2, steps=2)
    first = claim(runs[0])
    assert first is not None
    with queue.collect_dispatches() as dispatches:
        assert engine.report(first, DONE, continuation=HERE) is None
        assert [run_id for run_id, _ in dispatches] == [runs[1].pk]
    assert claim(runs[1]) is not None


@pytest.mark.rule("R11.2")
def test_an_undo_comes_before_all_that_wait(publish: Publish, run_here: RunHere) -> None:
    stripe(at_once=1)
    version = publish(chain(step("s0", limit="stripe"), step("s1", limit="stripe", worker="act")))
    with queue.collect_dispatches():
        failing, *others = [engine.start_run(version, {}) for _ in range(3)]
    first = claim(failing)
    assert first is not None
    engine.report(first, DONE)
    second = claim(others[0])
    assert second is not None
    engine.cancel_run(failing.pk)
    assert waiting() == [failing.pk, others[1].pk], "s1 of the first waits no more"
    with queue.collect_dispatches() as dispatches:
        engine.report(second, DONE)
        assert [(run_id, found.step, found.lease) for run_id, found in dispatches] == [(failing.pk, "s0", 2)]
    undo = claim(failing, lease=2)
    assert undo is not None and undo.state.step("s0").undo == "running"
    assert claim(others[1]) is None and held() == 1


@pytest.mark.parametrize("ending", ["lost", "expired", "handed back", "failed", "cancelled"])
def test_however_an_attempt_ends_its_slot_is_free(publish: Publish, ending: str) -> None:
    stripe(at_once=1)
    runs, _ = start(publish, 2)
    first = claim(runs[0])
    assert first is not None
    if ending == "lost":
        engine.process_lost("here")
    elif ending == "expired":
        expire_leases()
    elif ending == "handed back":
        engine.hand_back(first)
    elif ending == "failed":
        engine.report(first, Outcome("failed", retryable=False))
    else:
        engine.cancel_run(runs[0].pk)
        assert held() == 1, "its worker is still at work"
        engine.report(first, DONE)
    assert held() == 0
    is_first_again = ending in ("handed back", "cancelled")  # its undo comes first
    assert claim(runs[0], lease=2) if is_first_again else claim(runs[1])


def expire_leases() -> None:
    """Makes each lease end now."""
    from runs.models import StepRun

    for row in StepRun.objects.filter(status="running"):
        at = reader.now() - timedelta(seconds=1)
        row.state["due_at"] = at.isoformat()
        row.due_at = at
        row.save()
    sweep_due()


def test_an_abandoned_attempt_holds_its_slot_until_it_reports(publish: Publish) -> None:
    stripe(at_once=1)
    runs, _ = start(publish, 2)
    first = claim(runs[0])
    assert first is not None
    engine.cancel_run(runs[0].pk, "abandon")
    assert held() == 1 and claim(runs[1]) is None
    engine.report(first, DONE)
    assert held() == 0 and claim(runs[1]) is not None


def test_or_until_long_after_its_lease(publish: Publish) -> None:
    stripe(at_once=1)
    runs, _ = start(publish, 2)
    assert claim(runs[0]) is not None
    engine.cancel_run(runs[0].pk, "abandon")
    Slot.objects.filter(held=True).update(until=reader.now() - timedelta(hours=1))
    sweep_once()
    assert held() == 0 and claim(runs[1]) is not None


@pytest.mark.rule("R11.3")
def test_a_rate_counts_over_the_time_that_has_passed(publish: Publish) -> None:
    stripe(rate=2, per=60)
    runs, offered = start(publish, 4)
    assert offered == [runs[0].pk, runs[1].pk]
    assert claim(runs[0]) and claim(runs[1]) and claim(runs[2]) is None
    limit = Limit.objects.get(name="stripe")
    assert limit.due_at is not None and limit.due_at <= reader.now() + timedelta(seconds=60)
    SlotUse.objects.filter(number=1).update(at=reader.now() - timedelta(seconds=61))
    with queue.collect_dispatches() as dispatches:
        tended.tend("stripe", reader.now())
        assert [run_id for run_id, _ in dispatches] == [runs[2].pk]
    assert claim(runs[2]) and claim(runs[3]) is None


@pytest.mark.rule("R11.4")
def test_a_limit_changes_while_steps_wait(publish: Publish) -> None:
    stripe(at_once=1)
    runs, _ = start(publish, 4)
    assert claim(runs[0]) is not None
    stripe(at_once=3)
    with queue.collect_dispatches() as dispatches:
        tended.tend("stripe", reader.now())
        assert [run_id for run_id, _ in dispatches] == [runs[1].pk, runs[2].pk]
    stripe(at_once=1)
    assert claim(runs[1]) is None, "lowered meanwhile"
    stripe()
    with queue.collect_dispatches() as dispatches:
        tended.tend("stripe", reader.now())
        assert {run_id for run_id, _ in dispatches} >= {runs[3].pk}
    assert all(claim(run) for run in runs[1:])


@pytest.mark.rule("R11.4")
def test_a_limit_that_nobody_has_stated_limits_nothing(run_here: RunHere) -> None:
    assert run_here(chain(step("a", limit="unknown"), step("b"))).status == "completed"
    assert not Slot.objects.exists()


def test_an_offer_that_is_lost_is_made_again(publish: Publish, redis_client: Redis) -> None:
    stripe(at_once=1)
    runs, _ = start(publish, 2)  # the job went into the test's own collection, and is lost
    later = reader.now() + timedelta(seconds=6)
    Slot.objects.filter(offered_until__isnull=False).update(offered_until=reader.now())
    with queue.collect_dispatches() as dispatches:
        tended.tend("stripe", later)
        assert [run_id for run_id, _ in dispatches] == [runs[0].pk]


@pytest.mark.rule("R11.2")
def test_a_step_whose_job_lies_in_its_queue_is_passed(publish: Publish, redis_client: Redis) -> None:
    """Nobody serves its queue, so its offer would keep all others from their turn."""
    stripe(at_once=1)
    runs, _ = start(publish, 2)
    queue.dispatch(runs[0].pk, [Dispatch("s0", 1, "default")])
    Slot.objects.filter(offered_until__isnull=False).update(offered_until=reader.now())
    with queue.collect_dispatches() as dispatches:
        tended.tend("stripe", reader.now() + timedelta(seconds=6))
        assert [run_id for run_id, _ in dispatches] == [runs[1].pk]
    second = claim(runs[1])
    assert second is not None and claim(runs[0]) is None
    assert waiting() == [runs[0].pk], "it came too late, and waits in its old place"
    with queue.collect_dispatches() as dispatches:
        engine.report(second, DONE)
        assert [run_id for run_id, _ in dispatches] == [runs[0].pk]


def test_an_offer_after_a_lost_commit_is_made_by_the_sweep(
    publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    stripe(at_once=1)
    with monkeypatch.context() as patched:
        patched.setattr("runs.engine.slots.offer", lambda names: None)
        runs, offered = start(publish, 1)
        assert offered == []
    with queue.collect_dispatches() as dispatches:
        sweep_once()
        assert [run_id for run_id, _ in dispatches] == [runs[0].pk]


def test_items_of_a_map_take_slots_one_by_one(run_here: RunHere) -> None:
    stripe(at_once=2)
    items = step("m", kind="map", worker="double", compensation=None, items="context.numbers", limit="stripe")
    run = run_here(chain(items), numbers=list(range(9)))
    assert run.status == "completed" and not Slot.objects.exists()


def test_a_whole_run_with_a_limit_is_undone(run_here: RunHere) -> None:
    stripe(at_once=1)
    undo = Action("undo", limit="other")
    run = run_here(
        chain(step("a", limit="stripe"), step("b", limit="stripe", compensation=undo), step("c")),
        faults={"c": "critical"},
    )
    assert run.status == "compensated" and did[-1].startswith("undo a")
    assert not Slot.objects.exists()


def test_a_step_without_a_limit_costs_nothing_more(publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    stripe(at_once=1)
    version = publish(chain(step("a"), step("b"), step("c", limit="stripe")))
    with queue.collect_dispatches():
        run = engine.start_run(version, {})
    first = engine.claim(run.pk, "a", 1, "here")
    assert first is not None
    with statements(monkeypatch) as found:
        assert engine.report(first, DONE, continuation=HERE) is not None
    assert not [sql for sql in found if "slot" in sql or "limit" in sql], found
