"""Executes one attempt of a worker: task in, outcome out. No Django, no engine.

Whatever the worker returns or raises becomes an outcome. Only what a handler of SIGTERM or SIGINT raises goes
through, because it is meant for the process and not for the step.

Params arrive with their secrets sealed. The worker gets them opened in `params` alone; the context keeps them
sealed, and everything that leaves the attempt (result, failure, log lines, progress) has them masked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from config.lib.secret_places import map_sealed, map_secrets, secrets_in
from config.lib.secrets import CannotOpen, param_place, redact, unseal
from config.telemetry import attempt
from config.telemetry.ids import Context
from workers.execution.calling import call_async, call_sync, cancelled_after
from workers.execution.classify import classify, classify_exception, refused
from workers.execution.encode import encode
from workers.execution.isolation import IsolatedContext
from workers.execution.params import validated
from workers.execution.remains import remains
from workers.execution.time_limit import SignalWatch
from workers.sdk.errors import BadOutput, BadParams
from workers.sdk.handle import IsCancelled, OnLog, OnProgress, StepHandle
from workers.sdk.outcome import Direction, Failure, Outcome
from workers.sdk.spec import WorkerSpec


@dataclass(frozen=True, slots=True)
class Task:
    """One attempt to execute. `timeout` is in seconds; `params` are bound, and laid over `context`.

    `sealed_inputs`: the sealed texts that the run was given; those that stand in `params` may be opened.
    `trace`: of the attempt's span; None where no traces are wanted.
    """

    run_id: str
    workflow: str
    step: str
    direction: Direction
    worker: str
    attempt: int
    idempotency_key: str
    context: dict[str, Any]
    params: dict[str, Any]
    timeout: float
    output_bytes_max: int
    secret_keys: tuple[str, ...] = ()
    sealed_inputs: frozenset[str] = frozenset()
    may_simulate: bool = True
    of_fallback: bool = False
    is_rehearsal: bool = False
    trace: Context | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A worker's function with its arguments bound. `secrets`: those that it has, and opens while it runs."""

    function: Callable[[], Any]
    is_async: bool
    secrets: list[Any]


SLOTS: Mapping[Direction, str] = {
    "forward": "",
    "undo": "compensation",
    "verify": "verify",
    "fallback": "fallback",
}


def execute(
    task: Task,
    catalog: Mapping[str, WorkerSpec],
    *,
    on_log: OnLog | None = None,
    on_progress: OnProgress | None = None,
    is_cancelled: IsCancelled | None = None,
) -> Outcome:
    """Calls the task's worker with copies of its arguments, and classifies the result."""
    call = prepared_call(task, catalog, step_handle(task, on_log, on_progress, is_cancelled))
    if isinstance(call, Outcome):
        return call
    with _carrying(task), SignalWatch() as watch:
        try:
            result = (call_async if call.is_async else call_sync)(call.function, task.timeout)
        except BaseException as error:
            if watch.raised is not None:
                raise
            return without_secrets(classify_exception(error, task.timeout), call.secrets)
    return without_secrets(outcome_of(result, task), call.secrets)


async def execute_async(
    task: Task,
    catalog: Mapping[str, WorkerSpec],
    *,
    wrap: Callable[[Any], Any],
    on_log: OnLog | None = None,
    on_progress: OnProgress | None = None,
) -> Outcome:
    """As `execute`, for an async worker on the running event loop; `wrap` is applied to its coroutine."""
    call = prepared_call(task, catalog, step_handle(task, on_log, on_progress, None))
    if isinstance(call, Outcome):
        return call
    function = call.function
    try:
        with _carrying(task):
            result = await cancelled_after(lambda: wrap(function()), task.timeout)
    except BaseException as error:
        outcome = classify_exception(error, task.timeout)
    else:
        outcome = outcome_of(result, task)
    return without_secrets(outcome, call.secrets)


def _carrying(task: Task) -> AbstractContextManager[None]:
    return attempt.carrying(task.run_id, task.step, task.attempt, task.direction, task.trace)


def prepared_call(task: Task, catalog: Mapping[str, WorkerSpec], handle: StepHandle) -> Call | Outcome:
    """Returns the call to make, or the outcome if the worker cannot be called."""
    spec = catalog.get(task.worker)
    if spec is None:
        return refused("unknown_worker", unknown_worker(task.worker))
    params = task.params
    if spec.takes_secrets:
        try:
            params = map_secrets(params, spec.params_schema, partial(_opened, task))
        except CannotOpen as error:
            return refused("bad_params", f"params of worker {spec.name!r}: {error}")
        handle.conceal(*secrets_in(params, spec.params_schema))
    try:
        arguments = {"params": validated(spec, params), "step": handle}
    except Exception as error:  # BadParams; else of the author's own validators
        reason = str(error) if isinstance(error, BadParams) else f"{type(error).__name__}: {error}"
        outcome = refused("bad_params", f"params of worker {spec.name!r}: {reason}")
        return without_secrets(outcome, handle.secrets)
    if "context" in spec.takes:
        arguments["context"] = IsolatedContext({**task.context, **task.params})  # secrets stay sealed
    taken = {name: arguments[name] for name in spec.takes}
    return Call(partial(spec.function, **taken), spec.is_async, handle.secrets)


def _opened(task: Task, value: Any, path: str) -> Any:
    """A secret param as the worker gets it. Raises CannotOpen.

    Opened is what was sealed for this very param, and what the run was given with its input.
    """

    def opened(text: str, at: str) -> Any:
        step = task.step.partition("[")[0]
        own = param_place(task.workflow, step, SLOTS[task.direction], task.worker, at)
        is_given = text in task.sealed_inputs
        return unseal(
            text, task.secret_keys, lambda place: place == own or (is_given and place[0] == "input")
        )

    return map_sealed(value, path, opened)


def without_secrets(outcome: Outcome, secrets: list[Any]) -> Outcome:
    """The outcome with each secret that the worker was given masked."""
    if not secrets:
        return outcome
    failure = outcome.failure
    if failure is not None:
        texts = {name: redact(text, secrets) for name, text in asdict(failure).items()}
        failure = Failure(**texts)
    return replace(outcome, output=redact(outcome.output, secrets), failure=failure)


def outcome_of(result: Any, task: Task) -> Outcome:
    """Classifies what a worker returned; a result that is not JSON, or too large, is refused.

    A worker that returned has done its work, unless what can be kept of its result says otherwise. So the
    effect is there, and to be undone.
    """
    try:
        return classify(encode(result, task.output_bytes_max), task.direction)
    except BadOutput as error:
        reason = f"worker {task.worker!r}: {error}"
    if task.direction not in ("forward", "fallback"):
        return refused("bad_output", reason)
    kept = remains(result, task.output_bytes_max)
    if classify(kept, task.direction).kind != "succeeded":
        return refused("bad_output", reason)
    refusal = refused("bad_output", f"{reason}. Its work was done by then, and counts as done.")
    return replace(refusal, output=kept, acted=True)


def step_handle(
    task: Task, on_log: OnLog | None, on_progress: OnProgress | None, is_cancelled: IsCancelled | None
) -> StepHandle:
    return StepHandle(
        run_id=task.run_id,
        name=task.step,
        attempt=task.attempt,
        idempotency_key=task.idempotency_key,
        deadline=datetime.now(UTC) + timedelta(seconds=task.timeout),
        on_log=on_log,
        on_progress=on_progress,
        is_cancelled=is_cancelled,
        may_simulate=task.may_simulate,
        of_fallback=task.of_fallback,
        direction=task.direction,
        is_rehearsal=task.is_rehearsal,
    )


def unknown_worker(name: str) -> str:
    return (
        f"there is no worker {name!r} in this worker process; "
        "add its module to WORKER_MODULES and restart the worker processes"
    )
