"""Schedules: what they start, when, and that no slot is started twice or lost."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from designer.models import Workflow
from runs.engine import engine
from runs.maintenance import sweep
from runs.models import Run, Trigger
from runs.store import reader
from runs.triggers import service
from runs.triggers.schedules.slots import start_slot
from runs.triggers.schedules.times import Times
from tests.database_errors import database_error
from tests.integration.runs.conftest import Publish, chain, step
from tests.integration.runs.triggers.triggering import SCHEMA, at_once, schedule
from tests.integration.runs.triggers.triggering import designer as designer
from tests.integration.runs.triggers.triggering import operator as operator
from tests.integration.runs.triggers.triggering import sample as sample


def make_due(trigger: Trigger, *, ago: timedelta = timedelta(seconds=1)) -> datetime:
    slot = reader.now().replace(microsecond=0) - ago
    Trigger.objects.filter(pk=trigger.pk).update(next_at=slot, due_at=slot)
    return slot


def test_a_schedule_starts_a_run_at_its_time(sample: Workflow) -> None:
    trigger = schedule(sample, zone="Europe/Berlin", input={"order": 3})
    assert sweep.sweep_once() == 0 and not Run.objects.exists()
    slot = make_due(trigger)
    assert sweep.sweep_once() == 1
    run = Run.objects.get()
    assert run.input == {"order": 3} and run.labels == {"trigger": "schedule", "slot": slot.isoformat()}
    trigger.refresh_from_db()
    assert trigger.next_at and trigger.next_at > reader.now() and trigger.due_at == trigger.next_at
    assert sweep.sweep_once() == 0 and Run.objects.count() == 1


def test_what_was_missed_is_started_once_on_return(sample: Workflow) -> None:
    trigger = schedule(sample)
    make_due(trigger, ago=timedelta(days=3))
    assert [sweep.sweep_once() for _ in range(3)] == [1, 0, 0]
    assert Run.objects.count() == 1


def test_several_schedulers_start_a_slot_once(sample: Workflow) -> None:
    made = [schedule(sample, input={"order": n}) for n in range(5)]
    for _ in range(3):
        for trigger in made:
            make_due(trigger)
        now = reader.now()
        at_once(*[lambda now=now: [start_slot(trigger.pk, now) for trigger in made]] * 3)
    started = [(run.input["order"], run.labels["slot"]) for run in Run.objects.all()]
    assert len(started) == len(set(started))
    assert {order for order, _ in started} == set(range(5))


def test_a_scheduler_that_dies_after_the_start_starts_nothing_again(
    sample: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger = schedule(sample)
    make_due(trigger)
    with monkeypatch.context() as patch:
        patch.setattr(Times, "after", lambda *_: 1 / 0)
        assert sweep.sweep_once() == 0
    trigger.refresh_from_db()
    assert trigger.due_at and trigger.due_at > reader.now()
    Trigger.objects.update(due_at=trigger.next_at)
    assert sweep.sweep_once() == 1
    assert Run.objects.count() == 1


def test_a_refused_slot_says_why_and_the_next_one_tries_again(publish: Publish, sample: Workflow) -> None:
    trigger = schedule(sample, input={"order": 1})
    publish(chain(step("a"), input_schema={"required": ["customer"]}))
    make_due(trigger)
    sweep.sweep_once()
    trigger.refresh_from_db()
    assert "customer" in trigger.refused and trigger.next_at and trigger.next_at > reader.now()
    publish(chain(step("a"), input_schema=SCHEMA))
    make_due(trigger)
    sweep.sweep_once()
    trigger.refresh_from_db()
    assert not trigger.refused and Run.objects.count() == 1


def test_a_busy_database_loses_no_slot(sample: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    trigger = schedule(sample)
    slot = make_due(trigger)
    with monkeypatch.context() as patch:

        def locked(*args: Any) -> None:
            raise database_error("database is locked", sqlite3.SQLITE_BUSY)

        patch.setattr(engine, "start_one", locked)
        assert sweep.sweep_once() == 0
    trigger.refresh_from_db()
    assert trigger.next_at == slot
    Trigger.objects.update(due_at=slot)
    assert sweep.sweep_once() == 1 and Run.objects.get().labels["slot"] == slot.isoformat()


def test_switched_off_it_rests_and_goes_on_from_now(sample: Workflow) -> None:
    trigger = schedule(sample)
    make_due(trigger, ago=timedelta(hours=1))
    service.change(trigger, is_enabled=False)
    assert sweep.sweep_once() == 0 and not Trigger.objects.exclude(next_at=None).exists()
    again = service.change(trigger, is_enabled=True)
    assert sweep.sweep_once() == 0 and not Run.objects.exists()
    assert again.next_at and again.next_at > datetime.now(UTC) - timedelta(minutes=1)
