"""Attempts of async workers, many at a time: one event loop in a thread, and one thread that reports.

What an attempt is, and what a report does, is handed in. The loop's thread never touches the database: tasks
are put together by whoever claimed them, and a desk with its own connection writes reports and words.
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
from workers.process.progress import INTERVAL_S, Reporter
from workers.sdk.outcome import Outcome
from workers.sdk.spec import WorkerSpec

PULSE_S = 10.0
STUCK_AFTER_S = 60.0  # a loop that comes to nothing for so long is beyond help
ROOM_POLL_S = 0.25

Prepare = Callable[[Any], Task | Outcome]
Report = Callable[[Any, Outcome, int], Any]

logger = logging.getLogger(__name__)


class AsyncRunner:
    """Takes claimed attempts. `prepare(held)` gives the task, or the outcome where there is none to begin.

    `report(held, outcome, steps)` records an outcome and gives the next claimed attempt, or None; `steps` is
    how many of the run's steps were carried out in a row.
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
        self._unbegun = 0
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._desk = ReportWriter()
        threading.Thread(target=self._run_loop, name="lane", daemon=True).start()

    def has_room(self) -> bool:
        return self._open < self._steps_max

    def is_empty(self) -> bool:
        return self._open == 0

    def take(self, claimed: Any) -> None:
        """Begin a claimed attempt soon."""
        with self._changed:
            self._open += 1
        self._begin(claimed, 1)

    def wait_for_room(self, is_stopping: Callable[[], bool]) -> None:
        """Until another attempt may be taken: there is room, and the loop has come to those it has."""
        with self._changed:
            while not self._is_ready() and not is_stopping():
                self._changed.wait(ROOM_POLL_S)

    def wait_until_empty(self) -> None:
        with self._changed:
            while self._open:
                self._changed.wait(ROOM_POLL_S)

    def _is_ready(self) -> bool:
        return self.has_room() and not self._unbegun

    def _begin(self, claimed: Any, steps: int) -> None:
        try:
            task = self._prepare(claimed)
        except Exception:
            self._leave()
            raise
        reporter = AsyncReporter(claimed, self._desk)
        if isinstance(task, Outcome):
            self._desk.do(partial(self._end, claimed, steps, reporter, task))
            return
        with self._changed:
            self._unbegun += 1
        self._loop.call_soon_threadsafe(self._start, self._carry_out(claimed, steps, reporter, task))

    def _start(self, work: Any) -> None:
        with self._changed:
            self._unbegun -= 1
            self._changed.notify_all()
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry_out(self, claimed: Any, steps: int, reporter: AsyncReporter, task: Task) -> None:
        outcome = await execute_async(
            task,
            self._catalog,
            steer=partial(Steered, until=time.monotonic() + task.timeout),
            on_log=reporter.log,
            on_progress=reporter.progress,
        )
        self._desk.do(partial(self._end, claimed, steps, reporter, outcome))

    def _end(self, claimed: Any, steps: int, reporter: AsyncReporter, outcome: Outcome) -> None:
        """At the desk: report, and go on with what was claimed."""
        reporter.finish()
        try:
            following = self._report(claimed, outcome, steps)
        except Exception:
            self._leave()
            raise
        if following is None:
            self._leave()
        else:
            self._begin(following, steps + 1)

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
            except (SystemExit, KeyboardInterrupt):  # of a task that a worker started by itself
                logger.exception("a task of an async worker asked for the end of the process; it goes on")

    def _pulse(self) -> None:
        if self._open:
            identity.watch_loop(time.monotonic() + STUCK_AFTER_S)
        else:
            identity.unwatch_loop()
        self._loop.call_later(PULSE_S, self._pulse)


class Steered:
    """A coroutine that is watched while it holds the loop: past `until`, the pool ends the process."""

    def __init__(self, work: Awaitable[Any], until: float) -> None:
        self._work = work
        self._until = until

    def __await__(self) -> Generator[Any, Any, Any]:
        work = self._work.__await__()
        go_on: Callable[[Any], Any] = work.send
        value: Any = None
        while True:
            identity.watch_loop(self._until)
            try:
                awaited = go_on(value)
            except StopIteration as stop:
                return stop.value
            finally:
                identity.watch_loop(time.monotonic() + STUCK_AFTER_S)
            try:
                go_on, value = work.send, (yield awaited)
            except BaseException as error:
                go_on, value = work.throw, error


class ReportWriter:
    """A thread that does what it is given, one after the other, and writes words ten times a second."""

    def __init__(self) -> None:
        self._todo: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._talking: set[AsyncReporter] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._work, name="desk", daemon=True).start()

    def do(self, work: Callable[[], None]) -> None:
        self._todo.put(work)

    def listen(self, reporter: AsyncReporter) -> None:
        with self._lock:
            is_first = not self._talking
            self._talking.add(reporter)
        if is_first:
            self.do(lambda: None)

    def forget(self, reporter: AsyncReporter) -> None:
        with self._lock:
            self._talking.discard(reporter)

    def _work(self) -> None:
        write_at = 0.0
        while True:
            try:
                work = self._todo.get(timeout=INTERVAL_S if self._talking else None)
                work()
            except queue.Empty:
                pass
            except Exception:
                logger.exception("an attempt could not be reported; the sweep brings it forward")
            if self._talking and time.monotonic() >= write_at:
                self._write_words()
                write_at = time.monotonic() + INTERVAL_S

    def _write_words(self) -> None:
        with self._lock:
            talking = list(self._talking)
        for reporter in talking:
            reporter.write()


class AsyncReporter(Reporter):
    """What an attempt of the lane says of itself, written at the desk."""

    def __init__(self, claimed: Any, desk: ReportWriter) -> None:
        super().__init__(claimed)
        self._desk = desk
        self._is_known = False

    def _begin(self) -> None:
        if not self._is_known:
            self._is_known = True
            self._desk.listen(self)

    def finish(self) -> None:
        """Write what is left."""
        if self._is_known:
            self._desk.forget(self)
            self.write()
