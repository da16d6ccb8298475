"""Workers that harm themselves: each leaves something behind that would harm the product."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import threading
import time
from typing import Any

from django.db import connection, transaction

from tests.integration.processes.workers import tell
from workers import StepHandle, worker

kept: list[Any] = []
ONCE = {"max_attempts": 2, "initial": 0, "factor": 1, "jitter": 0}


@worker("leaves_a_transaction", compensation="none")
def leaves_a_transaction(context: dict[str, Any]) -> dict[str, Any]:
    """Begins a transaction on Django's connection, writes, and neither commits nor rolls back."""
    block = transaction.atomic()
    block.__enter__()
    kept.append(block)
    connection.cursor().execute("CREATE TABLE left_behind (id INTEGER)")
    return {"left": True}


@worker("leaves_it_and_fails", compensation="none", retry={"max_attempts": 1})
def leaves_it_and_fails(context: dict[str, Any]) -> dict[str, Any]:
    leaves_a_transaction(context)
    raise RuntimeError("broken in a transaction")


@worker("is_stopped_in_a_query", compensation="none", timeout=1, retry={"max_attempts": 1})
def is_stopped_in_a_query(context: dict[str, Any]) -> dict[str, Any]:
    """Its timeout strikes inside a transaction."""
    leaves_a_transaction(context)
    time.sleep(60)
    return {}


@worker("holds_the_lock", compensation="none", timeout=100, retry=ONCE)
def holds_the_lock(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    """Keeps SQLite's write lock by a connection of its own, in a thread; the second time it does not."""
    if step.attempt == 1:
        tell("holder", os.getpid())
        threading.Thread(target=_hold, daemon=True).start()
        time.sleep(90)
    return {"attempt": step.attempt}


def _hold() -> None:
    own = sqlite3.connect(str(connection.settings_dict["NAME"]), isolation_level=None)
    own.execute("BEGIN IMMEDIATE")
    kept.append(own)
    time.sleep(3_600)


@worker("forks_and_returns", compensation="none")
def forks_and_returns(context: dict[str, Any]) -> dict[str, Any]:
    """Both parent and child return from here."""
    child = os.fork()
    if child:
        tell("forked", child)
        time.sleep(0.5)
    return {"by": os.getpid()}


@worker("forks_and_raises", compensation="none", retry={"max_attempts": 1})
def forks_and_raises(context: dict[str, Any]) -> dict[str, Any]:
    child = os.fork()
    if not child:
        raise SystemExit("the child wants to end")
    tell("forked", child)
    return {}


@worker("forks_and_stays", compensation="none")
def forks_and_stays(context: dict[str, Any]) -> dict[str, Any]:
    """The child uses its connection, then lives on for ever."""
    child = os.fork()
    if not child:
        connection.cursor().execute("SELECT 1")
        while True:
            time.sleep(1)
    tell("forked", child)
    return {"parent": os.getpid()}


def _double(number: int) -> int:
    return 2 * number


@worker("uses_a_pool", compensation="none")
def uses_a_pool(context: dict[str, Any]) -> dict[str, Any]:
    """Multiprocessing, as data people use it, goes on working."""
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return {"doubled": pool.map(_double, [1, 2, 3])}


@worker("plain", compensation="none")
def plain(context: dict[str, Any]) -> dict[str, Any]:
    return {"plain": True}
