"""Async steps of a worker process: many attempts at a time on one event loop.

Three threads share the work:

* The job thread claims attempts and hands them to `AsyncRunner.take`. It takes no further job while the
  runner is full (`wait_for_room`).
* The loop thread runs the workers' coroutines. It never touches the database: a query would stop every other
  coroutine, and Django's connections belong to the thread that opened them.
* The writer thread (`ReportWriter`) has a connection of its own. One after the other it records outcomes,
  progress and log lines, and prepares the attempt that a report claimed next.

An attempt is prepared, started on the loop, executed and reported; the report may claim the run's next step,
which goes the same way. `_open` counts the attempts between `take` and the end of such a chain, `_unstarted`
those that wait for the loop. While one waits, the loop is busy and the process takes no further job.

A coroutine that blocks the loop cannot be stopped from within the process: signals interrupt the main thread
alone. So the loop keeps a deadline in the memory that the pool's parent watches (`identity.watch_loop`), and
the parent kills a process that passes it. `WatchedCoroutine` sets the attempt's own deadline while the
attempt holds the loop; between two of them the deadline is `STUCK_AFTER_S` ahead.

This module knows no engine: how to prepare and to report an attempt is handed in.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Awaitable, Callable, Generator, Mapping
from functools import partial
from typing import Any

from workers.execution.execute import Task, execute_async
from workers.process import identity
from workers.process.attempts.progress import INTERVAL_S, Reporter
from workers.process.forks import ends_here
from workers.sdk.outcome import Outcome
from workers.sdk.spec import WorkerSpec

PULSE_S = 10.0
STUCK_AFTER_S = 60.0  # a loop without a pulse for so long does not recover
ROOM_POLL_S = 0.25

Prepare = Callable[[Any], Task | Outcome]
Report = Callable[[Any, Outcome, int], Any]

logger = logging.getLogger(__name__)


class AsyncRunner:
    """Executes claimed attempts of async workers, `steps_max` at a time.

    `prepare(claimed)` returns the task of an attempt, or its outcome if the worker cannot be called.
    `report(claimed, outcome, steps)` records an outcome and returns the attempt that was claimed next, or
    None; `steps` counts the run's steps that were carried out in a row.
    """

    def __init__(
        self, steps_max: int, catalog: Mapping[str, WorkerSpec], prepare: Prepare, report: Report
    ) -> None:
        self._steps_max = steps_max
        self._catalog = catalog
        self._prepare = prepare
        self._report = report
        self._changed = threading.Condition()
        self._open = 0
        self._unstarted = 0
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()  # the loop itself keeps only weak references
        self._writer = ReportWriter()
        threading.Thread(target=self._run_loop, name="async-runner", daemon=True).start()

    def has_room(self) -> bool:
        return self._open < self._steps_max

    def is_empty(self) -> bool:
        return self._open == 0

    def take(self, claimed: Any) -> None:
        """Starts a claimed attempt soon; returns at once."""
        with self._changed:
            self._open += 1
        self._begin(claimed, 1)

    def wait_for_room(self, is_stopping: Callable[[], bool]) -> None:
        """Blocks until another attempt may be taken, or the process is to stop."""
        with self._changed:
            while (not self.has_room() or self._unstarted) and not is_stopping():
                self._changed.wait(ROOM_POLL_S)

    def wait_until_empty(self) -> None:
        with self._changed:
            while self._open:
                self._changed.wait(ROOM_POLL_S)

    def _begin(self, claimed: Any, steps: int) -> None:
        """Prepares an attempt and hands it to the loop. Called by the job thread and by the writer."""
        try:
            task = self._prepare(claimed)
        except Exception:
            self._leave()
            raise
        reporter = AsyncReporter(claimed, self._writer)
        if isinstance(task, Outcome):
            self._writer.do(partial(self._end, claimed, steps, reporter, task))
            return
        with self._changed:
            self._unstarted += 1
        self._loop.call_soon_threadsafe(self._start, self._execute(claimed, steps, reporter, task))

    def _start(self, execution: Any) -> None:
        with self._changed:
            self._unstarted -= 1
            self._changed.notify_all()
        task = self._loop.create_task(execution)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _execute(self, claimed: Any, steps: int, reporter: AsyncReporter, task: Task) -> None:
        with ends_here():
            outcome = await execute_async(
                task,
                self._catalog,
                wrap=partial(WatchedCoroutine, until=time.monotonic() + task.timeout),
                on_log=reporter.log,
                on_progress=reporter.progress,
            )
        self._writer.do(partial(self._end, claimed, steps, reporter, outcome))

    def _end(self, claimed: Any, steps: int, reporter: AsyncReporter, outcome: Outcome) -> None:
        """Reports an attempt and begins the next one, in the writer's thread."""
        reporter.finish()
        try:
            next_claimed = self._report(claimed, outcome, steps)
        except Exception:
            self._leave()
            raise
        if next_claimed is None:
            self._leave()
        else:
            self._begin(next_claimed, steps + 1)

    def _leave(self) -> None:
        with self._changed:
            self._open -= 1
            if not self._open:
                identity.unwatch_loop()
            self._changed.notify_all()

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._pulse()
        while True:
            try:
                self._loop.run_forever()
            # asyncio lets these two through from any task, also from one that a worker created and forgot.
            # The loop itself is intact, and other attempts still run on it.
            except (SystemExit, KeyboardInterrupt):
                logger.exception("a task of an async worker asked for the end of the process; it goes on")

    def _pulse(self) -> None:
        if self._open:
            identity.watch_loop(time.monotonic() + STUCK_AFTER_S)
        else:
            identity.unwatch_loop()
        self._loop.call_later(PULSE_S, self._pulse)


class WatchedCoroutine:
    """An awaitable that sets the loop's deadline to `until` whenever it holds the loop.

    It drives the coroutine by hand (`send`, `throw`; PEP 492), because each resumption has to be seen.
    """

    def __init__(self, coroutine: Awaitable[Any], until: float) -> None:
        self._coroutine = coroutine
        self._until = until

    def __await__(self) -> Generator[Any, Any, Any]:
        iterator = self._coroutine.__await__()
        resume: Callable[[Any], Any] = iterator.send
        value: Any = None
        while True:
            identity.watch_loop(self._until)
            try:
                awaited = resume(value)
            except StopIteration as stop:
                return stop.value
            finally:
                identity.watch_loop(time.monotonic() + STUCK_AFTER_S)
            try:
                resume, value = iterator.send, (yield awaited)
            except BaseException as error:  # a cancellation is thrown in here and belongs to the coroutine
                resume, value = iterator.throw, error


class ReportWriter:
    """A thread that carries out jobs one after the other, and writes progress ten times a second."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._reporters: set[AsyncReporter] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._work, name="report-writer", daemon=True).start()

    def do(self, job: Callable[[], None]) -> None:
        self._jobs.put(job)

    def add(self, reporter: AsyncReporter) -> None:
        """Writes what `reporter` collects, until it is removed."""
        with self._lock:
            is_first = not self._reporters
            self._reporters.add(reporter)
        if is_first:
            self.do(lambda: None)  # wakes the thread, which waits for a job without a timeout

    def remove(self, reporter: AsyncReporter) -> None:
        with self._lock:
            self._reporters.discard(reporter)

    def _work(self) -> None:
        write_at = 0.0
        while True:
            try:
                job = self._jobs.get(timeout=INTERVAL_S if self._reporters else None)
                job()
            except queue.Empty:
                pass
            except Exception:
                logger.exception("an attempt could not be reported; the sweep brings it forward")
            if self._reporters and time.monotonic() >= write_at:
                with self._lock:
                    reporters = list(self._reporters)
                for reporter in reporters:
                    reporter.write()
                write_at = time.monotonic() + INTERVAL_S


class AsyncReporter(Reporter):
    """Progress and log lines of an async attempt; the writer's thread stores them, not one of its own."""

    def __init__(self, claimed: Any, writer: ReportWriter) -> None:
        super().__init__(claimed)
        self._writer = writer
        self._is_added = False

    def _begin(self) -> None:
        if not self._is_added:
            self._is_added = True
            self._writer.add(self)

    def finish(self) -> None:
        """Writes what is left. Call in the writer's thread."""
        if self._is_added:
            self._writer.remove(self)
            self.write()
