"""Backup and restore as docs/operations.md describes them: what was under way goes on from the copy."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from redis import Redis

from designer.models import WorkflowVersion
from designer.services.workflows import sync_patterns
from runs.engine import engine
from runs.models import Run
from tests.integration.processes.conftest import (
    MANAGE,
    database_address,
    empty_database,
    environment,
    running,
    wait_for,
)
from tests.postgres import found
from tests.stock import stock_shelves
from workers.library.shop.models import Product


def restored(folder: Path) -> str:
    """Address of a database that was restored from a backup of the test's."""
    return restored_file(folder) if connection.vendor == "sqlite" else restored_dump(folder)


def restored_file(folder: Path) -> str:
    copy = empty_database(folder)
    name = connection.settings_dict["NAME"]
    file = copy.removeprefix("sqlite:///")
    with closing(sqlite3.connect(name)) as source, closing(sqlite3.connect(file)) as target:
        source.backup(target)
    return copy


def restored_dump(folder: Path) -> str:
    address, copy = database_address()["DATABASE_URL"], empty_database(folder)
    dump = str(folder / "copy.dump")
    for words in (
        ("pg_dump", "--format=custom", "--file", dump, address),
        ("pg_restore", "--dbname", copy, dump),
    ):
        subprocess.run([found(words[0]), *words[1:]], check=True)
    return copy


@pytest.mark.django_db(transaction=True)
def test_runs_go_on_from_a_restored_backup(redis_client: Redis, tmp_path: Path) -> None:
    stock_shelves(Product)
    sync_patterns()
    version = WorkflowVersion.objects.filter(workflow__name="order_processing").latest("number")
    run = engine.start_run(version, version.document["sample_input"])
    address = restored(tmp_path)
    engine.cancel_run(run.pk, "abandon")
    redis_client.flushall()

    def shown() -> dict[str, Any]:
        words = [*MANAGE, "show_run", str(run.pk), "--json"]
        done = subprocess.run(words, env=environment(DATABASE_URL=address), capture_output=True, check=True)
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    with (
        running("worker", log=tmp_path / "workers", DATABASE_URL=address),
        running("scheduler", log=tmp_path / "scheduler", DATABASE_URL=address),
    ):
        wait_for(lambda: shown()["status"] == "completed")
    audit = subprocess.run([*MANAGE, "shop_audit"], env=environment(DATABASE_URL=address), check=False)
    assert audit.returncode == 0
    assert Run.objects.get(pk=run.pk).status == "cancelled", "the original is untouched"
