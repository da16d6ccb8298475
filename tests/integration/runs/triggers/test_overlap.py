"""Times of schedules that were missed, or come while an earlier run is under way; intervals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from designer.document.graph import Step
from designer.models import Workflow
from runs.engine import engine
from runs.models import Run, Trigger, TriggerCall
from runs.store import reader
from runs.triggers import calls, service
from runs.triggers.schedules import slots
from runs.triggers.schedules.slots import BEHIND_MAX, start_slot
from tests.integration.runs.conftest import Publish, chain
from tests.integration.runs.triggers.triggering import designer as designer
from tests.integration.runs.triggers.triggering import make, schedule
from tests.integration.runs.triggers.triggering import operator as operator
from tests.integration.runs.triggers.triggering import sample as sample

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def long(publish: Publish) -> Workflow:
    """A workflow whose runs are under way until somebody ends them."""
    return publish(chain(Step("pause", kind="wait", seconds=100_000.0))).workflow


def due_at(trigger: Trigger, at: datetime = START) -> Trigger:
    Trigger.objects.filter(pk=trigger.pk).update(next_at=at, due_at=at)
    return trigger


def attend(trigger: Trigger, at: datetime) -> list[str]:
    """Has a scheduler look at a schedule until nothing of it is due any more; the times of its runs."""
    for _ in range(300):
        if not service.due(at).filter(pk=trigger.pk).exists() or not start_slot(trigger.pk, at):
            break
    return started()


def started() -> list[str]:
    return sorted(run.labels["slot"][11:16] for run in Run.objects.all())


def outcomes(trigger: Trigger) -> list[str]:
    return [call.outcome for call in calls.of_trigger(trigger)][::-1]


def cancel_all() -> None:
    for run in Run.objects.filter(status="waiting"):
        engine.cancel_run(run.pk)


# --- overlap ---


@pytest.mark.rule("R11.14")
def test_allow_starts_all_the_same(long: Workflow) -> None:
    trigger = due_at(schedule(long, cron="* * * * *"))
    assert attend(trigger, START) == ["12:00"]
    assert attend(trigger, START + MINUTE) == ["12:00", "12:01"]


@pytest.mark.rule("R11.14")
def test_skip_starts_nothing_while_a_run_is_under_way(long: Workflow) -> None:
    trigger = due_at(schedule(long, cron="* * * * *", overlap="skip"))
    attend(trigger, START)
    assert attend(trigger, START + MINUTE) == ["12:00"]
    assert outcomes(trigger) == ["started", "skipped"]
    assert "is under way" in calls.of_trigger(trigger)[0].reason
    cancel_all()
    assert attend(trigger, START + 2 * MINUTE) == ["12:00", "12:02"]


@pytest.mark.rule("R11.14")
def test_queue_starts_each_when_the_one_before_has_ended(long: Workflow) -> None:
    trigger = due_at(schedule(long, cron="* * * * *", overlap="queue", misfire="skip"))
    for minutes in range(4):
        for seconds in (0, 20, 40):
            assert attend(trigger, START + minutes * MINUTE + timedelta(seconds=seconds)) == ["12:00"]
    cancel_all()
    at = START + timedelta(minutes=4, seconds=5)
    assert attend(trigger, at) == ["12:00", "12:01"]
    cancel_all()
    assert attend(trigger, at + slots.LOOK_AGAIN_AFTER) == ["12:00", "12:01", "12:02"]
    assert set(outcomes(trigger)) == {"started"}


@pytest.mark.rule("R11.14")
def test_a_queue_is_bounded(long: Workflow) -> None:
    trigger = due_at(schedule(long, cron="* * * * *", overlap="queue"))
    attend(trigger, START)
    at = START + (BEHIND_MAX + 5) * MINUTE
    Trigger.objects.filter(pk=trigger.pk).update(waited_at=at)
    assert attend(trigger, at) == ["12:00"]
    trigger.refresh_from_db()
    assert trigger.next_at == START + 6 * MINUTE
    assert outcomes(trigger) == ["started", "skipped"]


@pytest.mark.rule("R11.14")
def test_cancel_oldest_ends_the_run_that_is_under_way(long: Workflow) -> None:
    trigger = due_at(schedule(long, cron="* * * * *", overlap="cancel_oldest"))
    attend(trigger, START)
    assert attend(trigger, START + MINUTE) == ["12:00", "12:01"]
    statuses = list(Run.objects.order_by("created_at").values_list("status", flat=True))
    assert statuses == ["cancelled", "waiting"]


@pytest.mark.rule("R11.14")
def test_a_run_under_way_is_known_however_many_times_are_skipped(long: Workflow) -> None:
    trigger = due_at(schedule(long, cron="* * * * *", overlap="skip"))
    attend(trigger, START)
    for _ in range(calls.KEPT_MAX + 5):
        calls.note_call(trigger, calls.Outcome.SKIPPED)
    assert TriggerCall.objects.filter(trigger=trigger).count() <= calls.KEPT_MAX + 1
    assert attend(trigger, START + MINUTE) == ["12:00"]


# --- misfire ---


@pytest.mark.rule("R11.15")
@pytest.mark.parametrize(
    ("misfire", "expected"),
    [
        ("skip", ["12:10"]),
        ("once", ["12:00"]),
        ("all", [f"12:{minute:02}" for minute in range(11)]),
    ],
)
def test_what_was_missed(sample: Workflow, misfire: str, expected: list[str]) -> None:
    trigger = due_at(schedule(sample, cron="* * * * *", misfire=misfire))
    at = START + timedelta(minutes=10, seconds=30)
    assert attend(trigger, at) == expected
    trigger.refresh_from_db()
    assert trigger.next_at == START + 11 * MINUTE
    if misfire == "skip":
        assert outcomes(trigger) == ["skipped", "started"]


@pytest.mark.rule("R11.15")
@pytest.mark.parametrize("misfire", ["skip", "once", "all"])
def test_a_time_that_is_a_little_late_was_not_missed(sample: Workflow, misfire: str) -> None:
    trigger = due_at(schedule(sample, cron="* * * * *", misfire=misfire))
    assert attend(trigger, START + timedelta(seconds=59)) == ["12:00"]


@pytest.mark.rule("R11.15")
def test_of_all_that_were_missed_the_last_ones_are_made_up_for(sample: Workflow) -> None:
    trigger = due_at(schedule(sample, cron="* * * * *", misfire="all"))
    at = START + timedelta(days=30)
    assert len(attend(trigger, at)) == BEHIND_MAX
    slots_started = {run.labels["slot"] for run in Run.objects.all()}
    assert min(slots_started) == (at - (BEHIND_MAX - 1) * MINUTE).isoformat()
    assert outcomes(trigger)[-1] == "started"


# --- intervals and single times ---


def test_an_interval_keeps_to_its_anchor(sample: Workflow) -> None:
    anchor = datetime(2026, 1, 1, 0, 0, 7, tzinfo=UTC)
    trigger = schedule(sample, cron="", every=600, at=anchor)
    assert trigger.next_at and (trigger.next_at - anchor) % timedelta(seconds=600) == timedelta(0)
    assert timedelta(0) < trigger.next_at - reader.now() <= timedelta(seconds=600)


def test_a_single_time_starts_one_run_and_is_over(sample: Workflow) -> None:
    trigger = schedule(sample, cron="", at=reader.now() + timedelta(hours=1))
    Trigger.objects.update(at=START)
    due_at(trigger)
    assert attend(trigger, START) == ["12:00"]
    trigger.refresh_from_db()
    assert trigger.next_at is None and trigger.due_at is None


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"at": "2020-01-01T00:00:00Z"}, "at"),
        ({"at": "2030-01-01T00:00:00"}, "at"),
        ({"every": 5}, "every"),
        ({"cron": "* * * * * *"}, "cron"),
        ({"cron": "@daily", "every": 60}, "cron"),
    ],
)
def test_what_is_no_schedule_is_refused(sample: Workflow, designer: Client, body: Any, path: str) -> None:
    answer = make(designer, kind="schedule", **body)
    assert answer.status_code == 422, answer.content
    assert answer.json()["problems"][0]["path"] == path and not Trigger.objects.exists()


def test_a_schedule_is_previewed_before_it_is_saved(sample: Workflow, operator: Client) -> None:
    def preview(**body: Any) -> Any:
        return operator.post("/api/v1/schedules/preview", body, content_type="application/json")

    answer = preview(cron="@daily", zone="Europe/Berlin").json()
    assert len(answer["times"]) == 5 and answer["words"] == "At 00:00 every day"
    assert len(preview(every=90).json()["times"]) == 5
    once = preview(local_at="2100-07-01T08:00", zone="Europe/Berlin").json()
    assert once["times"] == ["2100-07-01T06:00:00.000000Z"]
    refused = preview(cron="61 * * * *")
    assert refused.status_code == 422 and refused.json()["problems"][0]["path"] == "cron"
    assert not Trigger.objects.exists()
