"""Tells the web processes what has moved. Hints only: what sockets send is read from the database.

A thread with its own event loop sends them, merged, so that nobody waits for Redis. All web processes
hear all hints, in one group: a hint costs them little, and nobody has to subscribe to single runs.
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
PAUSE_S = 0.05  # the first hint goes out at once; what moves within this time after it is told together
RUNS_PER_HINT = 1_000
PEOPLE = "people"

Key = tuple[str, ...]


class Announcer:
    """One daemon thread a process; `hint` never blocks and never fails."""

    def __init__(self) -> None:
        self._pid = 0
        self._lock = threading.Lock()
        self._hints: dict[Key, int] = {}
        self._loop: asyncio.AbstractEventLoop
        self._is_due: asyncio.Event

    def hint(self, key: Key, number: int = 0) -> None:
        """Tell of `key` soon; a newer number of the same key replaces the older."""
        with self._lock:
            if self._pid != os.getpid():  # a forked process has no thread of its parent
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
    """What the web processes hear: numbers of runs, moved interventions, and whether people changed."""
    return {
        "type": "board.moved",
        "runs": {key[0]: number for key, number in hints if len(key) == 1 and key[0] != PEOPLE},
        "cases": [[key[0], number, key[2]] for key, number in hints if len(key) == 3],
        PEOPLE: any(key == (PEOPLE,) for key, _ in hints),
    }


announcer = Announcer()


def run_moved(run_id: object, last_seq: int) -> None:
    """Run `run_id` has `last_seq` entries now."""
    announcer.hint((str(run_id),), last_seq)


def intervention_changed(run_id: object, opened_seq: int, entry_type: str) -> None:
    announcer.hint((str(run_id), str(opened_seq), entry_type), opened_seq)


def people_changed() -> None:
    """Somebody signed out, or may do something else than before."""
    announcer.hint((PEOPLE,))
