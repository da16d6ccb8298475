"""What this process remembers for as long as it lives, and the one place that forgets it all.

Every cache of the process is made or registered here, so that no test and no tool has to know them by name.
Two kinds are told apart:

* `cached_for_process` remembers what depends on settings, files, the database or another service. It may
  become stale where those change under a living process, as they do between tests: `clear_all` forgets it.
* `memoized` remembers what depends on nothing but the arguments. It is never stale, so `clear_all` keeps it:
  compiling every expression again for each test would only cost time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import _lru_cache_wrapper, lru_cache
from typing import Any, TypeVar

T = TypeVar("T")
C = TypeVar("C", bound=Callable[[], Any])

_clears: list[Callable[[], Any]] = []


def register(clear: C) -> C:
    """Has `clear_all` call this function, which forgets what one cache remembers."""
    _clears.append(clear)
    return clear


def cached_for_process(
    maxsize: int | None = None,
) -> Callable[[Callable[..., T]], _lru_cache_wrapper[T]]:
    """Decorates a function whose results are kept, the most recently used `maxsize` of them or all."""

    def decorate(function: Callable[..., T]) -> _lru_cache_wrapper[T]:
        cached = lru_cache(maxsize)(function)
        register(cached.cache_clear)
        return cached

    return decorate


def memoized(maxsize: int | None = None) -> Callable[[Callable[..., T]], _lru_cache_wrapper[T]]:
    """As `cached_for_process`, of a function whose result depends on its arguments alone."""
    return lru_cache(maxsize)


def clear_all() -> None:
    for clear in _clears:
        clear()
