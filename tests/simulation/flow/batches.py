"""Batches: a process reports attempts of several runs, and claims others, in one transaction.

Imitates `workers.process.batch` and `runs.engine.attempts.take_together`: what needs its run's lock, or is
late, is left out of the transaction and comes by itself afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runs.machine.errors import Stale
from runs.machine.events import Claim, Report, StartChild
from tests.simulation.units import ClaimedAttempt, Crash, Job, Unit

if TYPE_CHECKING:
    from tests.simulation.simulate import History
    from tests.simulation.world import World

RUNS_MAX = 5


def work_together(history: History) -> None:
    """A process commits reports of several runs and claims of others together, or dies before or after."""
    world, rng = history.world, history.rng
    process = rng.choice(world.processes)
    rng.shuffle(world.queue)
    jobs, reports = [], []
    runs: set[str] = set()
    for claimed in [one for one in world.claimed if one.process == process]:
        if claimed.job.run not in runs and len(runs) < RUNS_MAX:
            runs.add(claimed.job.run)
            world.claimed.remove(claimed)
            reports.append(claimed)
    for job in list(world.queue):
        if job.run not in runs and len(runs) < RUNS_MAX:
            runs.add(job.run)
            world.queue.remove(job)
            jobs.append(job)
    for late in take_together(world, process, reports, jobs):
        if isinstance(late, Job):
            world.claim(late, process)
        else:
            world.report(late, continues=rng.random() < 0.5)


def take_together(
    world: World, process: str, reports: list[ClaimedAttempt], jobs: list[Job]
) -> list[ClaimedAttempt | Job]:
    """Returns those that were left out. Raises Crash."""
    units: list[tuple[Unit, Job | None]] = []
    left: list[ClaimedAttempt | Job] = []
    both: list[ClaimedAttempt | Job] = [*reports, *jobs]
    for one in both:
        unit = world._open(one.run if isinstance(one, Job) else one.job.run)
        try:
            following = (
                _claimed(world, unit, one, process) if isinstance(one, Job) else _reported(world, unit, one)
            )
        except Stale:
            left.append(one)
            continue
        if any(isinstance(command, StartChild) for command in unit.commands):
            left.append(one)
        else:
            units.append((unit, following))
    with world.lines.transaction():
        if world.rng.random() < world.crashes / 2:
            raise Crash("before the commit")
        for unit, _ in units:
            world._commit(unit)
    world.seen["Together"] += len(units) > 1
    if world.rng.random() < world.crashes:
        raise Crash("after the commit")
    for unit, _ in units:
        world._dispatch(unit)
    world.offer_slots()
    for unit, following in units:
        if following is not None:
            world.perform(unit, following, process)
    return left


def _reported(world: World, unit: Unit, claimed: ClaimedAttempt) -> Job | None:
    job = claimed.job
    shift = world.rng.uniform(-1, 1)
    unit.take(Report(world.now, job.step, job.lease, claimed.outcome, shift, claimed.added))
    if not unit.dispatches or unit.dispatches[0].limit or world.rng.random() < 0.3:
        return None
    dispatch = unit.dispatches[0]
    unit.take(Claim(world.now, dispatch.step, dispatch.lease, claimed.process))
    return Job(job.run, dispatch.step, dispatch.lease)


def _claimed(world: World, unit: Unit, job: Job, process: str) -> Job:
    if unit.graph.by_name[job.step.partition("[")[0]].limits:
        raise Stale("slots are counted under the lock of their limit")
    unit.take(Claim(world.now, job.step, job.lease, process))
    return job
