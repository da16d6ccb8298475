"""Inputs and payloads of runs, kept in this process. They never change, so they are never stale.

Whoever gets one must not change it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any
from uuid import UUID

CACHE_BYTES_MAX = 64_000_000
ONE_BYTES_MAX = 8_000_000
INPUT = 0  # a run's input is kept under this number, which no entry has

Key = tuple[int, int]  # a run's id as a number, which is quick to look up, and an entry's


class PayloadCache:
    """The most recently used values, bounded by the size of their JSON text."""

    def __init__(self, bytes_max: int = CACHE_BYTES_MAX, one_bytes_max: int = ONE_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._one_bytes_max = one_bytes_max
        self._lock = threading.Lock()
        self._values: OrderedDict[Key, tuple[Any, int]] = OrderedDict()
        self._bytes = 0

    def get(self, run_id: UUID, seqs: list[int]) -> dict[int, Any]:
        """Those of `seqs` that are known."""
        run, found = run_id.int, {}
        with self._lock:
            for seq in seqs:
                kept = self._values.get((run, seq))
                if kept is not None:
                    self._values.move_to_end((run, seq))
                    found[seq] = kept[0]
        return found

    def put(self, run_id: UUID, seq: int, value: Any, size: int) -> None:
        """Keep a value whose JSON text has `size` bytes."""
        if size > self._one_bytes_max:
            return
        key = run_id.int, seq
        with self._lock:
            _, replaced = self._values.pop(key, (None, 0))
            self._values[key] = value, size
            self._bytes += size - replaced
            while self._bytes > self._bytes_max:
                _, (_, dropped) = self._values.popitem(last=False)
                self._bytes -= dropped


cache = PayloadCache()
