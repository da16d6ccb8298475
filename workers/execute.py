"""Runs one attempt of a worker: task in, outcome out. PURE of Django; knows no engine.

Whatever the worker returns or raises becomes an outcome. Only what a handler of SIGTERM or
SIGINT raises goes through, because that is meant for the process and not for the step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from workers.calling import call_async, call_sync
from workers.classify import classify, classify_exception, refused
from workers.encode import encode
from workers.errors import BadOutput, BadParams
from workers.handle import IsCancelled, OnLog, OnProgress, StepHandle
from workers.isolation import IsolatedContext
from workers.limits import SignalWatch
from workers.outcome import Direction, Outcome
from workers.params import validated
from workers.spec import WorkerSpec


@dataclass(frozen=True, slots=True)
class Task:
    """One attempt to make. `timeout` is in seconds; `params` are bound already, and laid over `context`."""

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


def execute(
    task: Task,
    catalog: Mapping[str, WorkerSpec],
    *,
    on_log: OnLog | None = None,
    on_progress: OnProgress | None = None,
    is_cancelled: IsCancelled | None = None,
) -> Outcome:
    """Calls the task's worker with copies of what it takes, and classifies what came of it."""
    spec = catalog.get(task.worker)
    if spec is None:
        return refused("unknown_worker", unknown_worker(task.worker))
    handle = step_handle(task, on_log, on_progress, is_cancelled)
    try:
        arguments = bound_arguments(spec, task, handle)
    except BadParams as error:
        return refused("bad_params", f"params of worker {spec.name!r}: {error}")
    return attempted(spec, arguments, task)


def attempted(spec: WorkerSpec, arguments: dict[str, Any], task: Task) -> Outcome:
    call = call_async if spec.is_async else call_sync
    with SignalWatch() as watch:
        try:
            result = call(partial(spec.function, **arguments), task.timeout)
        except BaseException as error:
            if watch.raised is not None:
                raise
            return classify_exception(error, task.timeout)
    try:
        return classify(encode(result, task.output_bytes_max), task.direction)
    except BadOutput as error:
        return refused("bad_output", f"worker {spec.name!r}: {error}")


def bound_arguments(spec: WorkerSpec, task: Task, handle: StepHandle) -> dict[str, Any]:
    """Raises BadParams. Params are laid over the context that the worker gets."""
    params = validated(spec, task.params)
    offered = {"params": params, "step": handle}
    if "context" in spec.takes:
        offered["context"] = IsolatedContext({**task.context, **task.params})
    return {name: offered[name] for name in spec.takes}


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
    )


def unknown_worker(name: str) -> str:
    return (
        f"there is no worker {name!r} in this worker process; "
        "add its module to WORKER_MODULES and restart the worker processes"
    )
