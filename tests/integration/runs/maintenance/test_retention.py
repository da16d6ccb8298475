"""Old runs are removed, in families and batches, and nothing else is."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from pytest_django.fixtures import Settings

from config.lib.commands import Refused
from config.operations.management.commands.scheduler import SweepLoop
from designer.document.document import dump
from designer.document.graph import Step
from designer.models import WorkflowVersion
from designer.services.workflows import save_draft
from runs.engine import engine
from runs.errors import UnknownRun
from runs.maintenance import retention
from runs.maintenance.retention import Pruned
from runs.models import JournalEntry, Run, StepRun
from runs.trials import service
from tests.integration.runs.conftest import Publish, RunHere, chain, step

STATEMENTS_PER_STEP_MAX = 30
WRITER_S_MAX = 5.0
BETWEEN_STARTS_S = 0.02  # else what is measured is how two threads share one interpreter
ENTRIES = 100_000
LENGTHEN_SQL = """
INSERT INTO runs_journalentry (run_id, seq, type, step, attempt, at, status, data)
WITH RECURSIVE numbers(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < %s)
SELECT run_id, 1000 + number, type, step, attempt, at, status, data
FROM runs_journalentry, numbers WHERE seq = 1
"""


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


def prune_all(days: float) -> list[int]:
    """How many rows, marks included, each step changed: more than any of its transactions."""
    changed, step = [], Pruned(0, None)
    while not step.is_done:
        counting = Counting()
        with connection.execute_wrapper(counting):
            step = retention.prune_step(days, step.place)
        changed.append(counting.rows)
        assert counting.statements <= STATEMENTS_PER_STEP_MAX
    return changed


class Counting:
    """Counts what the statements of one step do."""

    def __init__(self) -> None:
        self.rows = self.statements = 0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        self.statements += 1
        if sql.startswith(("DELETE", "UPDATE")):
            self.rows += context["cursor"].rowcount
        return result


def bounded(changed: list[int]) -> bool:
    return max(changed) <= retention.ROWS_PER_STEP + retention.RUNS_PER_STEP


def copies(run: Run, count: int) -> list[Run]:
    """Children of a run, ended as it is, each with one journal entry."""
    entry = JournalEntry.objects.filter(run=run).latest("seq")
    ids = [uuid.uuid4() for _ in range(count)]
    facts = {name: getattr(run, name) for name in ("version_id", "workflow_name", "status", "created_at")}
    children = [Run(id=pk, parent=run, parent_step="a", finished_at=run.finished_at, **facts) for pk in ids]
    found = Run.objects.bulk_create(children)
    entry_facts = {"seq": 1, "type": entry.type, "at": entry.at, "status": entry.status}
    JournalEntry.objects.bulk_create([JournalEntry(run_id=pk, **entry_facts) for pk in ids])
    return found


def test_a_family_of_thousands_is_removed_in_small_steps(run_here: RunHere) -> None:
    run = run_here(chain(step("a")))
    oldest = copies(run, 2_500)[0]
    copies(oldest, 700)
    age(10)
    changed = prune_all(9)
    assert not Run.every.exists() and not JournalEntry.objects.exists()
    assert bounded(changed) and len(changed) > 3_200 / retention.RUNS_PER_STEP


def with_long_journal(run: Run) -> Run:
    with connection.cursor() as cursor:
        cursor.execute(LENGTHEN_SQL, [ENTRIES])
    return run


def test_a_long_journal_is_removed_in_small_steps(run_here: RunHere) -> None:
    with_long_journal(run_here(chain(step("a"))))
    age(10)
    changed = prune_all(9)
    assert bounded(changed) and len(changed) > ENTRIES / retention.ROWS_PER_STEP
    assert not Run.every.exists()


def test_writers_go_on_while_a_long_journal_is_removed(
    run_here: RunHere, publish: Publish, started_beside: Callable[[WorkflowVersion], list[float]]
) -> None:
    run = with_long_journal(run_here(chain(step("a"))))
    age(10)
    took = started_beside(publish(chain(Step("w", kind="approval"))))
    call_command("prune", days=9)
    assert Run.every.filter(pk=run.pk).count() == 0
    assert len(took) > 5 and max(took) < WRITER_S_MAX


@pytest.fixture
def started_beside(transactional_db: None) -> Iterator[Callable[[WorkflowVersion], list[float]]]:
    """Has a thread start runs; gives the list of seconds that each start took."""
    took: list[float] = []
    ended = threading.Event()
    threads: list[threading.Thread] = []

    def start(version: WorkflowVersion) -> list[float]:
        threads.append(threading.Thread(target=work, args=(version,)))
        threads[0].start()
        return took

    def work(version: WorkflowVersion) -> None:
        while not ended.wait(BETWEEN_STARTS_S):
            began = time.monotonic()
            engine.start_run(version, {})
            took.append(time.monotonic() - began)
        connection.close()

    yield start
    ended.set()
    threads[0].join()


def test_a_removal_that_was_broken_off_hides_the_run_and_is_ended_by_the_scheduler(
    run_here: RunHere, publish: Publish, settings: Settings
) -> None:
    run = run_here(chain(step("a")))
    copies(run, 3)
    Run.objects.filter(pk=run.pk).update(idempotency_key="once")
    age(10)
    retention.prune_step(9)
    assert set(Run.objects.values_list("parent", flat=True)) == {run.pk}
    with pytest.raises(UnknownRun):
        engine.roll_back(run.pk)
    assert engine.start_run(run.version, {}, idempotency_key="once").pk != run.pk, "its key is free"
    loop = SweepLoop()
    for _ in range(4):
        loop.sweep()
    assert Run.every.count() == 1
    assert all(pruning.due_at > time.monotonic() for pruning in loop.prunings)


def test_a_child_that_is_rolled_back_meanwhile_ends_first(run_here: RunHere) -> None:
    run = run_here(chain(step("a")))
    [child] = copies(run, 1)
    age(10)
    retention.prune_step(9)
    Run.objects.filter(pk=child.pk).update(status="compensating")
    prune_all(9)
    assert Run.every.count() == 2
    Run.objects.filter(pk=child.pk).update(status="compensated")
    prune_all(9)
    assert not Run.every.exists()


def test_the_scheduler_removes_them_by_the_setting(run_here: RunHere, settings: Settings) -> None:
    run_here(chain(step("a")))
    age(10)
    SweepLoop().sweep()
    assert Run.every.count() == 1
    settings.RETENTION_DAYS = 9
    loop = SweepLoop()
    for _ in range(3):
        loop.sweep()
    assert Run.every.count() == 0


def test_trials_go_earlier_and_take_their_drafts_along(run_here: RunHere, publish: Publish) -> None:
    run = run_here(chain(step("a")))
    save_draft("sample", dump(chain(step("b"))), 0)
    started = [service.try_draft("sample", {}) for _ in range(3)]
    for trial in started[:2]:
        engine.cancel_run(trial.pk, "abandon")
    age(10, pk__in=[run.pk, started[0].pk, started[2].pk])
    WorkflowVersion.every.filter(number=0).update(published_at=F("published_at") - timedelta(days=10))
    loop = SweepLoop()
    for _ in range(4):
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
