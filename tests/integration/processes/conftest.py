"""Commands of the product as real processes, on the data folder, database and Redis of the test."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from redis import Redis
from rq import Queue
from rq.utils import as_text

from config.lib.caches import clear_all
from runs.delivery.queue import SERIALIZER
from tests.postgres import found

MANAGE = [sys.executable, str(settings.BASE_DIR / "manage.py")]
WAIT_S = 90.0
JOBS = "tests.integration.processes.jobs"


def environment(**more: str) -> dict[str, str]:
    facts = {"DATA_DIR": str(settings.DATA_DIR), "SECRET_KEY": settings.SECRET_KEY, **hooked(**more)}
    kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return {**kept, **database_address(), **facts}


def database_address() -> dict[str, str]:
    """The test's own database; SQLite's is found by the data folder."""
    if connection.vendor == "sqlite":
        return {}
    found = connection.settings_dict
    place = f"{found['USER']}:{found['PASSWORD']}@{found['HOST']}:{found['PORT'] or 5432}/{found['NAME']}"
    return {"DATABASE_URL": f"postgresql://{place}"}


def empty_database(folder: Path) -> str:
    """Address of an empty database beside the test's own."""
    if connection.vendor == "sqlite":
        return f"sqlite:///{folder / 'beside.sqlite3'}"
    server, _, name = database_address()["DATABASE_URL"].rpartition("/")
    for words in (("dropdb", "--if-exists"), ("createdb",)):
        at = ("--maintenance-db", f"{server}/{name}", f"{name}_beside")
        subprocess.run([found(words[0]), *words[1:], *at], check=True)
    return f"{server}/{name}_beside"


def hooked(**facts: str) -> dict[str, str]:
    """What to set for a process that is different from its start; see `hooks.sitecustomize`."""
    hooks = Path(__file__).parent / "hooks"
    path = os.pathsep.join([str(hooks), str(settings.BASE_DIR)])
    return {"PYTHONPATH": path, "TEST_JOBS": JOBS, **facts}


def manage(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A command of manage.py that ends by itself."""
    return subprocess.run(
        [*MANAGE, *words], env=environment(**more), capture_output=True, text=True, timeout=WAIT_S
    )


@contextmanager
def running(*words: str, log: Path, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command of manage.py; killed at the end of the test if it still runs."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*MANAGE, *words], env=environment(**more), stdout=out, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(condition: Callable[[], object], seconds: float = WAIT_S) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "this did not happen in time"
        time.sleep(0.05)


class Bell:
    """Rings jobs of `tests.integration.processes.jobs` and reads what they told."""

    def __init__(self, client: Redis) -> None:
        self.client = client

    def send(self, job: str, *args: object) -> None:
        queue = Queue("default", connection=self.client, serializer=SERIALIZER)
        queue.enqueue_call(f"{JOBS}.{job}", args=args, timeout=-1, result_ttl=0)

    def told(self, key: str) -> list[str]:
        return [as_text(value) for value in self.client.lrange(f"test:{key}", 0, -1)]


@pytest.fixture
def bell(redis_client: Redis) -> Bell:
    return Bell(redis_client)


@pytest.fixture
def own_workers(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process knows the workers of `tests.integration.processes.workers`."""
    monkeypatch.setattr(settings, "WORKER_MODULES", ["tests.integration.processes.workers"])
    clear_all()  # setting the database up may have loaded the catalog
