"""What goes wrong, at random moments of a seeded sequence."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from redis import Redis
from redis.exceptions import RedisError

from tests.chaos.stack import Part, Stack, sqlite_path
from tests.integration.processes.conftest import hooked
from tests.postgres import Postgres, cut_connections
from workers.process import database_retry

BETWEEN_S = (0.4, 2.4)
REDIS_AWAY_S = (0.0, 6.0)
FROZEN_S = (5.0, 26.0)
DATABASE_AWAY_S = (1.0, 8.0)
LOCKED_S = (1.0, 6.0)
FULL_S = (2.0, 12.0)
CLOCK_S = (-3_600.0, 3_600.0)
CUT_OFF_S = (2.0, 30.0)


def hold_lock(seconds: float) -> None:
    holder = sqlite3.connect(sqlite_path(), isolation_level=None, timeout=LOCKED_S[1])
    with closing(holder), suppress(sqlite3.OperationalError):
        holder.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)


class Faults:
    """Causes one fault after the other; `kills` counts the processes that were killed."""

    def __init__(self, stack: Stack, rnd: random.Random, server: Postgres | None) -> None:
        self.stack = stack
        self.rnd = rnd
        self.server = server
        self.next_at = time.monotonic()
        self.began = time.monotonic()
        self.later: list[tuple[float, Callable[[], Any]]] = []
        self.done: Counter[str] = Counter()
        self.kills = 0
        self.frozen: Part | None = None
        self.is_cut_off = False
        of_sqlite = [(self.lock_database, 1)] if server is None else []
        of_server = [(self.stop_database, 1), (self.cut_database, 1), (self.jump_clock, 1)] if server else []
        of_network = [(self.cut_host, 2)] if stack.network else []
        self.choices: list[tuple[Callable[[], str], int]] = [
            (self.kill_worker, 18), (self.kill_pool, 2), (self.kill_scheduler, 2), (self.kill_web, 2),
            (self.kill_redis, 2), (self.empty_redis, 2), (self.cut_redis, 2), (self.freeze_worker, 2),
            (self.freeze_host, 1), (self.kill_everything, 1), (self.fill_redis, 2),
            *of_sqlite, *of_server, *of_network,
        ]  # fmt: skip

    def tick(self) -> None:
        self._do_later()
        if time.monotonic() >= self.next_at:
            fault = self.rnd.choices(
                [one for one, _ in self.choices], [weight for _, weight in self.choices]
            )[0]
            self.say(fault.__name__, fault())
            self.next_at = time.monotonic() + self.rnd.uniform(*BETWEEN_S)

    def end(self) -> None:
        """Everything that was taken away comes back."""
        for _, bring_back in self.later:
            bring_back()
        self.later.clear()

    def say(self, name: str, what: str) -> None:
        self.done[name] += 1
        print(f"{time.monotonic() - self.began:7.1f} s  {name.replace('_', ' ')}  {what}", flush=True)

    def kill_worker(self) -> str:
        pids = self.stack.pools[0].children() + self.stack.pools[1].children()
        return self._signal(self.rnd.choice(pids), signal.SIGKILL) if pids else "none is alive"

    def kill_pool(self) -> str:
        return self._kill(self.rnd.choice(self.stack.pools))

    def kill_scheduler(self) -> str:
        return self._kill(self.stack.scheduler, self.rnd.uniform(0, 4))

    def kill_web(self) -> str:
        return self._kill(self.stack.web)

    def kill_redis(self) -> str:
        return self._kill(self.stack.redis, self.rnd.uniform(*REDIS_AWAY_S))

    def kill_everything(self) -> str:
        return "; ".join(self._kill(part) for part in self.stack.parts)

    def empty_redis(self) -> str:
        with Redis.from_url(settings.REDIS_URL) as client, suppress(RedisError):
            client.flushall()
        return ""

    def fill_redis(self) -> str:
        """Lets it take no more: each write is refused, as where `maxmemory` is reached."""
        seconds = self.rnd.uniform(*FULL_S)
        self._limit_redis("1")
        self._after(seconds, lambda: self._limit_redis("0"))
        return f"for {seconds:.1f} s"

    def _limit_redis(self, bytes_max: str) -> None:
        with Redis.from_url(settings.REDIS_URL) as client, suppress(RedisError):
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", bytes_max)

    def jump_clock(self) -> str:
        """The other host comes back with another time of day. (SQLite has one host, so one clock.)"""
        host = self.stack.pools[1]
        shift = self.rnd.uniform(*CLOCK_S)
        host.environment = {**host.environment, **hooked(CLOCK_SHIFT_S=str(shift))}
        return f"by {shift:.0f} s; {self._kill(host)}"

    def cut_redis(self) -> str:
        """Ends all its connections."""
        with Redis.from_url(settings.REDIS_URL) as client, suppress(RedisError):
            client.client_kill_filter(_type="normal", skipme=True)
            client.client_kill_filter(_type="pubsub")
        return ""

    def freeze_worker(self) -> str:
        pids = self.stack.pools[0].children()
        if not pids:
            return "none is alive"
        pid, seconds = self.rnd.choice(pids), self.rnd.uniform(*FROZEN_S)
        self._after(seconds, lambda: self._signal(pid, signal.SIGCONT))
        return f"{self._signal(pid, signal.SIGSTOP)} for {seconds:.1f} s"

    def freeze_host(self) -> str:
        """All processes of the other host, past their leases and until they are taken for lost."""
        host = self.stack.pools[1]
        if self.frozen is not None or host.pid is None:
            return "is frozen already"
        self.frozen = host
        pids = [host.pid, *host.children()]
        seconds = self.rnd.uniform(*FROZEN_S)
        self._after(seconds, lambda: self._thaw(pids))
        return f"{[self._signal(pid, signal.SIGSTOP) for pid in pids]} for {seconds:.1f} s"

    def stop_database(self) -> str:
        assert self.server is not None
        if self.server.process is None:
            return "is away already"
        seconds = self.rnd.uniform(*DATABASE_AWAY_S)
        self.server.stop(signal.SIGQUIT)
        self._after(seconds, self.server.start)
        return f"for {seconds:.1f} s"

    def cut_database(self) -> str:
        """Ends all connections to PostgreSQL, also those of this process: it does not say that it tests."""
        with suppress(OperationalError, InterfaceError):
            cut_connections(connection)
        database_retry.drop_connections()
        return ""

    def cut_host(self) -> str:
        """Pulls the cable of the other host: it runs on, and reaches neither Redis nor the database."""
        network = self.stack.network
        assert network is not None
        if self.is_cut_off:
            return "is cut off already"
        self.is_cut_off = True
        seconds = self.rnd.uniform(*CUT_OFF_S)
        network.cut()
        self._after(seconds, self._heal)
        return f"for {seconds:.1f} s"

    def _heal(self) -> None:
        assert self.stack.network is not None
        self.is_cut_off = False
        self.stack.network.heal()

    def lock_database(self) -> str:
        """Holds SQLite's write lock."""
        seconds = self.rnd.uniform(*LOCKED_S)
        threading.Thread(target=hold_lock, args=(seconds,), daemon=True).start()
        return f"for {seconds:.1f} s"

    def _thaw(self, pids: list[int]) -> None:
        self.frozen = None
        for pid in pids:
            self._signal(pid, signal.SIGCONT)

    def _kill(self, part: Part, back_s: float = 0.0) -> str:
        if part.pid is None:
            return f"{part.name} is away already"
        self.kills += 1
        part.kill(back_s)
        return f"{part.name}, back after {back_s:.1f} s"

    def _signal(self, pid: int, signum: int) -> str:
        self.kills += signum == signal.SIGKILL
        with suppress(ProcessLookupError):
            os.kill(pid, signum)
        return str(pid)

    def _after(self, seconds: float, bring_back: Callable[[], Any]) -> None:
        self.later.append((time.monotonic() + seconds, bring_back))

    def _do_later(self) -> None:
        due = [entry for entry in self.later if entry[0] <= time.monotonic()]
        self.later = [entry for entry in self.later if entry not in due]
        for _, bring_back in due:
            bring_back()
