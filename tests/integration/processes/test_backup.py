"""Backup and restore as docs/operations.md describes them: what was under way goes on from the copy."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import dj_database_url
import pytest
from django.core.management import call_command
from redis import Redis

from config.operations.backup.engines import leading_to
from designer.models import WorkflowVersion
from designer.services.workflows import sync_patterns
from runs.engine import engine
from runs.machine.states import RUN_ENDED
from runs.models import Run
from tests.integration.processes.conftest import (
    MANAGE,
    empty_database,
    environment,
    manage,
    running,
    wait_for,
)
from tests.stock import stock_shelves
from workers.library.shop.models import Product

AT_ONCE = 4


def back_up_under_load(path: Path, order: Callable[[], object]) -> None:
    """Takes a backup while orders come and are filled."""

    def while_orders_come(condition: Callable[[], bool]) -> bool:
        if Run.objects.exclude(status__in=RUN_ENDED).count() < AT_ONCE:
            order()
        return condition()

    wait_for(lambda: while_orders_come(Run.objects.filter(status="completed").exists))
    with subprocess.Popen([*MANAGE, "backup", str(path)], env=environment()) as backup:
        wait_for(lambda: while_orders_come(lambda: backup.poll() is not None))
    assert backup.returncode == 0
    order()


@pytest.mark.django_db(transaction=True)
def test_runs_go_on_from_a_restored_backup(redis_client: Redis, tmp_path: Path) -> None:
    stock_shelves(Product)
    sync_patterns()
    version = WorkflowVersion.objects.filter(workflow__name="order_processing").latest("number")
    slow = {**version.document["sample_input"], "simulate": {"charge_payment": "slow:0.1"}}
    path = tmp_path / "backup"
    with ExitStack() as processes:
        for words in (["worker", "--processes", "2"], ["scheduler"]):
            processes.enter_context(running(*words, log=tmp_path / words[0]))
        back_up_under_load(path, lambda: engine.start_run(version, slow))
    redis_client.flushall()
    address = empty_database(tmp_path)

    restored = manage("restore", str(path), DATABASE_URL=address)
    assert restored.returncode == 0, restored.stderr
    with leading_to(dj_database_url.parse(address)["NAME"]):
        there = set(Run.objects.values_list("pk", flat=True))
        assert Run.objects.exclude(status__in=RUN_ENDED).exists(), "the backup was taken between all orders"
        with ExitStack() as processes:
            for words in (["worker", "--processes", "2"], ["scheduler"]):
                processes.enter_context(running(*words, log=tmp_path / words[0], DATABASE_URL=address))
            wait_for(lambda: not Run.objects.exclude(status="completed").exists())
        call_command("shop_audit")
    assert there < set(Run.objects.values_list("pk", flat=True)), "the original is untouched, and went on"
