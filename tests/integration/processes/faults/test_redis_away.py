"""Redis stops for a while, loses everything, or is full in the middle of many runs: all of them end."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings
from redis import Redis

from config.lib import data_dir
from config.operations import embedded_redis
from designer.models import WorkflowVersion
from designer.services.workflows import sync_patterns
from runs.engine import engine
from runs.models import Run
from tests.integration.processes.conftest import running, wait_for
from tests.stock import stock_shelves
from workers.library.shop.models import Product

ORDERS = 200
AWAY_S = 10.0


class Server:
    """A Redis-compatible server that only this test uses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(embedded_redis.command(self.folder))
        wait_for(embedded_redis.answers)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def server(transactional_db: None, tmp_path: Path, settings: Settings) -> Iterator[Server]:
    settings.REDIS_URL = data_dir.redis_url(tmp_path)
    stock_shelves(Product)
    sync_patterns()
    found = Server(tmp_path)
    found.start()
    yield found
    found.kill()


def ended() -> int:
    return Run.objects.filter(status="completed").count()


@pytest.mark.long
def test_all_runs_end_when_redis_stops_and_loses_everything(
    server: Server, tmp_path: Path, settings: Settings
) -> None:
    version = WorkflowVersion.objects.filter(workflow__name="order_processing").latest("number")
    sample = version.document["sample_input"]
    address = {"REDIS_URL": settings.REDIS_URL}
    with (
        running("worker", "--processes", "2", log=tmp_path / "workers.log", **address) as workers,
        running("scheduler", log=tmp_path / "scheduler.log", **address) as scheduler,
    ):
        for _ in range(ORDERS - 10):
            engine.start_run(version, sample)
        wait_for(lambda: ended() > ORDERS / 10)
        with Redis.from_url(settings.REDIS_URL) as client:
            client.flushall()
        wait_for(lambda: ended() > ORDERS / 5)
        server.kill()
        for _ in range(10):
            engine.start_run(version, sample)
        time.sleep(AWAY_S)
        server.start()
        wait_for(lambda: ended() == ORDERS)
        assert (workers.poll(), scheduler.poll()) == (None, None)


@pytest.mark.parametrize("full_from_the_start", [True, False])
def test_all_runs_end_while_redis_is_full(
    server: Server, tmp_path: Path, settings: Settings, full_from_the_start: bool
) -> None:
    version = WorkflowVersion.objects.filter(workflow__name="order_processing").latest("number")
    sample, orders = version.document["sample_input"], 20
    address = {"REDIS_URL": settings.REDIS_URL}
    with Redis.from_url(settings.REDIS_URL) as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 1 if full_from_the_start else 0)
        with (
            running("worker", "--processes", "2", log=tmp_path / "workers.log", **address) as workers,
            running("scheduler", log=tmp_path / "scheduler.log", **address) as scheduler,
        ):
            for _ in range(orders):
                engine.start_run(version, sample)
            if not full_from_the_start:
                wait_for(lambda: ended() > 0)
                client.config_set("maxmemory", 1)
                for _ in range(orders):
                    engine.start_run(version, sample)
                orders *= 2
            wait_for(lambda: ended() == orders)
            client.config_set("maxmemory", 0)
            wait_for(lambda: "takes writes again" in (tmp_path / "workers.log").read_text())
            engine.start_run(version, sample)
            wait_for(lambda: ended() == orders + 1)
            assert (workers.poll(), scheduler.poll()) == (None, None)
    assert (tmp_path / "workers.log").read_text().count("Redis takes no writes") <= 2
