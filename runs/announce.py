"""Tells watchers that a run has moved. Hints only: what they say is read from the journal.

A thread with its own event loop sends them, merged per run, so that nobody waits for Redis.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from typing import Any

from channels.layers import get_channel_layer
from redis import RedisError

logger = logging.getLogger(__name__)

RUNS_GROUP = "runs"
CASES_GROUP = "interventions"
MERGE_S = 0.02  # what moves within this time is told once


def run_group(run_id: object) -> str:
    return f"run.{run_id}"


class Announcer:
    """One daemon thread a process; `hint` never blocks and never fails."""

    def __init__(self) -> None:
        self._pid = 0
        self._lock = threading.Lock()
        self._hints: dict[tuple[str, str], dict[str, Any]] = {}
        self._loop: asyncio.AbstractEventLoop
        self._is_due: asyncio.Event

    def hint(self, group: str, key: str, message: dict[str, Any]) -> None:
        """Send `message` to `group` soon; a newer one of the same key replaces it."""
        with self._lock:
            if self._pid != os.getpid():  # a forked process has no thread of its parent
                self._start()
            is_first = not self._hints
            self._hints[group, key] = message
        if is_first:
            self._loop.call_soon_threadsafe(self._is_due.set)

    def _start(self) -> None:
        self._pid = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._is_due = asyncio.Event()
        work = self._loop.create_task(self._work())
        threading.Thread(
            target=self._loop.run_until_complete, args=(work,), name="announcer", daemon=True
        ).start()

    async def _work(self) -> None:
        while True:
            await self._is_due.wait()
            await asyncio.sleep(MERGE_S)
            self._is_due.clear()
            with self._lock:
                hints, self._hints = self._hints, {}
            await self._send(hints)

    async def _send(self, hints: dict[tuple[str, str], dict[str, Any]]) -> None:
        layer = get_channel_layer()
        for (group, _key), message in hints.items():
            try:
                await layer.group_send(group, message)
            except (RedisError, OSError) as error:
                logger.debug("hint to %s lost: %s", group, error)


announcer = Announcer()


def run_moved(run_id: object, last_seq: int) -> None:
    """Run `run_id` has `last_seq` entries now."""
    key = str(run_id)
    announcer.hint(run_group(key), key, {"type": "run.moved", "run": key, "seq": last_seq})
    announcer.hint(RUNS_GROUP, key, {"type": "run.moved", "run": key, "seq": last_seq})


def case_moved(run_id: object, opened_seq: int, entry_type: str) -> None:
    key = f"{run_id}:{opened_seq}"
    message = {"type": "case.moved", "run": str(run_id), "opened": opened_seq, "event": entry_type}
    announcer.hint(CASES_GROUP, key, message)
