"""The RQ job: claim an attempt, carry it out, report it, go on with the run's next step.

The only place where the worker library and the engine meet.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Container
from uuid import UUID

from django.conf import settings

from designer.errors import ExpressionError
from runs.engine import engine
from runs.engine.engine import ClaimedAttempt, GoOn
from runs.errors import NewerState, WorkerMissing
from runs.machine.bindings import bind, task_bindings
from runs.machine.retry_policy import LEASE_GRACE_S, timeout_of
from workers.execution.execute import Task, execute
from workers.process import database_retry, identity, leases, missing_workers
from workers.process.async_runner import AsyncRunner
from workers.process.database_retry import retry_while_unavailable
from workers.process.expansion import expansion_of
from workers.process.progress import Reporter
from workers.registry import get_catalog
from workers.sdk.outcome import Failure, Outcome

logger = logging.getLogger(__name__)

STEPS_IN_A_ROW_MAX = 100  # then the run goes back to the queue, so that others get their turn
SECONDS_IN_A_ROW_MAX = 0.25
CLAIM_S_MAX = 60.0  # then the sweep brings the attempt forward


def run_attempt(run_id: str, step: str, lease: int) -> None:
    """Carry out one attempt, then as many further steps of the run as fairness allows."""
    if leases.comes_in_vain(UUID(run_id), step, lease):
        return
    catalog = get_catalog()
    worker = GoOn(identity.current_process_id(), identity.queues(), Doable())
    try:
        claimed = claim(UUID(run_id), step, lease, worker.process, catalog)
    except NewerState as newer:
        missing_workers.leave_to_newer(newer, UUID(run_id), step, lease)
        return
    except WorkerMissing as missing:
        if missing_workers.pass_on(missing, step, lease):
            return
        claimed = claim(UUID(run_id), step, lease, worker.process, None)
    carry_out(claimed, worker)


def claim(
    run_id: UUID, step: str, lease: int, process_id: str, workers: Container[str] | None
) -> ClaimedAttempt | None:
    def attempt() -> ClaimedAttempt | None:
        return leases.taken(lambda: engine.claim(run_id, step, lease, process_id, workers), lease_s)

    return settled(*retry_while_unavailable(attempt, CLAIM_S_MAX, f"run {run_id}"), process_id)


def settled(claimed: ClaimedAttempt | None, was_away: bool, process_id: str) -> ClaimedAttempt | None:
    """Gives back what was claimed by a commit whose answer never came."""
    if was_away and claimed is None:
        leases.hand_back_others(process_id)
    return claimed


def carry_out(claimed: ClaimedAttempt | None, worker: GoOn) -> None:
    """Work through a claimed attempt and what follows it, as far as that is this thread's."""
    began, steps = time.monotonic(), 0
    while claimed is not None:
        if _runner is not None and is_async(claimed):
            _runner.take(claimed)
            return
        steps += 1
        is_fair = steps < STEPS_IN_A_ROW_MAX and time.monotonic() - began < SECONDS_IN_A_ROW_MAX
        may_go_on = is_fair and not identity.is_stopping()
        claimed = attempt(claimed, worker if may_go_on else None)


def attempt(claimed: ClaimedAttempt, go_on: GoOn | None) -> ClaimedAttempt | None:
    """One attempt from claim to report. Returns the next claimed one, if there is one."""
    return reported(claimed, perform(claimed), go_on)


def reported(claimed: ClaimedAttempt, outcome: Outcome, go_on: GoOn | None) -> ClaimedAttempt | None:
    """Record what an attempt came to, for as long as its lease may last."""
    outcome, expansion = expansion_of(claimed, outcome, get_catalog())

    def report() -> ClaimedAttempt | None:
        return leases.taken(
            lambda: engine.report(claimed, outcome, expansion=expansion, go_on=go_on), lease_s
        )

    try:
        found = retry_while_unavailable(
            report, leases.left_s(claimed, lease_s(claimed)), f"run {claimed.state.run.id}"
        )
    finally:
        leases.let_go(claimed)
    return settled(*found, identity.current_process_id())


def lease_s(claimed: ClaimedAttempt) -> float:
    """Seconds for which the attempt may be reported, from its claim."""
    return timeout_of(claimed.action) + LEASE_GRACE_S


def perform(claimed: ClaimedAttempt) -> Outcome:
    """Call the worker in this thread."""
    task = prepared(claimed)
    if isinstance(task, Outcome):
        return task
    identity.watch(time.monotonic() + task.timeout)
    try:
        with Reporter(claimed) as reporter:
            outcome = execute(task, get_catalog(), on_log=reporter.log, on_progress=reporter.progress)
    finally:
        identity.unwatch()
    if outcome.kind == "unknown":
        database_retry.renew()
    return outcome


def prepared(claimed: ClaimedAttempt) -> Task | Outcome:
    """What is to be done; an expression that fails is the step's failure, before its worker is called."""
    try:
        task = task_of(claimed)
    except ExpressionError as error:
        return Outcome("failed", failure=Failure("bad_expression", str(error)))
    if task.worker not in get_catalog():
        return missing_workers.given_up(task.worker, task.direction)
    return task


def task_of(claimed: ClaimedAttempt) -> Task:
    """What a claimed attempt has to do. Raises ExpressionError."""
    state = claimed.state.step(claimed.step)
    direction = state.phase
    action, run_id = claimed.action, claimed.state.run.id
    scope = task_bindings(claimed.graph, claimed.state, claimed.step, direction)
    return Task(
        run_id=run_id,
        workflow=claimed.graph.name,
        step=claimed.step,
        direction=direction,
        worker=action.worker,
        attempt=state.undo_attempt if direction == "undo" else state.attempt,
        idempotency_key=f"{run_id}:{claimed.step}",
        context=scope["context"],
        params=bind(action, scope),
        timeout=timeout_of(action),
        output_bytes_max=settings.OUTPUT_BYTES_MAX,
        secret_key=settings.SECRET_KEY,
    )


# --- async steps, many at a time ---

_runner: AsyncRunner | None = None


def open_runner() -> AsyncRunner:
    """From now on this process carries async steps out beside its others."""
    global _runner
    _runner = AsyncRunner(settings.ASYNC_STEPS, get_catalog(), prepared, _reported_by_writer)
    return _runner


def _reported_by_writer(claimed: ClaimedAttempt, outcome: Outcome, steps: int) -> ClaimedAttempt | None:
    """An async step goes on with async steps; others need a process of their own and are rung."""
    may_go_on = steps < STEPS_IN_A_ROW_MAX and not identity.is_stopping()
    worker = GoOn(identity.current_process_id(), identity.queues(), AsyncWorkers())
    return reported(claimed, outcome, worker if may_go_on else None)


def is_async(claimed: ClaimedAttempt) -> bool:
    return claimed.action.worker in AsyncWorkers()


class Doable(Container[str]):
    """Names of the workers that a thread of this process can go on with now."""

    def __contains__(self, name: object) -> bool:
        if _runner is None or _runner.has_room():
            return name in get_catalog()
        return name in get_catalog() and name not in AsyncWorkers()


class AsyncWorkers(Container[str]):
    """Names of the workers that are coroutines."""

    def __contains__(self, name: object) -> bool:
        spec = get_catalog().get(str(name))
        return spec is not None and spec.is_async
