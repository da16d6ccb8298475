"""Calls whose cost other people decide, made in a process that is ended when it takes too long.

The web process answers everybody. An expression, a document or a file that somebody writes can keep an
interpreter busy, whose other threads then wait; so each such call gets a process of its own, forked from a
server that has Django loaded (`multiprocessing`'s forkserver: some 20 ms). It may use `CPU_S_MAX` seconds of
processor time, or what its caller allows, counted by the system, and `AT_ONCE_MAX` of them run at a time.

What takes longer is done `in_background`.

Only the web process calls `enable`; everywhere else the function is called as usual.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from django.db import connections

from config.installation import import_path
from config.lib.errors import SagaboardError

T = TypeVar("T")

CPU_S_MAX = 2.0
START_S_MAX = 20.0
ANSWER_S_MAX = 15.0  # where other processes take the processor
AT_ONCE_MAX = 2
TURN_S_MAX = 15.0
PRELOADED = ["config.apart_server"]

BACKGROUND_MAX = 2
BACKGROUND_NICE = 5
_background: list[Any] = []
_turns = threading.BoundedSemaphore(AT_ONCE_MAX)
_is_enabled = threading.Event()


class TookTooLong(SagaboardError):
    """This takes too long to work out; make it simpler or smaller."""

    status = 422
    code = "too_costly"

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class NoTurn(SagaboardError):
    """Too many such calls are under way; try again in a moment."""

    status = 503
    code = "busy"

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class Told(SagaboardError):
    """An error of the other process, with its words, code, status and facts."""

    def __init__(self, status: int, code: str, message: str, facts: dict[str, Any]) -> None:
        super().__init__(message)
        vars(self).update(status=status, code=code)
        self._facts = facts

    def facts(self) -> dict[str, Any]:
        return self._facts


def enable() -> None:
    """From now on, `apart` makes its calls in processes of their own."""
    # Daphne and the forkserver look into the working directory first, where anybody's files may lie.
    sys.path[:] = import_path()
    os.environ.update(PYTHONPATH=os.pathsep.join(sys.path), PYTHONSAFEPATH="1")
    multiprocessing.get_context("forkserver").set_forkserver_preload(PRELOADED)
    _is_enabled.set()


def apart(function: Callable[..., T], *args: Any, cpu_s: float = CPU_S_MAX) -> T:
    """Returns what a function of a module gives. Raises TookTooLong, NoTurn, and what the function raises.

    Arguments and result go through pickle. Errors that are no SagaboardError are told as RuntimeError.
    """
    if not _is_enabled.is_set():
        return function(*args)
    context = multiprocessing.get_context("forkserver")
    with _turn():
        answers, to_parent = context.Pipe(duplex=False)
        process = context.Process(target=_answer, args=(to_parent, function, args, cpu_s), daemon=True)
        process.start()
        to_parent.close()
        try:
            wait_s = ANSWER_S_MAX * max(1.0, cpu_s / CPU_S_MAX)
            if not answers.poll(START_S_MAX) or answers.recv() != "begun" or not answers.poll(wait_s):
                raise TookTooLong
            kind, value = answers.recv()
        except EOFError:  # the system has ended it
            raise TookTooLong from None
        finally:
            answers.close()
            process.kill()
            process.join()
    if kind == "told":
        raise Told(*value)
    if kind == "broken":
        raise RuntimeError(value)
    result: T = value
    return result


def in_background(function: Callable[..., None], *args: Any, cpu_s: float) -> None:
    """Calls a function of a module in a process of its own, and does not wait for it. Raises NoTurn.

    What it comes to it must write down itself. Where `apart` makes no processes, it is called at once.
    """
    if not _is_enabled.is_set():
        return function(*args)
    _background[:] = [process for process in _background if process.is_alive()]
    if len(_background) >= BACKGROUND_MAX:
        raise NoTurn
    context = multiprocessing.get_context("forkserver")
    process = context.Process(target=_work, args=(function, args, cpu_s), daemon=True)
    process.start()
    _background.append(process)
    return None


def _work(function: Callable[..., None], args: tuple[Any, ...], cpu_s: float) -> None:
    """The life of a process in the background."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    os.nice(BACKGROUND_NICE)
    try:
        function(*args)
    finally:
        connections.close_all()


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=TURN_S_MAX):
        raise NoTurn
    try:
        yield
    finally:
        _turns.release()


def _answer(parent: Connection, function: Callable[..., Any], args: tuple[Any, ...], cpu_s: float) -> None:
    """The life of the other process."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    parent.send("begun")
    try:
        answer: tuple[str, Any] = "result", function(*args)
    except SagaboardError as error:
        answer = "told", (error.status, error.code, str(error), error.facts())
    except Exception as error:
        answer = "broken", f"{type(error).__name__}: {error}"
    connections.close_all()
    parent.send(answer)
