"""The product's processes, as several hosts would run them: Valkey, daphne, a scheduler, two pools.

Each pool has a data folder of its own, so that neither sees the other's locks: to each other they are hosts.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from config.operations import embedded_redis
from tests.chaos.network import Network
from tests.postgres import free_port
from workers.process import parent_death

RESTART_S = 0.3
PROCESSES = 4  # of workers, in both pools
END_S_MAX = 10.0
MANAGE = (sys.executable, str(settings.BASE_DIR / "manage.py"))


@dataclass
class Part:
    """A process that is started again when it has ended."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    back_at: float = 0.0

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                parent_death.command(self.command, signal.SIGKILL),
                env=self.environment,
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def pid(self) -> int | None:
        """Of the running process."""
        return self.process.pid if self.process is not None and self.process.poll() is None else None

    def send(self, signum: int) -> None:
        if self.pid is not None:
            os.kill(self.pid, signum)

    def kill(self, back_s: float = RESTART_S) -> None:
        self.back_at = time.monotonic() + back_s
        self.send(signal.SIGKILL)

    def keep_alive(self) -> None:
        if self.pid is not None:
            return
        if self.process is not None:
            self.process = None
            self.back_at = max(self.back_at, time.monotonic() + RESTART_S)
        elif time.monotonic() >= self.back_at:
            self.start()

    def children(self) -> list[int]:
        pid = self.pid
        try:
            listed = Path(f"/proc/{pid}/task/{pid}/children").read_text() if pid else ""
        except OSError:
            return []
        return [int(child) for child in listed.split()]


@dataclass
class Stack:
    """All parts; `folder` takes their logs and data folders; the pool `there` is behind the `network`."""

    folder: Path
    network: Network | None = None
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        manage = (*MANAGE,)
        daphne = (sys.executable, "-m", "daphne", "--verbosity", "0", "--port", str(self.port))
        self.redis_port = free_port()
        self.redis = self._part("redis", [*embedded_redis.command(settings.DATA_DIR), *self._redis_listens()])
        self.web = self._part("web", (*daphne, "config.asgi:application"))
        self.scheduler = self._part("scheduler", (*manage, "scheduler"))
        pool = (*manage, "worker", "--processes", str(PROCESSES // 2))
        there = pool if self.network is None else self.network.inside(pool)
        self.pools = [self._part("here", pool), self._part("there", there)]

    @property
    def parts(self) -> list[Part]:
        return [self.redis, self.web, self.scheduler, *self.pools]

    def keep_alive(self) -> None:
        for part in self.parts:
            part.keep_alive()

    def stop(self) -> None:
        for part in reversed(self.parts):
            part.send(signal.SIGTERM)
        until = time.monotonic() + END_S_MAX
        for part in reversed(self.parts):
            while part.pid is not None and time.monotonic() < until:
                time.sleep(0.05)
            part.send(signal.SIGKILL)

    def _redis_listens(self) -> list[str]:
        if self.network is None:
            return []
        return [
            *("--port", str(self.redis_port)),
            *("--bind", self.network.here),
            *("--protected-mode", "no"),
        ]

    def _part(self, name: str, command: Sequence[str]) -> Part:
        data = settings.DATA_DIR if name != "there" else self.folder / "there"
        data.mkdir(mode=0o700, exist_ok=True)
        database = {} if "DATABASE_URL" in os.environ else {"DATABASE_URL": f"sqlite:///{sqlite_path()}"}
        facts = {
            "DATA_DIR": str(data),
            "REDIS_URL": settings.REDIS_URL,
            "SECRET_KEY": settings.SECRET_KEY,
            "STOP_GRACE_S": "5",
            "PYTHONPATH": str(settings.BASE_DIR),
        }
        if name == "there" and self.network is not None:
            facts["REDIS_URL"] = f"redis://{self.network.here}:{self.redis_port}/0"
            database = {"DATABASE_URL": os.environ["DATABASE_URL"].replace("127.0.0.1", self.network.here)}
        return Part(name, command, {**os.environ, **database, **facts}, self.folder / f"{name}.log")


def sqlite_path() -> str:
    return str(settings.DATABASES["default"]["NAME"])
