"""The RQ job: claim an attempt, execute it, report it, go on with the run's next step.

A job carries a run, a step and a lease, and it may be lost or delivered twice: the claim decides in the
database, so a job for a lease that is taken or over does nothing.
"""

from __future__ import annotations

from collections.abc import Container
from uuid import UUID

from django.conf import settings

from runs.engine.engine import ClaimedAttempt, Continuation
from runs.errors import NewerState, WorkerMissing
from workers.process import identity
from workers.process.async_runner import AsyncRunner
from workers.process.attempts import leases, missing_workers
from workers.process.attempts.attempt import claim, prepare, report
from workers.process.batch import STEPS_IN_A_ROW_MAX, Backlog, Batch
from workers.registry import get_catalog
from workers.sdk.outcome import Outcome

_backlog: Backlog | None = None


def listen_to(backlog: Backlog) -> None:
    """From now on a job takes others of `backlog` along; without it (commands, tests) each is by itself."""
    global _backlog
    _backlog = backlog


def run_attempt(run_id: str, step: str, lease: int) -> None:
    """Carries out one attempt, then as many further steps of the run as fairness allows."""
    if leases.consume_notified(UUID(run_id), step, lease):
        return
    catalog = get_catalog()
    worker = Continuation(identity.current_process_id(), identity.queues(), RunnableWorkers())
    try:
        claimed = claim(UUID(run_id), step, lease, worker.process, catalog)
    except NewerState as newer:
        missing_workers.leave_to_newer(newer, UUID(run_id), step, lease)
        return
    except WorkerMissing as missing:
        if missing_workers.leave_to_others(missing, step, lease):
            return
        # Nobody has the worker: the attempt is claimed without asking for it, and ends with a question to a
        # person.
        claimed = claim(UUID(run_id), step, lease, worker.process, None)
    carry_out(claimed, worker)


def carry_out(claimed: ClaimedAttempt | None, worker: Continuation) -> None:
    """Carries out a claimed attempt and what its report claims next, as far as fairness allows."""
    if claimed is not None:
        Batch(worker, _divert, _backlog).carry_out(claimed)


def _divert(claimed: ClaimedAttempt) -> bool:
    """Gives an async attempt to the runner, which carries the run on."""
    if _runner is None or claimed.action.worker not in AsyncWorkers():
        return False
    _runner.take(claimed)
    return True


# --- async steps, many at a time ---

_runner: AsyncRunner | None = None


def open_runner() -> AsyncRunner:
    """Starts the runner of async steps; without it (commands, tests) they run in the caller's thread."""
    global _runner
    _runner = AsyncRunner(settings.ASYNC_STEPS, get_catalog(), prepare, _report_async)
    return _runner


def _report_async(claimed: ClaimedAttempt, outcome: Outcome, steps: int) -> ClaimedAttempt | None:
    """Reports an async step.

    It claims async steps alone; a sync one would block the writer and is dispatched.
    """
    may_continue = steps < STEPS_IN_A_ROW_MAX and not identity.is_stopping()
    worker = Continuation(identity.current_process_id(), identity.queues(), AsyncWorkers())
    return report(claimed, outcome, worker if may_continue else None)


class RunnableWorkers(Container[str]):
    """Names of the workers that this process can call now: all, or the sync ones while the runner is full."""

    def __contains__(self, name: object) -> bool:
        if _runner is None or _runner.has_room():
            return name in get_catalog()
        return name in get_catalog() and name not in AsyncWorkers()


class AsyncWorkers(Container[str]):
    """Names of the workers that are coroutines."""

    def __contains__(self, name: object) -> bool:
        spec = get_catalog().get(str(name))
        return spec is not None and spec.is_async
