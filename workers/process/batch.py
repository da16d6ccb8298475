"""Several runs carried out side by side, with one transaction for all of them: group commit.

Theory of operation. A commit writes through to the disk, which costs more than a quick step does. While many
runs wait, a worker process therefore has several of them under way: it carries out a quick step of each, and
then one transaction takes all reports, the claims of the steps that follow, and the claims of further runs
from the queue. A process that finds nothing waiting has one run, and commits each step at once.

Only quick steps come together: those of workers that have lately taken at most `QUICK_S` in this process
(`Pace`). What is finished waits for others for `HOLD_S` at most, and for no step that may be slow: such a
step is carried out by itself, with nothing beside it. A step that is slow against all experience does not
hold up the others either: `Overrun` reports what is finished, and gives back what is not begun.

An answer follows its commit, so a process that dies loses the attempts that it has under way, as with one.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from django.db import Error, connections

from config.lib.caches import register
from config.lib.database_errors import is_unavailable
from runs.engine import engine
from runs.engine.attempts import Finished, Offer, Taken, take_together
from runs.engine.engine import ClaimedAttempt, Continuation
from runs.errors import NewerState, WorkerMissing
from workers.process import identity
from workers.process.attempts import attempt, leases
from workers.process.attempts.expansion import expansion_of
from workers.process.database_retry import retry_while_unavailable
from workers.registry import get_catalog
from workers.sdk.outcome import Outcome

logger = logging.getLogger(__name__)

RUNS_MAX = 16  # at once; the commit's share of a step is then small beside the step
HOLD_S = 0.005
QUICK_S = 0.002
LATELY = 16  # attempts of a worker that count
KNOWN = 3  # attempts after which a worker may be called quick
FIRST_LOOK_S = 0.005  # for waiting runs; most single runs have ended by then
LOOK_S = 0.02  # between looks, after one that found few
OVERRUN_S = 0.1  # an attempt that takes longer holds nobody up
OVERRUN_POLL_S = 0.05
STEPS_IN_A_ROW_MAX = 100  # then the run goes back to the queue, so that others get their turn
SECONDS_IN_A_ROW_MAX = 0.25


class Backlog(Protocol):
    """The jobs that wait for this process. `take` gives up to `count` of them without waiting."""

    def take(self, count: int) -> list[Offer]: ...

    def put_back(self, offers: Sequence[Offer]) -> None: ...


@dataclass
class Lane:
    """A run under way: the attempt to carry out next, and how long it has been going on."""

    claimed: ClaimedAttempt
    began: float
    steps: int = 0

    def may_continue(self) -> bool:
        is_fair = self.steps < STEPS_IN_A_ROW_MAX and time.monotonic() - self.began < SECONDS_IN_A_ROW_MAX
        return is_fair and not identity.is_stopping()


@dataclass(frozen=True)
class Report:
    """An attempt that was carried out, and who offers to carry out the next one of its run."""

    lane: Lane
    outcome: Outcome
    continuation: Continuation | None = None

    def finished(self) -> Finished:
        outcome, expansion = expansion_of(self.lane.claimed, self.outcome, get_catalog())
        return Finished(self.lane.claimed, outcome, expansion, self.continuation)

    def alone(self) -> ClaimedAttempt | None:
        return attempt.report(self.lane.claimed, self.outcome, self.continuation)


class Pace(Container[str]):
    """How long workers have lately taken. Contains the names of those that are quick."""

    def __init__(self) -> None:
        self._taken_s: dict[str, deque[float]] = {}
        self._quick: set[str] = set()

    def __contains__(self, name: object) -> bool:
        return name in self._quick

    def note(self, name: str, seconds: float) -> None:
        """One attempt of a worker; a single slow one among `LATELY` may have met a busy machine."""
        taken_s = self._taken_s.setdefault(name, deque(maxlen=LATELY))
        taken_s.append(seconds)
        slow = sum(one > QUICK_S for one in taken_s)
        if len(taken_s) >= KNOWN and slow * LATELY <= len(taken_s):
            self._quick.add(name)
        else:
            self._quick.discard(name)

    def forget(self) -> None:
        self._taken_s.clear()
        self._quick.clear()


pace = Pace()
register(pace.forget)


class Overrun:
    """A thread that sees to what waits for an attempt that takes long against all experience."""

    def __init__(self) -> None:
        self._pid = 0
        self._lock = threading.Lock()
        self._is_on = threading.Event()
        self._since: float | None = None
        self._finished: list[Report] = []
        self._lanes: deque[Lane] = deque()

    @contextmanager
    def watching(self, finished: list[Report], lanes: deque[Lane]) -> Iterator[None]:
        """Around an attempt: both are emptied if it takes longer than OVERRUN_S."""
        if not finished and not lanes:
            yield
            return
        if self._pid != os.getpid():
            self._pid = os.getpid()
            threading.Thread(target=self._work, name="overrun", daemon=True).start()
        self._finished, self._lanes = finished, lanes
        self._since = time.monotonic()
        self._is_on.set()
        try:
            yield
        finally:
            with self._lock:
                self._since = None

    def rest(self) -> None:
        """Nothing is to be watched for a while."""
        self._is_on.clear()

    def _work(self) -> None:
        while self._is_on.wait():
            time.sleep(OVERRUN_POLL_S)
            with self._lock:
                if self._since is None or time.monotonic() < self._since + OVERRUN_S:
                    continue
                finished, lanes = list(self._finished), list(self._lanes)
                self._finished.clear()
                self._lanes.clear()
            try:
                for report in finished:
                    _reported_alone(replace(report, continuation=None))
                for lane in lanes:
                    engine.hand_back(lane.claimed)
                    leases.release(lane.claimed)
            except Error as error:
                logger.warning("the sweep brings some attempts forward: %s", error)
            finally:
                connections.close_all()


overrun = Overrun()


class Batch:
    """The runs of one job and, while more of them wait, of others.

    `worker`: this process and the workers that it can call. `divert(claimed)` may take an attempt away, to be
    carried out elsewhere. Without `backlog`, the batch has the one run.
    """

    def __init__(
        self, worker: Continuation, divert: Callable[[ClaimedAttempt], bool], backlog: Backlog | None
    ) -> None:
        self._worker = worker
        self._divert = divert
        self._backlog = backlog
        self._look_at = time.monotonic() + FIRST_LOOK_S
        self._lanes: deque[Lane] = deque()

    def carry_out(self, claimed: ClaimedAttempt) -> None:
        """Carries out an attempt and what follows in its run, with others, until none is to go on."""
        self._lanes.append(Lane(claimed, time.monotonic()))
        try:
            while self._lanes:
                finished = self._performed()
                if finished:
                    self._commit(finished)
        finally:
            overrun.rest()

    def _performed(self) -> list[Report]:
        """Carries out the next attempts of some runs, one each."""
        finished: list[Report] = []
        until = math.inf
        while self._lanes:
            name = self._lanes[0].claimed.action.worker
            if finished and (name not in pace or time.monotonic() > until):
                break
            lane = self._lanes.popleft()
            if self._divert(lane.claimed):
                continue
            lane.steps += 1
            began = time.monotonic()
            try:
                with overrun.watching(finished, self._lanes):
                    outcome = attempt.perform(lane.claimed)
            except Exception as error:
                if not finished and not self._lanes:
                    raise
                _log_failed(lane.claimed, error)
                continue
            ended = time.monotonic()
            pace.note(name, ended - began)
            finished.append(Report(lane, outcome))
            until = min(until, ended + HOLD_S)
        return finished

    def _commit(self, finished: list[Report]) -> None:
        """Reports the attempts, claims what follows them and what waits; these are the lanes then."""
        offers = self._waiting_offers(finished)
        is_alone = len(self._lanes) + len(finished) + len(offers) == 1
        worker = self._worker if is_alone else replace(self._worker, workers=pace, soon=self._worker.workers)
        reports = [
            replace(report, continuation=worker if report.lane.may_continue() else None)
            for report in finished
        ]
        if is_alone:
            (report,) = reports
            self._go_on(report.lane, report.alone())
            return
        taken = self._together(reports, offers)
        for report, one in zip(reports, taken, strict=False):
            self._go_on(report.lane, one.claimed if one else _reported_alone(report))
        self._admit(offers, taken[len(reports) :])

    def _admit(self, offers: Sequence[Offer], taken: Sequence[Taken | None]) -> None:
        unfit = []
        for offer, one in zip(offers, taken, strict=True):
            try:
                claimed = one.claimed if one else self._claimed_alone(offer)
            except (WorkerMissing, NewerState):
                unfit.append(offer)
                continue
            if claimed is not None:
                self._lanes.append(Lane(claimed, time.monotonic()))
        self._put_back(unfit)

    def _put_back(self, offers: Sequence[Offer]) -> None:
        """Offers that are not for a batch, or not for this one, are the next jobs."""
        if offers and self._backlog is not None:
            self._backlog.put_back(offers)
            self._backlog = None

    def _go_on(self, lane: Lane, following: ClaimedAttempt | None) -> None:
        if following is not None:
            lane.claimed = following
            self._lanes.append(lane)

    def _together(self, reports: Sequence[Report], offers: Sequence[Offer]) -> list[Taken | None]:
        """As `take_together`, recorded, and repeated while the database is unavailable."""
        finished = [report.finished() for report in reports]

        def once() -> list[Taken | None]:
            with leases.claiming() as record:
                taken = take_together(finished, offers, self._worker.process, pace)
                for claimed in (one.claimed for one in taken if one and one.claimed):
                    record(claimed, attempt.lease_s(claimed))
                return taken

        seconds = max(leases.remaining_s(one.claimed, attempt.lease_s(one.claimed)) for one in finished)
        try:
            taken, was_unavailable = retry_while_unavailable(once, seconds, f"{len(reports)} runs")
        except Error as error:
            if is_unavailable(error):
                raise
            logger.warning("%d reports are written one by one: %s", len(reports), error)
            return [None] * (len(reports) + len(offers))
        for report, one in zip(finished, taken, strict=False):
            if one is not None:
                leases.release(report.claimed)
        if was_unavailable:  # what is None may have been committed by a try whose answer was lost
            leases.hand_back_unrecorded(self._worker.process)
        return taken

    def _claimed_alone(self, offer: Offer) -> ClaimedAttempt | None:
        """Raises WorkerMissing if the step's worker is not a quick one, NewerState."""
        try:
            return attempt.claim(offer.run_id, offer.step, offer.lease, self._worker.process, pace)
        except (WorkerMissing, NewerState):
            raise
        except Exception as error:
            _log_failed(offer, error)
            return None

    def _waiting_offers(self, finished: Sequence[Report]) -> list[Offer]:
        """Further runs to take, as many as are under way: processes that look at once share what waits."""
        under_way = {lane.claimed.run_id for lane in (*self._lanes, *(one.lane for one in finished))}
        room = min(RUNS_MAX - len(under_way), len(under_way))
        if self._backlog is None or room <= 0 or time.monotonic() < self._look_at or identity.is_stopping():
            return []
        found = self._backlog.take(room)
        if len(found) < room:
            self._look_at = time.monotonic() + LOOK_S
        offers: list[Offer] = []
        of_same_runs: list[Offer] = []
        for offer in found:
            if leases.consume_notified(offer.run_id, offer.step, offer.lease):
                continue
            (of_same_runs if offer.run_id in under_way else offers).append(offer)
            under_way.add(offer.run_id)
        self._put_back(of_same_runs)
        return offers


def _reported_alone(report: Report) -> ClaimedAttempt | None:
    """Whatever it meets leaves the other runs alone."""
    try:
        return report.alone()
    except Exception as error:
        _log_failed(report.lane.claimed, error)
        return None


def _log_failed(attempted: ClaimedAttempt | Offer, error: Exception) -> None:
    if is_unavailable(error):
        logger.warning("run %s: the database stayed away (%s)", attempted.run_id, error)
    else:
        logger.error(
            "run %s: step %s failed; the sweep brings it forward",
            attempted.run_id,
            attempted.step,
            exc_info=error,
        )
