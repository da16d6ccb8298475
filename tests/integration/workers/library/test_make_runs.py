"""Runs by the thousand to try lists with: of all sorts, found by each filter, at rest."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from designer.models import WorkflowVersion
from designer.services.workflows import sync_patterns
from runs.engine import engine
from runs.lists.filters import Filters
from runs.lists.search import page_of
from runs.machine.states import RUN_ENDED
from runs.maintenance.sweep import sweep_once
from runs.models import HourFigures, Intervention, JournalEntry, Run, RunText, StepFigures, StepRun
from tests.people import client_of
from workers.library.management.commands.make_runs import NAMES

COUNT = 2_000
REAL = 8  # those that are copied


@pytest.fixture
def shipped(shop: None, redis_client: Any) -> None:
    sync_patterns()


@pytest.fixture
def made(shipped: None) -> None:
    call_command("make_runs", COUNT, whole=40, days=10)


def test_they_are_of_all_sorts_and_found_by_each_filter(made: None) -> None:
    statuses = Counter(Run.objects.values_list("status", flat=True))
    assert sum(statuses.values()) == COUNT + REAL
    assert statuses["completed"] > statuses["compensated"] > statuses["failed"] > 0
    for status in ("cancelled", "blocked", "waiting", "running"):
        assert statuses[status] > 0
    assert set(Run.objects.values_list("workflow_name", flat=True)) > {*NAMES}
    for filters in (
        Filters(label="shop=north"),
        Filters(label="tier"),
        Filters(q="ada."),
        Filters(q="A-0000"),
    ):
        assert page_of(filters)[0]
    places = list(RunText.objects.order_by("id").values_list("run__created_at", flat=True))[REAL:]
    assert places == sorted(places)


def test_figures_and_open_questions_agree_with_the_runs(made: None) -> None:
    ended = Run.objects.filter(status__in=RUN_ENDED, tally_at=None).values_list("status", flat=True)
    counted: Counter[str] = Counter()
    for figures in HourFigures.objects.all():
        counted[figures.status] += figures.count
        assert sum(figures.durations.values()) == figures.count
    assert counted == Counter(ended)
    blocked = Run.objects.filter(status="blocked").count()
    assert Intervention.objects.filter(status="open").count() == blocked
    answered = Intervention.objects.filter(status="answered", answered_by="ada", answered_at__isnull=False)
    assert 1 < answered.count() == answered.filter(run__status="compensated").count()
    done = Run.objects.filter(workflow_name=NAMES[0], status="completed", tally_at=None).count()
    (sent,) = StepFigures.objects.filter(version__workflow__name=NAMES[0], step="send_confirmation")
    assert (sent.completed, sum(sent.durations.values())) == (done, done)


def test_the_newest_can_be_looked_into_and_an_open_one_acted_on(made: None) -> None:
    client = client_of("olga", "operator")
    newest = Run.objects.filter(status="completed").latest("created_at")
    page = client.get(reverse("run-detail", args=[newest.pk]))
    assert page.status_code == 200
    seqs = list(JournalEntry.objects.filter(run=newest).order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, newest.last_seq + 1))
    waiting = Run.objects.filter(status="waiting").latest("created_at")
    engine.approve(waiting.pk, "approve", False, "olga")
    waiting.refresh_from_db()
    assert waiting.status == "failed"


def test_nothing_of_them_is_due(made: None) -> None:
    made_ones = StepRun.objects.filter(run__input__has_key="order")
    assert made_ones.exists()
    assert not made_ones.filter(due_at__isnull=False).exists()
    before = Counter(Run.objects.filter(input__has_key="order").values_list("status", flat=True))
    sweep_once()
    assert Counter(Run.objects.filter(input__has_key="order").values_list("status", flat=True)) == before


def test_more_can_be_made_but_not_beside_real_runs(made: None) -> None:
    call_command("make_runs", 10)
    assert Run.objects.count() == COUNT + 10 + 2 * REAL
    version = WorkflowVersion.objects.get(workflow__name="sequential_processing")
    engine.start_run(version, {"raw_data": {"a": 1}})
    before = Run.objects.count()
    with pytest.raises(CommandError, match="real runs"):
        call_command("make_runs", 10)
    assert Run.objects.count() == before
    call_command("make_runs", 10, yes=True)
    assert Run.objects.count() > before


@pytest.mark.parametrize("given", [{"count": 0}, {"count": 20_000_000}, {"count": 1, "days": 0.0}])
def test_counts_that_make_no_sense_are_refused(shipped: None, given: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match="must be"):
        call_command("make_runs", given.pop("count"), **given)
    assert not Run.objects.exists()
