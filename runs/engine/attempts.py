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
from runs.machine.decide import decide
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


class Together(NamedTuple):
    """What became of reports and offers: the attempts that were claimed, and what was `left` out.

    `loaded`: the runs that were written, as they are now.
    """

    claimed: list[ClaimedAttempt]
    left: list[Finished | Offer]
    loaded: dict[UUID, Loaded]


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
    return _claimed(unit, unit.loaded_now(), *claimed)


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
    return _claimed(unit, unit.loaded_now(), *following) if following else None


def take_together(
    reports: Sequence[Finished], offers: Sequence[Offer], process: str, workers: Container[str], room: int
) -> Together:
    """Records reports and claims offers of several runs in one transaction.

    Of a map that a report is of, `room` further items may be claimed. Left out, with nothing written, is what
    needs its run's lock, is late, or offers a step whose worker is not one of `workers`: it is then for
    `report` or `claim`.
    """
    of_runs: dict[UUID, list[Finished | Offer]] = {}
    for report in reports:
        of_runs.setdefault(report.claimed.run_id, []).append(report)
    for offer in offers:
        of_runs.setdefault(offer.run_id, []).append(offer)
    left: list[Finished | Offer] = []
    groups: list[list[Finished | Offer]] = []
    work: list[tuple[Loaded, Callable[[Unit], tuple[list[Next], list[Offer]]]]] = []
    for run_id, group in of_runs.items():
        loaded = _newest([one.claimed.loaded for one in group if isinstance(one, Finished)]) or _read(run_id)
        if loaded is None:
            left += group
            continue
        groups.append(group)
        work.append((loaded, _taking(group, process, workers, room // len(of_runs))))
    claimed: list[ClaimedAttempt] = []
    written: dict[UUID, Loaded] = {}
    units: list[Unit] = []
    for group, committed in zip(groups, units_that_go_on(work), strict=True):
        if committed is None:
            left += group
            continue
        unit, (following, others) = committed
        units.append(unit)
        left += others
        loaded = written[unit.run_id] = unit.loaded_now()
        claimed += [_claimed(unit, loaded, *one) for one in following]
    carry_out_all(units)
    return Together(claimed, left, written)


def _newest(known: list[Loaded]) -> Loaded | None:
    return max(known, key=lambda loaded: loaded.state.run.last_seq, default=None)


def _taking(
    group: Sequence[Finished | Offer], process: str, workers: Container[str], room: int
) -> Callable[[Unit], tuple[list[Next], list[Offer]]]:
    """All that is taken on one run, and further items of a map while there is `room` for them.

    Gives what was claimed, and the offers that are for other workers; one that came late is nobody's.
    """

    def take(unit: Unit) -> tuple[list[Next], list[Offer]]:
        following: list[Next | None] = []
        others: list[Offer] = []
        for one in group:
            if isinstance(one, Finished):
                following.append(_reporting(one)(unit))
                continue
            try:
                following.append(_claiming(one.step, one.lease, process, workers)(unit))
            except WorkerMissing:
                others.append(one)
            except Stale as stale:
                logger.info("run %s: job discarded: %s", unit.run_id, stale)
        report = group[0]
        if isinstance(report, Finished) and report.continuation is not None:
            while following[-1] is not None and len(following) < len(group) + room:
                following.append(claim_next(unit, report.claimed.step, report.continuation))
        return [one for one in following if one is not None], others

    return take


def _read(run_id: UUID) -> Loaded | None:
    try:
        return load(run_id)
    except (NewerState, UnknownRun):
        return None


def _claiming(step: str, lease: int, process: str, workers: Container[str] | None) -> Take:
    def take(unit: Unit) -> Next | None:
        if not unit.take_slot(step):
            return None
        decision = decide(unit.graph, unit.state, Claim(unit.at, step, lease, process))
        definition = definition_of(unit, step)
        action = action_of(definition, decision.state.step(step).phase)
        if workers is not None and action.worker not in workers:
            raise WorkerMissing(unit.run_id, action.worker, queue_of(definition, action))
        unit.record(decision)
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


def _claimed(unit: Unit, loaded: Loaded, step: str, lease: int, is_notified: bool = False) -> ClaimedAttempt:
    return ClaimedAttempt(step, lease, _claimed_action(unit, step), unit.graph, loaded, is_notified)


def _claimed_action(unit: Unit, name: str) -> Action:
    return action_of(definition_of(unit, name), unit.state.step(name).phase)


def jitter() -> float:
    """Where an attempt's delay lies within its spread, from -1 to 1."""
    return random.uniform(-1, 1)  # noqa: S311
