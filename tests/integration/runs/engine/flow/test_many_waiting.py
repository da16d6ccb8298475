"""What the next one costs where very many wait: the same as where few do, beside whatever rows there are.

GROWTH_WAITING=100000 GROWTH_BESIDE=1000000 in the environment builds the full size: a minute a test on either
database.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from designer.document.flow import Concurrency
from designer.models import Limit
from runs.delivery import queue
from runs.engine import engine
from runs.models import EventWait, Place, Run, Slot, StepRun
from runs.store import reader
from tests.bench.growth.many import BESIDE, WAITING, Cost, analyze, copies, costs, literal, run_id
from tests.integration.runs.conftest import Publish, chain, step
from workers.sdk.outcome import Outcome

FEW = 100
IN_ORDER = WAITING // 100  # so many of those that wait are carried out
DONE = Outcome("succeeded", {})
OTHERS = 10_000_000  # numbers of runs that have nothing to do with it begin here
OF_OTHER: dict[str, Any] = {"lease": 1, "rank": 1, "held": False, "is_reserved": False}
Once = Callable[[], Any]


def waits(numbers: range, run: Run, *rows: Any) -> None:
    """Adds copies of a run that waits, with these rows of it, each in its turn or with a key of its own."""
    copies(run, numbers, id=run_id("n"))
    for row in rows:
        own = {"key": "'k' || n"} if isinstance(row, EventWait) else {}
        own |= {"turn_at": literal(row.turn_at)} if isinstance(row, Place | Slot) else {}
        copies(row, numbers, run_id=run_id("n"), **own)


def put_last(row: Place | Slot) -> None:
    """Lets the one that is copied wait behind all its copies."""
    type(row).objects.filter(pk=row.pk).update(turn_at=row.turn_at + timedelta(days=1))


def compared(monkeypatch: pytest.MonkeyPatch, more: Callable[[range], None], once: Once) -> list[Cost]:
    """What it costs once with few waiting, and with many of them and many other runs."""
    other = Run.objects.filter(status="completed").first()
    assert other is not None
    found = []
    for numbers, beside in ((range(1, FEW), 10), (range(FEW, WAITING), BESIDE)):
        copies(other, range(OTHERS + numbers.start, OTHERS + numbers.start + beside), id=run_id("n"))
        more(numbers)
        analyze()
        once()  # what is read once stays in memory
        with costs(monkeypatch) as cost:
            once()
        found.append(cost)
    return found


def check(few: Cost, many: Cost) -> None:
    assert len(many.statements) == len(few.statements)
    assert many.work <= 1.5 * few.work + 100
    assert few.statements and many.faults() == []


def carry_out(run: UUID) -> list[UUID]:
    """Carries out the one step of a run. Returns the runs whose steps were offered meanwhile."""
    with queue.collect_dispatches() as dispatches:
        claimed = engine.claim(run, "a", 1, "here")
        assert claimed is not None
        engine.report(claimed, DONE)
    return [found for found, _ in dispatches]


def completed(publish: Publish) -> None:
    """A run that has ended, to be copied."""
    with queue.collect_dispatches():
        run = engine.start_run(publish(chain(step("a"), name="other")), {})
    carry_out(run.pk)


@pytest.mark.rule("R11.5")
def test_the_next_of_many_runs_of_a_workflow_begins_at_the_same_cost(
    publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    completed(publish)
    version = publish(chain(step("a"), concurrency=Concurrency(1)))
    with queue.collect_dispatches():
        first, second = (engine.start_run(version, {}) for _ in range(2))
    begun = [first.pk]

    def once() -> None:
        begun.extend(carry_out(begun[-1]))

    place = Place.objects.get(run=second)
    put_last(place)
    few, many = compared(monkeypatch, lambda numbers: waits(numbers, second, place), once)
    check(few, many)
    while len(begun) <= IN_ORDER:
        once()
    assert begun == [first.pk, *(UUID(int=number) for number in range(1, IN_ORDER + 1))]
    assert Place.objects.filter(begun_at=None).count() == WAITING - IN_ORDER
    assert list(Run.objects.filter(status="running").values_list("pk", flat=True)) == begun[-1:]


@pytest.mark.rule("R11.2")
def test_the_next_of_many_steps_gets_its_slot_at_the_same_cost(
    publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    completed(publish)
    Limit.objects.create(name="stripe", at_once=1, rate=1_000, per=60)
    version = publish(chain(step("a", limit="stripe")))
    with queue.collect_dispatches():
        first, second = (engine.start_run(version, {}) for _ in range(2))
    served = [first.pk]

    def once() -> None:
        served.extend(carry_out(served[-1]))

    rows = StepRun.objects.get(run=second), Slot.objects.get(run=second)
    put_last(rows[1])
    other = Slot.objects.create(
        run=first, step="other", limit_name="other", **OF_OTHER, turn_at=rows[1].turn_at
    )
    copies(other, range(1, BESIDE), step="'other' || n")

    def more(numbers: range) -> None:
        waits(numbers, second, *rows)
        stays = reader.now() + timedelta(hours=1)  # building many rows takes longer than an offer lasts
        Slot.objects.filter(offered_until__isnull=False).update(offered_until=stays)

    few, many = compared(monkeypatch, more, once)
    check(few, many)
    assert served == [first.pk, *(UUID(int=number) for number in range(1, 5))]
    assert Slot.objects.filter(limit_name="stripe", held=False, offered_until=None).count() == WAITING - 4


@pytest.mark.rule("R5.47")
def test_an_event_finds_the_one_of_many_waiting_runs_at_the_same_cost(
    publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    completed(publish)
    wait = {"kind": "wait", "worker": None, "compensation": None, "event": "paid"}
    version = publish(chain(step("a", **wait, match="event.data.order == context.order")))
    template = engine.start_run(version, {"order": 0})
    orders = iter(range(1, 10))

    def once() -> None:
        order = next(orders)
        run = engine.start_run(version, {"order": order})
        event = {"id": str(order), "source": "/bank", "type": "paid", "data": {"order": order}}
        engine.take_event(event)
        assert Run.objects.get(pk=run.pk).status == "completed"

    rows = StepRun.objects.get(run=template), EventWait.objects.get(run=template)
    few, many = compared(monkeypatch, lambda numbers: waits(numbers, template, *rows), once)
    check(few, many)
    assert EventWait.objects.count() == WAITING
