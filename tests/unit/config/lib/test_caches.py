"""The registry of caches."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from config.lib import caches


@pytest.fixture(autouse=True)
def no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches, "_clears", [])


def counted(decorator: Callable[..., Callable[[str], int]]) -> Callable[[str], int]:
    numbers = count()
    return decorator(lambda name: next(numbers))


def test_what_was_cached_is_forgotten_with_everything_else() -> None:
    first, second = counted(caches.cached_for_process()), counted(caches.cached_for_process(maxsize=1))
    assert [first("a"), first("a"), second("a"), second("b"), second("a")] == [0, 0, 0, 1, 2]
    caches.clear_all()
    assert (first("a"), second("a")) == (1, 3)


def test_what_depends_on_the_arguments_alone_is_kept() -> None:
    function = counted(caches.memoized())
    assert function("a") == 0
    caches.clear_all()
    assert (function("a"), function("b")) == (0, 1)


def test_other_caches_register_how_they_are_cleared() -> None:
    known = {"a": 1}
    assert caches.register(known.clear) is not None
    caches.clear_all()
    assert not known
