"""Hints to the web processes: which runs and interventions have changed. No data: sockets read the database.

A thread with an event loop of its own merges and sends them, so that no unit of work waits for Redis. All web
processes receive all hints through one group: a hint costs them little, and there are no subscriptions to
single runs to keep. A hint that is lost costs freshness only.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from itertools import islice
from typing import Any

from channels.layers import get_channel_layer
from redis import RedisError

logger = logging.getLogger(__name__)

BOARD_GROUP = "board"
PAUSE_S = 0.05  # the first hint is sent at once; those that follow within this time are merged into one
RUNS_PER_HINT = 1_000
PEOPLE, INBOX = "people", "inbox"

Key = tuple[str, ...]


class Announcer:
    """One daemon thread a process; `hint` never blocks and never fails.

    `is_silent`: nobody looks at the runs of this process, and no thread is begun.
    """

    def __init__(self) -> None:
        self.is_silent = False
        self._pid = 0
        self._lock = threading.Lock()
        self._hints: dict[Key, int] = {}
        self._loop: asyncio.AbstractEventLoop
        self._is_due: asyncio.Event

    def hint(self, key: Key, number: int = 0) -> None:
        """Sends `key` soon; a newer number of the same key replaces the older one."""
        if self.is_silent:
            return
        with self._lock:
            if self._pid != os.getpid():  # a forked process does not have its parent's thread
                self._start()
            is_first = not self._hints
            self._hints[key] = number
        if is_first:
            self._loop.call_soon_threadsafe(self._is_due.set)

    def _start(self) -> None:
        self._pid = os.getpid()
        self._hints = {}
        self._loop = asyncio.new_event_loop()
        self._is_due = asyncio.Event()
        work = self._loop.create_task(self._work())
        threading.Thread(
            target=self._loop.run_until_complete, args=(work,), name="announcer", daemon=True
        ).start()

    async def _work(self) -> None:
        while True:
            await self._is_due.wait()
            self._is_due.clear()
            with self._lock:
                hints, self._hints = self._hints, {}
            await self._send(hints)
            await asyncio.sleep(PAUSE_S)

    async def _send(self, hints: dict[Key, int]) -> None:
        layer = get_channel_layer()
        items = iter(hints.items())
        while part := list(islice(items, RUNS_PER_HINT)):
            try:
                await layer.group_send(BOARD_GROUP, message_of(part))
            except (RedisError, OSError) as error:
                logger.debug("%s hints lost: %s", len(part), error)


def message_of(hints: list[tuple[Key, int]]) -> dict[str, Any]:
    """The group message: last entries of runs, changed interventions, and whether permissions or approvals
    changed."""
    return {
        "type": "board.moved",
        "runs": {key[0]: number for key, number in hints if len(key) == 1 and key[0] not in (PEOPLE, INBOX)},
        "cases": [[key[0], number, key[2]] for key, number in hints if len(key) == 3],
        PEOPLE: any(key == (PEOPLE,) for key, _ in hints),
        INBOX: any(key == (INBOX,) for key, _ in hints),
    }


announcer = Announcer()


def run_moved(run_id: object, last_seq: int) -> None:
    """Announces that run `run_id` has `last_seq` entries."""
    announcer.hint((str(run_id),), last_seq)


def intervention_changed(run_id: object, opened_seq: int, entry_type: str) -> None:
    announcer.hint((str(run_id), str(opened_seq), entry_type), opened_seq)


def approvals_changed() -> None:
    """Announces that an approval was asked for, or waits no more."""
    announcer.hint((INBOX,))


def people_changed() -> None:
    """Announces that somebody signed out, or that permissions changed: sockets check theirs again."""
    announcer.hint((PEOPLE,))
