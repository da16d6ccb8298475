"""Inputs and payloads of runs, kept in this process. Rows of them never change, so no entry is ever stale.

Callers share the values and must not change them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any
from uuid import UUID

from config.lib.caches import register

CACHE_BYTES_MAX = 64_000_000
ONE_BYTES_MAX = 8_000_000
INPUT = 0  # stands for the run's input; entries are numbered from 1, what is derived from one is below 0

Key = tuple[int, int]  # a run's id as a number, which hashes faster than a UUID, and an entry's number


class PayloadCache:
    """The most recently used values, bounded by the size of their JSON text."""

    def __init__(self, bytes_max: int = CACHE_BYTES_MAX, one_bytes_max: int = ONE_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._one_bytes_max = one_bytes_max
        self._lock = threading.Lock()
        self._values: OrderedDict[Key, tuple[Any, int]] = OrderedDict()
        self._bytes = 0

    def get(self, run_id: UUID, seqs: list[int]) -> dict[int, Any]:
        """The cached values among `seqs`, by their number."""
        run, values = run_id.int, {}
        with self._lock:
            for seq in seqs:
                cached = self._values.get((run, seq))
                if cached is not None:
                    self._values.move_to_end((run, seq))
                    values[seq] = cached[0]
        return values

    def put(self, run_id: UUID, seq: int, value: Any, size: int) -> None:
        """Keeps a value whose JSON text has `size` bytes; drops the values that were unused the longest."""
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

    def clear(self) -> None:
        with self._lock:
            self._values.clear()
            self._bytes = 0


cache = PayloadCache()
register(cache.clear)
