"""The pool of worker processes: a parent that forks, watches and replaces children, and the life of a child.

The parent has no threads and no connections, because a fork copies both in whatever state they are: a lock
that another thread holds would stay locked in the child, and two processes would speak over one socket. What
needs the database, such as the report that a child has ended, is done in a short-lived child of its own.

Each turn of the parent collects children that have ended, kills those that passed a deadline of their status
board (`workers.process.identity`) or show no sign of life, reports the ended ones, and forks replacements. A
child that never got as far as taking jobs delays the next, so that a database that is down is not met with a
storm of forks. Children end with the parent (`workers.process.parent_death`), also when it is killed.

Which attempts a lost child had, and what becomes of them, is the engine's business.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Container, Mapping, Sequence
from contextlib import suppress
from ctypes import Array, c_double
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from types import FrameType

from django.db import DatabaseError, InterfaceError, connections
from redis.exceptions import RedisError

from runs.delivery import worker_processes
from runs.engine import engine
from runs.store import reader
from runs.store.database import database_file
from workers.process import identity, jobs
from workers.process.forks import watch_forks
from workers.process.lock_watch import HELD_S_MAX, LockWatch, line_of, parent_of
from workers.process.parent_death import signal_on_parent_death
from workers.process.rq_worker import StepWorker
from workers.registry import get_catalog

POLL_S = 0.5
WATCHDOG_GRACE_S = 5.0
RESPAWN_DELAY_S = 0.5
RESPAWN_DELAY_S_MAX = 5.0
REPORT_RETRY_S = 1.0
KILL_WAIT_S = 5.0
FROZEN_AFTER_S = 60.0  # longer than a heartbeat can wait for the database
HINTS_S = 0.2  # until the announcer's thread has published the hints of changed runs
PROCESSES_MAX = 64

log = logging.getLogger(__name__)
fork = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Child:
    """A worker process as its parent sees it. `board` is its status board (`workers.process.identity`)."""

    id: str
    process: ForkProcess
    board: Array[c_double]


@dataclass
class Pool:
    """Keeps `size` worker processes alive until SIGTERM or SIGINT.

    Then each may finish its step within `grace_s` seconds.
    """

    queues: Sequence[str]
    size: int
    grace_s: float
    children: list[Child] = field(default_factory=list)
    ended: list[Child] = field(default_factory=list)  # whose end is not reported yet
    killed: dict[str, str] = field(default_factory=dict)  # ids of those that were killed here, and why
    reporter: tuple[ForkProcess, list[Child]] | None = None
    stopping: bool = False
    spawn_at: float = 0.0
    report_at: float = 0.0
    delay_s: float = RESPAWN_DELAY_S
    lock_watch: LockWatch = field(default_factory=lambda: LockWatch(database_file()))
    strangers: set[int] = field(default_factory=set)  # other holders of the lock that the log has named

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self._request_stop)
        signal.signal(signal.SIGINT, self._request_stop)
        gc.freeze()  # its children share the memory of what no collection touches
        while not self.stopping:
            self._collect()
            self._kill_overdue()
            self._kill_lock_holder()
            self._report()
            self._spawn()
            self._sleep()
        self._finish()

    def _request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _sleep(self) -> None:
        wait([child.process.sentinel for child in self.children], timeout=POLL_S)

    def _spawn(self) -> None:
        while len(self.children) < self.size and time.monotonic() >= self.spawn_at:
            board, token = identity.new_board(), identity.new_token()
            connections.close_all()
            process = fork.Process(target=run_child, args=(tuple(self.queues), board, token, os.getpid()))
            process.start()
            self.children.append(Child(identity.process_id(process.pid or 0, token), process, board))

    def _collect(self) -> None:
        """Removes ended children from the list; each that never got ready doubles the delay of the next."""
        for child in [child for child in self.children if not child.process.is_alive()]:
            self.children.remove(child)
            self.ended.append(child)
            if child.process.exitcode and child.id not in self.killed:
                log.warning("worker process %s ended with %s", child.id, _ending(child.process.exitcode))
            if identity.is_ready(child.board):
                self.delay_s = RESPAWN_DELAY_S
            else:
                self.spawn_at = time.monotonic() + self.delay_s
                self.delay_s = min(2 * self.delay_s, RESPAWN_DELAY_S_MAX)

    def _kill_overdue(self) -> None:
        overdue_before = time.monotonic() - WATCHDOG_GRACE_S
        for child in self.children:
            if identity.NO_DEADLINE < identity.deadline(child.board) < overdue_before:
                self._kill(child, "it outlasted its step's timeout")
            elif is_frozen(child.board):
                self._kill(child, "it was frozen")

    def _kill(self, child: Child, why: str) -> None:
        if child.id not in self.killed:
            log.warning("worker process %s is killed: %s", child.id, why)
        self.killed[child.id] = why
        child.process.kill()

    def _kill_lock_holder(self) -> None:
        """Kills the child that keeps the database's write lock, or what such a child has forked."""
        holder = self.lock_watch.stuck_holder()
        if holder is None:
            return
        why = f"it held the database's write lock for {HELD_S_MAX:.0f} s"
        children = {child.process.pid: child for child in self.children}
        if holder in children:
            self._kill(children[holder], why)
        elif parent_of(holder) in children:
            log.warning("process %s, forked by a worker, is killed: %s", holder, why)
            with suppress(ProcessLookupError):  # it has just ended by itself
                os.kill(holder, signal.SIGKILL)
        elif holder not in self.strangers:
            self.strangers.add(holder)
            log.warning("process %s (%s) holds the database's write lock", holder, line_of(holder))

    def _report(self) -> None:
        """Reports ended processes to the engine, from a child; tries again later if that child fails."""
        if self.reporter is not None:
            reporter, children = self.reporter
            if reporter.is_alive():
                return
            self.reporter = None
            if reporter.exitcode:
                self.ended += children
                self.report_at = time.monotonic() + REPORT_RETRY_S
        if self.ended and time.monotonic() >= self.report_at:
            connections.close_all()
            reasons = {child.id: self.killed.get(child.id, "") for child in self.ended}
            unbegun = {child.id: identity.unbegun(child.board) for child in self.ended}
            reporter = fork.Process(target=report_ended, args=(reasons, unbegun, os.getpid()))
            reporter.start()
            self.reporter = reporter, self.ended
            self.ended = []

    def _finish(self) -> None:
        """Lets children finish their step within the grace, kills the rest, reports all of them."""
        for child in self.children:
            child.process.terminate()
        self._wait_for_children(self.grace_s)
        for child in self.children:
            log.warning("worker process %s did not finish its step in %s s", child.id, self.grace_s)
            child.process.kill()
        self._wait_for_children(KILL_WAIT_S)
        until = time.monotonic() + KILL_WAIT_S
        while (self.ended or self.reporter) and time.monotonic() < until:
            self._report()
            time.sleep(POLL_S / 5)

    def _wait_for_children(self, timeout_s: float) -> None:
        until = time.monotonic() + timeout_s
        while self.children and time.monotonic() < until:
            self._sleep()
            self._collect()
            self._kill_overdue()


def is_frozen(board: Array[c_double]) -> bool:
    """Whether an idle process shows no sign of life. It may hold a lock that all others wait for."""
    is_idle = identity.is_ready(board) and identity.deadline(board) == identity.NO_DEADLINE
    return is_idle and identity.beat_at(board) < time.monotonic() - FROZEN_AFTER_S


def run_child(queues: Sequence[str], board: Array[c_double], token: str, parent: int) -> None:
    """The life of a worker process.

    Exits with status 1 if Redis or the database is unavailable at its start.
    """
    reset_signals()
    signal_on_parent_death(signal.SIGKILL, parent)
    identity.begin(identity.process_id(os.getpid(), token), board, queues)
    watch_forks()
    for alias in connections:  # kept open; `StepWorker` closes broken ones between jobs
        connections.settings[alias]["CONN_MAX_AGE"] = None
    try:
        register(queues)
        worker = StepWorker.listening(queues, identity.current_process_id(), jobs.open_runner())
        jobs.listen_to(worker)
    except (RedisError, DatabaseError, InterfaceError) as error:
        log.error("a worker process cannot begin: %s", error)
        sys.exit(1)
    threading.Thread(target=beat, args=(queues, worker), name="heartbeat", daemon=True).start()
    identity.beat()
    identity.ready()
    worker.work(logging_level="WARNING")
    worker.end()


def report_ended(
    reasons: Mapping[str, str], unbegun: Mapping[str, Container[identity.Attempt]], parent: int
) -> None:
    """Expires the leases of ended processes and removes the processes from the registry.

    `reasons`: why each was killed; empty for one that ended by itself. `unbegun`: what each had not begun.
    """
    reset_signals()
    signal_on_parent_death(signal.SIGKILL, parent)
    lost = 0
    try:
        for process_id, why in reasons.items():
            if why:
                worker_processes.note_end(process_id, reader.now(), why)
            lost += engine.process_lost(process_id, unbegun[process_id])
            worker_processes.gone(process_id)
    except (DatabaseError, InterfaceError) as error:
        log.error("the end of worker processes cannot be reported yet: %s", error)
        sys.exit(1)
    if lost:
        time.sleep(HINTS_S)


def reset_signals() -> None:
    """Replaces the parent's handlers.

    Ctrl+C reaches the whole group; the parent alone decides when children end.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def register(queues: Sequence[str]) -> None:
    worker_processes.register(
        identity.current_process_id(),
        host=identity.host_name(),
        pid=os.getpid(),
        queues=queues,
        workers=get_catalog(),
    )


def beat(queues: Sequence[str], worker: StepWorker) -> None:
    """Sends heartbeats, in a thread of its own; an unavailable database does not end it."""
    while True:
        time.sleep(worker_processes.HEARTBEAT_S)
        identity.beat()
        try:
            if not worker_processes.heartbeat(identity.current_process_id()):
                register(queues)  # it was removed, or the registry was emptied
            worker.heartbeat()
        except (DatabaseError, InterfaceError) as error:
            log.warning("no heartbeat: %s", error)
            connections.close_all()


def _ending(exitcode: int) -> str:
    if exitcode == -signal.SIGKILL:
        return "SIGKILL: somebody killed it, or memory ran out (the system's log tells)"
    return f"status {exitcode}" if exitcode > 0 else signal.Signals(-exitcode).name
