"""Calls in processes of their own: ended by processor time, with errors as they are, few at a time."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from config.lib import apart as module
from config.lib.apart import NoTurn, Told, TookTooLong, apart, enable
from config.lib.errors import SagaboardError


class Odd(SagaboardError):
    status = 409
    code = "odd"

    def __init__(self, number: int, of: str) -> None:
        super().__init__(f"{number} of {of}")

    def facts(self) -> dict[str, Any]:
        return {"problems": [{"code": "odd"}]}


def spin() -> None:
    while True:
        pass


def refuse() -> None:
    raise Odd(3, "four")


def break_down() -> None:
    raise ZeroDivisionError("by nothing")


def vanish() -> None:
    os._exit(0)


def pause(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


@pytest.fixture
def enabled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "_is_enabled", threading.Event())
    monkeypatch.setattr(module, "CPU_S_MAX", 1.0)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in ("PYTHONPATH", "PYTHONSAFEPATH"):  # to be as they were for processes of later tests
        monkeypatch.setenv(name, os.environ.get(name, ""))
    enable()
    yield


def test_elsewhere_the_function_is_called_as_usual() -> None:
    assert apart(os.getpid) == os.getpid()
    with pytest.raises(Odd):
        apart(refuse)


def test_a_result_comes_back_from_another_process(enabled: None) -> None:
    assert apart(os.getpid) != os.getpid()
    large = {"text": "x" * 2_000_000, "list": list(range(50_000))}
    assert apart(dict, large) == large


@pytest.mark.parametrize("function", [spin, vanish])
def test_what_takes_too_long_is_ended_and_told(enabled: None, function: Any) -> None:
    with pytest.raises(TookTooLong, match="simpler or smaller"):
        apart(function)
    assert apart(len, "abc") == 3


def test_errors_keep_words_code_status_and_facts(enabled: None) -> None:
    with pytest.raises(Told, match="3 of four") as told:
        apart(refuse)
    assert (told.value.status, told.value.code) == (409, "odd")
    assert told.value.facts() == {"problems": [{"code": "odd"}]}
    with pytest.raises(RuntimeError, match="ZeroDivisionError: by nothing"):
        apart(break_down)


def test_few_run_at_a_time_and_others_wait_or_are_told(
    enabled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(4) as pool:
        processes = list(pool.map(lambda _: apart(pause, 0.05), range(4)))
    assert len(set(processes)) == 4
    monkeypatch.setattr(module, "_turns", threading.BoundedSemaphore(1))
    monkeypatch.setattr(module, "TURN_S_MAX", 0.1)
    with ThreadPoolExecutor(2) as pool:
        first, second = (pool.submit(apart, pause, 3.0) for _ in range(2))
        assert {type(first.exception()), type(second.exception())} == {type(None), NoTurn}


def test_this_process_goes_on_meanwhile(enabled: None) -> None:
    """Counted in turns of this thread: what spins apart takes none of them."""
    turns = 0
    with ThreadPoolExecutor(1) as pool:
        spinning = pool.submit(apart, spin)
        while not spinning.done():
            turns += 1
            time.sleep(0.001)
    assert isinstance(spinning.exception(), TookTooLong) and turns > 100
