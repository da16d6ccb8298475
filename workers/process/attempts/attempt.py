"""One attempt: claim it, call its worker, report the outcome.

Execution knows no engine and the engine knows no worker functions; this module joins the two.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Container
from uuid import UUID

from django.conf import settings
from django.db import Error

from config.lib.secret_places import sealed_texts
from config.sealing_keys import sealing_keys
from config.telemetry import options
from config.telemetry.ids import Context
from designer.errors import ExpressionError
from runs.engine import engine
from runs.engine.attempts import Finished
from runs.engine.engine import ClaimedAttempt, Continuation
from runs.machine.acts import key_of
from runs.machine.bindings import bind, task_bindings
from runs.machine.retry_policy import LEASE_GRACE_S, timeout_of
from runs.models import Run
from runs.tracing import contexts
from workers.execution.execute import Task, execute
from workers.process import identity
from workers.process.attempts import leases, missing_workers
from workers.process.attempts.expansion import expansion_of
from workers.process.attempts.own_connections import own_connections
from workers.process.attempts.progress import Reporter
from workers.process.database_retry import retry_while_unavailable
from workers.process.forks import ends_here
from workers.registry import get_catalog
from workers.sdk.outcome import Failure, Outcome

logger = logging.getLogger(__name__)

CLAIM_S_MAX = 60.0  # then the sweep brings the attempt forward


def claim(
    run_id: UUID, step: str, lease: int, process_id: str, workers: Container[str] | None
) -> ClaimedAttempt | None:
    """Claims an attempt for this process; None if the lease is taken or over.

    Raises WorkerMissing if the step's worker is not among `workers` (None: any will do), NewerState if newer
    code wrote the run.
    """

    def claim_once() -> ClaimedAttempt | None:
        with leases.claiming() as hold:
            claimed = engine.claim(run_id, step, lease, process_id, workers)
            if claimed is not None:
                hold(claimed, lease_s(claimed))
            return claimed

    claimed, was_unavailable = retry_while_unavailable(claim_once, CLAIM_S_MAX, f"run {run_id}")
    _hand_back_lost_claims(claimed, was_unavailable)
    return claimed


def _hand_back_lost_claims(claimed: ClaimedAttempt | None, was_unavailable: bool) -> None:
    """After an outage, nothing claimed may mean: claimed by the first try, whose answer was lost."""
    if was_unavailable and claimed is None:
        leases.hand_back_unrecorded(identity.current_process_id())


def report(
    claimed: ClaimedAttempt, outcome: Outcome, continuation: Continuation | None
) -> ClaimedAttempt | None:
    """Records the outcome of an attempt, for as long as its lease lasts. Returns the attempt claimed next."""
    return record(finished(claimed, outcome)._replace(continuation=continuation))


def finished(claimed: ClaimedAttempt, outcome: Outcome) -> Finished:
    """An attempt with its outcome, and with the steps that it adds to its run."""
    outcome, expansion = expansion_of(claimed, outcome, get_catalog())
    return Finished(claimed, outcome, expansion)


def record(one: Finished) -> ClaimedAttempt | None:
    """As `report`."""
    claimed, outcome, expansion, continuation = one

    def report_once() -> ClaimedAttempt | None:
        with leases.claiming() as hold:
            following = engine.report(claimed, outcome, expansion=expansion, continuation=continuation)
            if following is not None:
                hold(following, lease_s(following))
            return following

    try:
        next_claimed, was_unavailable = retry_while_unavailable(
            report_once, leases.remaining_s(claimed, lease_s(claimed)), f"run {claimed.state.run.id}"
        )
    finally:
        leases.release(claimed)
    _hand_back_lost_claims(next_claimed, was_unavailable)
    return next_claimed


def lease_s(claimed: ClaimedAttempt) -> float:
    """Seconds for which the attempt may be reported, from its claim."""
    return timeout_of(claimed.action) + LEASE_GRACE_S


def perform(claimed: ClaimedAttempt) -> Outcome:
    """Calls the worker in this thread."""
    task = prepare(claimed)
    if isinstance(task, Outcome):
        return task
    identity.watch(time.monotonic() + task.timeout)
    try:
        with Reporter(claimed) as reporter, ends_here(), own_connections():
            return execute(task, get_catalog(), on_log=reporter.log, on_progress=reporter.progress)
    finally:
        identity.unwatch()


def prepare(claimed: ClaimedAttempt) -> Task | Outcome:
    """The task of an attempt; or its outcome, if its data cannot be used or the process lacks the worker."""
    try:
        task = task_of(claimed)
    except ExpressionError as error:
        return Outcome("failed", failure=Failure("bad_expression", str(error)))
    except Error:  # of the database: the attempt is given to another process
        raise
    except Exception as error:
        logger.exception("run %s: the attempt of %s cannot begin", claimed.run_id, claimed.step)
        message = f"A fault of the product: {type(error).__name__}; the worker was not called."
        return Outcome("failed", failure=Failure("internal", message, type(error).__name__))
    if task.worker not in get_catalog():
        return missing_workers.missing_worker_outcome(task.worker, task.direction)
    return task


def task_of(claimed: ClaimedAttempt) -> Task:
    """The task of a claimed attempt, its params bound. Raises ExpressionError."""
    state = claimed.state.step(claimed.step)
    direction = state.phase
    action, run_id = claimed.action, claimed.state.run.id
    scope = task_bindings(claimed.graph, claimed.state, claimed.step, direction)
    params = bind(action, scope)
    spec = get_catalog().get(action.worker)
    takes_secrets = spec is not None and spec.takes_secrets
    return Task(
        run_id=run_id,
        workflow=claimed.graph.name,
        step=claimed.step,
        direction=direction,
        worker=action.worker,
        attempt=state.undo_attempt if direction == "undo" else state.attempt,
        idempotency_key=key_of(run_id, state),
        of_fallback=state.by_fallback,
        context=scope["context"],
        params=params,
        timeout=timeout_of(action),
        output_bytes_max=settings.OUTPUT_BYTES_MAX,
        secret_keys=sealing_keys(),
        may_simulate=settings.SIMULATE_FAULTS or not scope["context"].get("simulate") or _is_trial(run_id),
        sealed_inputs=_sealed_inputs(claimed) if takes_secrets and any(sealed_texts(params)) else frozenset(),
        trace=_trace(claimed) if options.TRACES else None,
    )


def _trace(claimed: ClaimedAttempt) -> Context:
    run, workflow = claimed.state.run, claimed.loaded.workflow
    return contexts.of_attempt(claimed.run_id, workflow, run, claimed.step, claimed.lease)


def _is_trial(run_id: str) -> bool:
    return Run.objects.filter(pk=run_id, trial=True).exists()


def _sealed_inputs(claimed: ClaimedAttempt) -> frozenset[str]:
    """The sealed texts of the run's input, and of what operators have laid over the context of this step."""
    state = claimed.state
    steps = [state.step(name) for name in {claimed.step, claimed.step.partition("[")[0]}]
    patches = [seq for step in steps for seq in (*step.patches, *step.undo_patches)]
    given = [state.input, *map(state.payload, patches)]
    return frozenset(text for value in given for _, text in sealed_texts(value))
