"""Attempts of worker processes: claims and reports, of one run or of several in one transaction.

What came too late is ignored, and logged: a job for a lease that is taken, a report whose lease is over.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from designer.document.graph import Action, Graph, Step
from runs.engine import slots
from runs.engine.after_commit import carry_out, carry_out_all, start_children
from runs.engine.next_step import Continuation, Next, claim_next, definition_of
from runs.engine.unit_of_work import Unit, unit_that_goes_on, units_that_go_on
from runs.errors import NewerState, UnknownRun, WorkerMissing
from runs.machine.errors import Stale
from runs.machine.events import Claim, Report
from runs.machine.retry_policy import action_of, queue_of
from runs.machine.states import State
from runs.store.reader import Loaded, load
from workers.sdk.outcome import Outcome

logger = logging.getLogger(__name__)

Take = Callable[[Unit], Next | None]


@dataclass(frozen=True, slots=True)
class ClaimedAttempt:
    """A claimed attempt, with all that is needed to carry it out. Its report must carry the same `lease`.

    `is_notified`: a job for it lies in a queue and will be discarded as a duplicate.
    """

    step: str
    lease: int
    action: Action
    graph: Graph
    loaded: Loaded
    is_notified: bool = False

    @property
    def state(self) -> State:
        return self.loaded.state

    @property
    def run_id(self) -> UUID:
        return self.loaded.rows.run_id


class Offer(NamedTuple):
    """What a job offers: an attempt that may be claimed by whoever comes first.

    `source`: the list of jobs that it was taken from.
    """

    run_id: UUID
    step: str
    lease: int
    source: str = ""


class Finished(NamedTuple):
    """An attempt that was carried out. `expansion`: the steps that it adds to its run.

    With `continuation`, the next step of the run that became ready is claimed for that worker process in the
    same transaction.
    """

    claimed: ClaimedAttempt
    outcome: Outcome
    expansion: tuple[Step, ...] = ()
    continuation: Continuation | None = None


class Taken(NamedTuple):
    """What became of an offer or a report that was committed: the attempt that was claimed, if any."""

    claimed: ClaimedAttempt | None


def claim(
    run_id: UUID, step: str, lease: int, process: str, workers: Container[str] | None = None
) -> ClaimedAttempt | None:
    """Claims an attempt for a worker process. Returns None if the job is late or a duplicate.

    Raises, without claiming, WorkerMissing if the step's worker is not one of `workers`, and NewerState if
    newer code has written the run.
    """
    try:
        take = _claiming(step, lease, process, workers)
        unit, claimed = unit_that_goes_on(load(run_id), take, carry_out)
    except NewerState:
        raise
    except Stale as stale:
        logger.info("run %s: job discarded: %s", run_id, stale)
        return None
    if claimed is None:
        slots.wait_again(run_id, step, slots.limit_wanted(unit.graph, unit.state, step))
        return None
    return _claimed(unit, *claimed)


def report(
    claimed: ClaimedAttempt,
    outcome: Outcome,
    *,
    expansion: tuple[Step, ...] = (),
    continuation: Continuation | None = None,
) -> ClaimedAttempt | None:
    """Records the outcome of an attempt; a report with an outdated lease is discarded.

    With `continuation`, the next step that became ready is claimed for that worker process in the same
    transaction, and returned.
    """
    take = _reporting(Finished(claimed, outcome, expansion, continuation))
    try:
        unit, following = unit_that_goes_on(claimed.loaded, take, carry_out)
    except Stale as stale:
        logger.info("run %s: report discarded: %s", claimed.run_id, stale)
        slots.free_lease(claimed.graph, claimed.run_id, claimed.step, claimed.lease)
        return None
    return _claimed(unit, *following) if following else None


def take_together(
    reports: Sequence[Finished], offers: Sequence[Offer], process: str, workers: Container[str]
) -> list[Taken | None]:
    """Records reports and claims offers, each of another run, in one transaction.

    Returns what became of each report and each offer; None for one of which nothing was written, because it
    needs its run's lock, is late, or offers a step whose worker is not one of `workers`: it is then for
    `report` or `claim`.
    """
    work: list[tuple[Loaded, Take] | None] = [(one.claimed.loaded, _reporting(one)) for one in reports]
    for offer in offers:
        loaded = _read(offer.run_id)
        take = _claiming(offer.step, offer.lease, process, workers)
        work.append(None if loaded is None else (loaded, take))
    committed = iter(units_that_go_on([one for one in work if one is not None]))
    units = [next(committed) if one is not None else None for one in work]
    carry_out_all([one[0] for one in units if one is not None])
    return [one and Taken(_claimed(one[0], *one[1]) if one[1] else None) for one in units]


def _read(run_id: UUID) -> Loaded | None:
    try:
        return load(run_id)
    except (NewerState, UnknownRun):
        return None


def _claiming(step: str, lease: int, process: str, workers: Container[str] | None) -> Take:
    def take(unit: Unit) -> Next | None:
        if not unit.take_slot(step):
            return None
        unit.take(Claim(unit.at, step, lease, process))
        if workers is not None:
            action = _claimed_action(unit, step)
            if action.worker not in workers:
                queue = queue_of(definition_of(unit, step), action)
                raise WorkerMissing(unit.run_id, action.worker, queue)
        return step, lease, False

    return take


def _reporting(finished: Finished) -> Take:
    claimed, outcome, expansion, continuation = finished
    shift = jitter()

    def take(unit: Unit) -> Next | None:
        unit.take(
            Report(
                unit.at,
                step=claimed.step,
                lease=claimed.lease,
                outcome=outcome,
                jitter=shift,
                expansion=expansion,
            )
        )
        start_children(unit)
        return claim_next(unit, claimed.step, continuation) if continuation else None

    return take


def _claimed(unit: Unit, step: str, lease: int, is_notified: bool = False) -> ClaimedAttempt:
    return ClaimedAttempt(
        step, lease, _claimed_action(unit, step), unit.graph, unit.loaded_now(), is_notified
    )


def _claimed_action(unit: Unit, name: str) -> Action:
    return action_of(definition_of(unit, name), unit.state.step(name).phase)


def jitter() -> float:
    """Where an attempt's delay lies within its spread, from -1 to 1."""
    return random.uniform(-1, 1)  # noqa: S311
