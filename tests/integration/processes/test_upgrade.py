"""Runs that were under way in an earlier release go on after the upgrade, see `tests.upgrade`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis

from tests.integration.processes.conftest import MANAGE, WAIT_S, empty_database, environment, running

FOLDER = Path(__file__).parents[2] / "upgrade"
RELEASES = sorted(file.name.removesuffix(".jsonl.gz") for file in FOLDER.glob("*.jsonl.gz"))
ENDS = {
    "in_flight_asked": ["completed"],
    "in_flight_blocked": ["compensated"],
    "in_flight_delayed": ["completed"],
    "in_flight_done": ["completed"],
    "in_flight_held": ["completed"],
    "in_flight_mapped": ["compensated"],
    "in_flight_parent": ["completed"],
    "in_flight_retried": ["completed"],
    "in_flight_signalled": ["completed", "completed"],
    "in_flight_undoing": ["compensated"],
    "in_flight_undone": ["compensated"],
    "order_processing": ["completed"],
}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.django_db(transaction=True)
def test_runs_under_way_go_on_after_an_upgrade(redis_client: Redis, tmp_path: Path, release: str) -> None:
    place = {"DATABASE_URL": empty_database(tmp_path), "WORKER_MODULES": "tests.upgrade.in_flight_workers"}

    def do(*words: str) -> str:
        env = {**environment(**place), "DJANGO_SETTINGS_MODULE": "config.settings"}
        done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=2 * WAIT_S)
        assert done.returncode == 0, done.stderr
        return done.stdout

    do(sys.executable, "-m", "tests.upgrade.load", str(FOLDER / f"{release}.jsonl.gz"))
    do(*MANAGE, "migrate", "--verbosity", "0")
    with (
        running("worker", log=tmp_path / "workers", **place),
        running("scheduler", log=tmp_path / "scheduler", **place),
    ):
        assert json.loads(do(sys.executable, "-m", "tests.upgrade.finish")) == ENDS
    do(*MANAGE, "shop_audit")
