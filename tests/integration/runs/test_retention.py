"""Old runs are removed, in families and batches, and nothing else is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import F
from pytest_django.fixtures import Settings

from config.commands import Refused
from config.management.commands.scheduler import SweepLoop
from designer.document import dump
from designer.graph import Step
from designer.models import WorkflowVersion
from designer.services import save_draft
from runs import engine, retention, trials
from runs.models import JournalEntry, Run, StepRun
from tests.integration.runs.conftest import Publish, RunHere, chain, step


def age(days: float, **which: Any) -> None:
    """Have runs happened so much earlier."""
    earlier = timedelta(days=days)
    runs = Run.objects.filter(**which)
    runs.update(created_at=F("created_at") - earlier, finished_at=F("finished_at") - earlier)


def test_only_what_ended_long_ago_is_removed(run_here: RunHere, publish: Publish) -> None:
    old, young = run_here(chain(step("a"))), run_here(chain(step("a")))
    waiting = engine.start_run(publish(chain(Step("w", kind="approval"))), {})
    age(10, pk__in=[old.pk, waiting.pk])
    call_command("prune", days=9)
    assert set(Run.objects.values_list("pk", flat=True)) == {young.pk, waiting.pk}
    assert not JournalEntry.objects.filter(run_id=old.pk).exists()
    assert not StepRun.objects.filter(run_id=old.pk).exists()


def test_a_family_goes_together(run_here: RunHere, publish: Publish) -> None:
    publish(chain(step("a"), name="inner"))
    outer = run_here(chain(Step("child", kind="workflow", workflow="inner")))
    assert outer.status == "completed"
    age(10, parent=None)
    call_command("prune", days=9)
    assert Run.objects.count() == 2, "a child that ended lately keeps its parent"
    age(10, parent=outer)
    call_command("prune", days=9)
    assert Run.objects.count() == 0


def test_many_are_removed_in_batches(run_here: RunHere, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        run = run_here(chain(step("a")))
    age(10)
    monkeypatch.setattr(retention, "ENTRIES_PER_BATCH", 2 * run.last_seq)
    first = retention.prune_once(9)
    assert first.removed == 2 and first.next is not None
    assert retention.prune_once(9, first.next).removed == 2
    call_command("prune", days=9)
    assert Run.objects.count() == 0
    assert retention.prune_once(9) == retention.Batch(0, None)


def test_the_scheduler_removes_them_by_the_setting(run_here: RunHere, settings: Settings) -> None:
    run_here(chain(step("a")))
    age(10)
    SweepLoop().sweep()
    assert Run.objects.count() == 1
    settings.RETENTION_DAYS = 9
    SweepLoop().sweep()
    assert Run.objects.count() == 0


def test_trials_go_earlier_and_take_their_drafts_along(run_here: RunHere, publish: Publish) -> None:
    run = run_here(chain(step("a")))
    save_draft("sample", dump(chain(step("b"))), 0)
    started = [trials.try_draft("sample", {}) for _ in range(3)]
    for trial in started[:2]:
        engine.cancel_run(trial.pk, "abandon")
    age(10, pk__in=[run.pk, started[0].pk, started[2].pk])
    WorkflowVersion.every.filter(number=0).update(published_at=F("published_at") - timedelta(days=10))
    loop = SweepLoop()
    loop.sweep()
    loop.sweep()
    left = set(Run.objects.values_list("pk", flat=True))
    assert left == {run.pk, started[1].pk, started[2].pk}, "a young one and one under way stay"
    kept = WorkflowVersion.every.filter(number=0)
    assert set(kept.values_list("pk", flat=True)) == {started[1].version_id, started[2].version_id}
    assert WorkflowVersion.objects.count() == 1


def test_without_a_limit_nothing_is_removed(run_here: RunHere, settings: Settings) -> None:
    settings.TRIAL_RETENTION_DAYS = 0
    with pytest.raises(Refused, match="RETENTION_DAYS"):
        call_command("prune")
