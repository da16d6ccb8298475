"""Workers that harm themselves, for orders of their own: nothing of the product may suffer for long."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from typing import Any

from django.db import connection, transaction

from workers import StepHandle, worker

KEPT: list[Any] = []
MEGABYTE = 1 << 20
TAKEN_MEGABYTES = 300
RETRY = {"max_attempts": 4, "initial": 0.2, "max": 2}
ODD = (
    *("leaves_a_transaction", "forks", "forks_and_stays", "takes_memory", "leaves_threads") * 3,
    "blocks_signals",
    "keeps_the_lock",
)


@worker("leaves_a_transaction", compensation="none", timeout=3, retry=RETRY)
def leaves_a_transaction(context: dict[str, Any]) -> dict[str, Any]:
    block = transaction.atomic()
    block.__enter__()
    KEPT.append(block)
    connection.cursor().execute("CREATE TABLE left_behind (id INTEGER)")
    return {}


@worker("forks", compensation="none", timeout=3, retry=RETRY)
def forks(context: dict[str, Any]) -> dict[str, Any]:
    """Both return."""
    os.fork()
    return {"pid": os.getpid()}


@worker("forks_and_stays", compensation="none", timeout=3, retry=RETRY)
def forks_and_stays(context: dict[str, Any]) -> dict[str, Any]:
    if not os.fork():
        connection.cursor().execute("SELECT 1")
        time.sleep(3_600)
    return {}


@worker("takes_memory", compensation="none", timeout=3, retry=RETRY)
def takes_memory(context: dict[str, Any]) -> dict[str, Any]:
    """Takes much of it, and fails as when there is none."""
    taken = [b"x" * MEGABYTE for _ in range(TAKEN_MEGABYTES)]
    raise MemoryError(f"{len(taken)} MB are not enough")


@worker("leaves_threads", compensation="none", timeout=3, retry=RETRY)
def leaves_threads(context: dict[str, Any]) -> dict[str, Any]:
    for _ in range(5):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return {}


@worker("blocks_signals", compensation="none", timeout=1, retry=RETRY)
def blocks_signals(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    """Cannot be stopped at its timeout from within; the second attempt can."""
    if step.attempt == 1:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        time.sleep(60)
    return {}


@worker("keeps_the_lock", compensation="none", timeout=30, retry=RETRY)
def keeps_the_lock(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    """Keeps SQLite's write lock for longer than writers wait; on PostgreSQL there is none to keep."""
    if step.attempt == 1 and connection.vendor == "sqlite":
        own = sqlite3.connect(str(connection.settings_dict["NAME"]), isolation_level=None, timeout=20)
        own.execute("BEGIN IMMEDIATE")
        KEPT.append(own)
        time.sleep(25)
    return {}
