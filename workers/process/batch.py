"""Several runs carried out side by side, with one transaction for all of them: group commit.

Theory of operation. A commit writes through to the disk, which costs more than a quick step does. While many
runs wait, a worker process therefore has several of them under way: it carries out a quick step of each, and
then one transaction takes all reports, the claims of the steps that follow, and the claims of further runs
from the queue. A process that finds nothing waiting has one run, and commits each step at once.

Only quick steps come together: those of workers that have lately been quick in this process (`pace`). What
is finished waits for others for `HOLD_S` at most, and for no step that may be slow: such a step is carried
out by itself, with nothing beside it. A step that is slow against all experience does not hold up the others
either: `overrun` reports what is finished, and gives back what is not begun.

An answer follows its commit, so a process that dies loses the attempts that it has finished and not reported,
as with one. Those that it has claimed and not begun stand on its status board, and the pool gives them back.
"""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from django.db import Error

from config.lib.database_errors import is_unavailable
from runs.engine.attempts import Finished, Offer, Together, take_together
from runs.engine.engine import ClaimedAttempt, Continuation
from runs.errors import NewerState, WorkerMissing
from workers.process import identity
from workers.process.attempts import attempt, leases
from workers.process.database_retry import retry_while_unavailable
from workers.process.overrun import log_failed, overrun, record_alone
from workers.process.pace import pace

logger = logging.getLogger(__name__)

RUNS_MAX = 16  # at once; the commit's share of a step is then small beside the step
HOLD_S = 0.005
FIRST_LOOK_S = 0.005  # for waiting runs, where none are likely; most single runs have ended by then
LOOK_S = 0.02  # between looks, after one that found few
GROWS_S = 1.0  # then it ends with what it has, so that jobs of other kinds get their turn
STEPS_IN_A_ROW_MAX = 100  # then the run goes back to the queue, so that others get their turn
SECONDS_IN_A_ROW_MAX = 0.25


class Backlog(Protocol):
    """The jobs that wait for this process."""

    def is_likely(self) -> bool:
        """Whether others wait, as the job under way came right after the one before."""

    def take(self, count: int) -> list[Offer]:
        """Up to `count` of them, without waiting."""

    def put_back(self, offers: Sequence[Offer]) -> None:
        """Offers become the next jobs."""


@dataclass
class Turn:
    """How long a run has been going on here."""

    began: float
    steps: int = 0

    def may_continue(self) -> bool:
        is_fair = self.steps < STEPS_IN_A_ROW_MAX and time.monotonic() - self.began < SECONDS_IN_A_ROW_MAX
        return is_fair and not identity.is_stopping()


class Batch:
    """The run of one job and, while more of them wait, others; of a map, several items.

    `worker`: this process and the workers that it can call. `divert(claimed)` may take an attempt away, to be
    carried out elsewhere. Without `backlog`, the batch has the one run.
    """

    def __init__(
        self, worker: Continuation, divert: Callable[[ClaimedAttempt], bool], backlog: Backlog | None
    ) -> None:
        self._worker = worker
        self._divert = divert
        self._backlog = backlog
        began = time.monotonic()
        is_likely = backlog is not None and backlog.is_likely()
        self._look_at, self._full_at = began + (0 if is_likely else FIRST_LOOK_S), began + GROWS_S
        self._waiting: deque[ClaimedAttempt] = deque()  # claimed, and not begun
        self._turns: dict[UUID, Turn] = {}
        self._has_noted = False

    def carry_out(self, claimed: ClaimedAttempt) -> None:
        """Carries out an attempt and what follows in its run, with others, until none is to go on."""
        self._waiting.append(claimed)
        try:
            while self._waiting:
                finished = self._performed()
                if finished:
                    self._commit(finished)
        finally:
            overrun.rest()

    def _performed(self) -> list[Finished]:
        """Carries out attempts that wait, as long as those that are finished may wait for others."""
        finished: list[Finished] = []
        until = math.inf
        while self._waiting:
            name = self._waiting[0].action.worker
            if finished and (name not in pace or time.monotonic() > until):
                break
            claimed = self._waiting.popleft()
            identity.note_begun()
            if self._divert(claimed):
                continue
            began = time.monotonic()
            self._turns.setdefault(claimed.run_id, Turn(began)).steps += 1
            try:
                with overrun.watching(finished, self._waiting):
                    outcome = attempt.perform(claimed)
            except Exception as error:
                if not finished and not self._waiting:
                    raise
                log_failed(claimed.run_id, claimed.step, error)
                continue
            ended = time.monotonic()
            pace.note(name, ended - began)
            finished.append(attempt.finished(claimed, outcome))
            until = min(until, ended + HOLD_S)
        return finished

    def _commit(self, finished: list[Finished]) -> None:
        """Reports attempts, and claims what follows them and what else there is room for.

        There is room for as many as are under way, so that processes that look at once share what waits.
        """
        under_way = len(self._waiting) + len(finished)
        room = min(RUNS_MAX - under_way, under_way) if self._backlog is not None else 0
        offers = self._offers(room)
        items = room - len(offers) if all(map(_is_quick_item, finished)) else 0
        is_alone = under_way + len(offers) + items == 1
        worker = self._worker if is_alone else replace(self._worker, workers=pace, soon=self._worker.workers)
        reports = [
            Finished(*one[:-1], worker if self._turns[one.claimed.run_id].may_continue() else None)
            for one in finished
        ]
        if is_alone:
            following = attempt.record(reports[0])
            self._waiting += [following] if following else []
        else:
            self._waiting += self._together(reports, offers, items)
        self._note_unbegun()
        runs = {claimed.run_id for claimed in self._waiting}
        self._turns = {run_id: turn for run_id, turn in self._turns.items() if run_id in runs}

    def _note_unbegun(self) -> None:
        """For the pool's parent: what others may carry out if this process dies."""
        if self._waiting or self._has_noted:
            identity.note_unbegun((one.run_id, one.step, one.lease) for one in self._waiting)
        self._has_noted = bool(self._waiting)

    def _together(
        self, reports: Sequence[Finished], offers: Sequence[Offer], items: int
    ) -> list[ClaimedAttempt]:
        """One transaction; then what it left out, each by itself. Returns what was claimed."""
        taken = self._taken(reports, offers, items)
        claimed: list[ClaimedAttempt] = taken.claimed
        unfit: list[Offer] = []
        for _ in range(len(self._waiting)):  # they go on from what was written of their runs
            other = self._waiting.popleft()
            self._waiting.append(replace(other, loaded=taken.loaded.get(other.run_id, other.loaded)))
        for one in taken.left:
            if isinstance(one, Finished):
                claimed += filter(None, [record_alone(one)])
                continue
            try:
                claimed += filter(None, [self._claimed(one)])
            except (WorkerMissing, NewerState):
                unfit.append(one)
        self._put_back(unfit)
        return claimed

    def _taken(self, reports: Sequence[Finished], offers: Sequence[Offer], items: int) -> Together:
        """As `take_together`, recorded, and repeated while the database is unavailable."""

        def once() -> Together:
            with leases.claiming() as hold:
                taken = take_together(reports, offers, self._worker.process, pace, items)
                for claimed in taken.claimed:
                    hold(claimed, attempt.lease_s(claimed))
                return taken

        seconds = max(leases.remaining_s(one.claimed, attempt.lease_s(one.claimed)) for one in reports)
        try:
            taken, was_unavailable = retry_while_unavailable(once, seconds, f"{len(reports)} attempts")
        except Error as error:
            if is_unavailable(error):
                raise
            logger.warning("%d reports are written one by one: %s", len(reports), error)
            return Together([], [*reports, *offers], {})
        left = {id(one) for one in taken.left}
        for one in reports:
            if id(one) not in left:
                leases.release(one.claimed)
        if was_unavailable:  # what is left may have been committed by a try whose answer was lost
            leases.hand_back_unrecorded(self._worker.process)
        return taken

    def _claimed(self, offer: Offer) -> ClaimedAttempt | None:
        """Raises WorkerMissing if the step's worker is not a quick one, NewerState."""
        try:
            return attempt.claim(offer.run_id, offer.step, offer.lease, self._worker.process, pace)
        except (WorkerMissing, NewerState):
            raise
        except Exception as error:
            log_failed(offer.run_id, offer.step, error)
            return None

    def _offers(self, room: int) -> list[Offer]:
        """Up to `room` jobs that wait; not looked for before it is time."""
        is_time = self._look_at <= time.monotonic() < self._full_at
        if self._backlog is None or room <= 0 or not is_time or identity.is_stopping():
            return []
        found = self._backlog.take(room)
        if len(found) < room:
            self._look_at = time.monotonic() + LOOK_S
        return [one for one in found if not leases.consume_notified(one.run_id, one.step, one.lease)]

    def _put_back(self, offers: Sequence[Offer]) -> None:
        """Offers that are not for a batch are the next jobs."""
        if offers and self._backlog is not None:
            self._backlog.put_back(offers)
            self._backlog = None


def _is_quick_item(one: Finished) -> bool:
    return one.claimed.step.endswith("]") and one.claimed.action.worker in pace
