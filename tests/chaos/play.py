"""One play on one database: orders flow, things break, and at the end everything must hold.

Django is set up before this module is imported; see `tests.chaos.__main__`.
"""

from __future__ import annotations

import random
import signal
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import InterfaceError, OperationalError
from django.test import Client

from runs.models import Run, WorkerProcess
from tests.chaos.faults import Faults
from tests.chaos.network import NETWORK, Network, second_host
from tests.chaos.orders import Orders, open_count, publish
from tests.chaos.stack import PROCESSES, Stack
from tests.chaos.verdict import violations
from tests.chaos.watchers import Watcher
from tests.postgres import Postgres, postgres
from tests.rights import NotAllowed
from workers.process import database_retry

TICK_S = 0.1
WATCHERS = 6
WATCH_S_MAX = 60.0
START_S_MAX = 120.0
END_S_MAX = 240.0


def main(seed: int, seconds: float, folder: Path) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with other_host() as network, database(network) as server:
        call_command("migrate", verbosity=0)
        watched: deque[UUID] = deque(maxlen=10_000)
        orders = Orders(publish(), random.Random(seed), watched)
        stack = Stack(folder, network)
        watchers = [Watcher(stack.port, cookie(), watched) for _ in range(WATCHERS)]
        for watcher in watchers:
            watcher.start()
        try:
            come_up(stack)
            faults = Faults(stack, random.Random(seed + 1), server)
            began = time.monotonic()
            orders.start()
            play(stack, faults, began + seconds)
            faults.end()
            orders.end()
            say(f"the faults are over after {orders.count} orders; waiting for {still_open()} that are open")
            settle(stack, watchers)
            found = list(violations(orders, watchers))
            statuses = Counter(Run.objects.values_list("status", flat=True))
        finally:
            if network is not None:
                network.heal()
            stack.stop()
    say(f"{orders.count} orders in {time.monotonic() - began:.0f} s: {dict(statuses)}")
    summary(seconds, orders, faults, watchers, found)
    return 1 if found else 0


def play(stack: Stack, faults: Faults, until: float) -> None:
    while time.monotonic() < until:
        stack.keep_alive()
        faults.tick()
        time.sleep(TICK_S)


def come_up(stack: Stack) -> None:
    """Waits for every worker process, so that the time of the play is not that of the start."""
    until = time.monotonic() + START_S_MAX
    while WorkerProcess.objects.count() < PROCESSES:
        if time.monotonic() > until:
            raise RuntimeError("the worker processes do not come up")
        stack.keep_alive()
        time.sleep(TICK_S)


def settle(stack: Stack, watchers: list[Watcher]) -> None:
    """Waits until everything has ended and everybody has seen it, or for too long."""
    until = time.monotonic() + END_S_MAX
    while still_open() and time.monotonic() < until:
        stack.keep_alive()
        time.sleep(TICK_S)
    until = time.monotonic() + WATCH_S_MAX
    while any(watcher.current or watcher.waiting for watcher in watchers) and time.monotonic() < until:
        stack.keep_alive()
        time.sleep(TICK_S)
    for watcher in watchers:
        watcher.ended.set()


def still_open() -> int:
    try:
        return open_count()
    except (OperationalError, InterfaceError):
        database_retry.drop_connections()
        return 1


def cookie() -> str:
    user, _ = User.objects.get_or_create(username="watcher", defaults={"is_superuser": True})
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def is_sqlite() -> bool:
    return str(settings.DATABASES["default"]["ENGINE"]).endswith("sqlite3")


@contextmanager
def other_host() -> Iterator[Network | None]:
    """A host of its own for the second pool, where the machine allows one; SQLite can have none."""
    with ExitStack() as stack:
        network = None
        if not is_sqlite():
            try:
                network = stack.enter_context(second_host())
                say(f"the second pool stands behind a cable of its own, as host {network.there}")
            except NotAllowed as reason:
                say(f"no host is cut off, as this machine allows no network namespace ({reason})")
        yield network


@contextmanager
def database(network: Network | None) -> Iterator[Postgres | None]:
    """The server that the settings name; with SQLite there is none."""
    if is_sqlite():
        yield None
        return
    options = {"listen_addresses": f"127.0.0.1,{network.here}", "hosts": NETWORK} if network else {}
    with postgres(int(settings.DATABASES["default"]["PORT"]), **options) as server:
        yield server


def summary(
    seconds: float, orders: Orders, faults: Faults, watchers: list[Watcher], found: list[str]
) -> None:
    runs = sum(len(watcher.seen) for watcher in watchers)
    cuts = sum(watcher.cuts for watcher in watchers)
    say(f"{60 * orders.count / seconds:.0f} orders a minute while things broke")
    say(f"{faults.kills} processes killed; {dict(faults.done)}; orders put off {orders.refused} times")
    say(f"{runs} runs watched by socket, cut off {cuts} times")
    for one in found[:50]:
        say(f"VIOLATION: {one}")
    say(f"{len(found)} violations")


def say(line: str) -> None:
    print(line, flush=True)
