"""A new version is rolled out: old and new processes stand side by side; nothing is done wrong or twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis import Redis

from config.operations import diagnostics
from designer.models import WorkflowVersion
from designer.services.workflows import sync_patterns
from runs.delivery import worker_processes
from runs.engine import engine
from runs.models import JournalEntry, Run, WorkerProcess
from tests.integration.processes.conftest import hooked, manage, running, wait_for
from tests.integration.processes.hooks.sitecustomize import FIELD
from tests.integration.runs.conftest import Publish, chain, publish, step
from tests.stock import stock_shelves
from workers.library.shop.models import Product

__all__ = ["publish"]
ORDERS = 20
TOMORROW = hooked(TOMORROW="1")


@pytest.fixture(autouse=True)
def shop(transactional_db: None, redis_client: Redis) -> None:
    stock_shelves(Product)
    sync_patterns()


def version() -> WorkflowVersion:
    return WorkflowVersion.objects.filter(workflow__name="order_processing").latest("number")


def completed() -> int:
    return Run.objects.filter(status="completed").count()


def left_to_newer() -> int:
    return sum(
        worker_processes.NEWER_CODE in lacks
        for lacks in WorkerProcess.objects.values_list("lacks", flat=True)
    )


def test_old_and_new_worker_processes_side_by_side(tmp_path: Path) -> None:
    old_log = tmp_path / "old.log"
    with (
        running("worker", "--processes", "2", log=old_log),
        running("scheduler", log=tmp_path / "old-scheduler.log"),
        running("worker", "--processes", "2", log=tmp_path / "new.log", **TOMORROW),
        running("scheduler", log=tmp_path / "new-scheduler.log", **TOMORROW),
    ):
        wait_for(lambda: WorkerProcess.objects.count() == 4)
        for _ in range(ORDERS):
            engine.start_run(version(), {**version().document["sample_input"], "simulate": FAULTS})
        wait_for(lambda: completed() == ORDERS)
        assert left_to_newer() in (1, 2)
        said = [found.text for found in diagnostics.fleet_check() if found.level == "wrong"]
        assert said and all("update and restart it" in text for text in said)
    written_by_new = Run.objects.filter(**{f"state__{FIELD}": 1}).count()
    assert written_by_new > ORDERS / 4
    assert JournalEntry.objects.filter(type="step.completed").count() == 4 * ORDERS
    assert not JournalEntry.objects.filter(type="intervention.opened").exists()
    assert "Such runs wait for worker processes of the newer version" in old_log.read_text()
    for log in tmp_path.glob("*.log"):
        assert "Traceback" not in log.read_text()
    assert manage("shop_audit").returncode == 0


FAULTS = {"charge_payment": "temporary:1"}  # so that the sweep has its part in every run


def test_what_newer_code_wrote_rests_untouched_until_a_newer_process_comes(tmp_path: Path) -> None:
    assert manage("run_workflow", "order_processing", **TOMORROW).returncode == 0
    run = Run.objects.get()
    with running("worker", log=tmp_path / "old.log"), running("scheduler", log=tmp_path / "sweep.log"):
        wait_for(lambda: left_to_newer() == 1)
        shown = manage("show_run", str(run.pk))
        assert shown.returncode == 2 and "A newer version of Sagaboard wrote this run" in shown.stderr
        assert JournalEntry.objects.filter(run=run).count() == run.last_seq
        with running("worker", log=tmp_path / "new.log", **TOMORROW):
            wait_for(lambda: completed() == 1)
    assert "Traceback" not in (tmp_path / "old.log").read_text() + (tmp_path / "sweep.log").read_text()


def test_steps_of_a_new_worker_go_to_the_processes_that_have_it(
    publish: Publish, own_workers: None, tmp_path: Path
) -> None:
    module = "tests.integration.processes.workers"
    with (
        running("worker", log=tmp_path / "old.log") as old,
        running("worker", log=tmp_path / "new.log", WORKER_MODULES=module),
    ):
        wait_for(lambda: WorkerProcess.objects.count() == 2)
        graph = chain(*(step(name, worker="newcomer", compensation="none") for name in "abc"))
        for _ in range(ORDERS):
            engine.start_run(publish(graph), {})
        wait_for(lambda: completed() == ORDERS)
        [lacking] = WorkerProcess.objects.exclude(lacks=[])
        assert lacking.lacks == ["newcomer"]
        assert old.poll() is None
    assert not JournalEntry.objects.filter(type="intervention.opened").exists()
