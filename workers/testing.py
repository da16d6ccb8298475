"""Test helpers for authors of workers: call a worker without a run.

call(charge_payment, {"amount": 5})                     returns what the worker returns, raises what it raises
outcome_of(charge_payment, {"amount": 5}, timeout=1)    returns the outcome that the engine would record
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from workers.execution.execute import Task, execute
from workers.execution.isolation import IsolatedContext
from workers.execution.params import validated
from workers.sdk.handle import StepHandle
from workers.sdk.outcome import Direction, Outcome
from workers.sdk.spec import WorkerSpec

OUTPUT_BYTES_MAX = 1_000_000


@dataclass
class Notes:
    """What a worker reported through its handle: log lines, and its progress as (fraction, message)."""

    lines: list[str] = field(default_factory=list)
    progress: list[tuple[float, str]] = field(default_factory=list)


def fake_step(
    name: str = "step",
    *,
    attempt: int = 1,
    idempotency_key: str = "run-1:step",
    run_id: str = "run-1",
    timeout: float = 60,
    notes: Notes | None = None,
    cancelled: bool = False,
    of_fallback: bool = False,
) -> StepHandle:
    """A handle for a worker that is called outside a run; its deadline is `timeout` seconds from now."""
    recorder = notes or Notes()
    return StepHandle(
        run_id=run_id,
        name=name,
        attempt=attempt,
        idempotency_key=idempotency_key,
        deadline=datetime.now(UTC) + timedelta(seconds=timeout),
        on_log=recorder.lines.append,
        on_progress=lambda fraction, message: recorder.progress.append((fraction, message)),
        is_cancelled=lambda: cancelled,
        of_fallback=of_fallback,
    )


def call(
    function: Callable[..., Any],
    context: Mapping[str, Any] | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    step: StepHandle | None = None,
) -> Any:
    """Calls a worker, sync or async, as a step would. Returns its result; its errors go through."""
    spec = spec_of(function)
    arguments = {
        "context": IsolatedContext({**(context or {}), **(params or {})}),
        "params": validated(spec, params or {}),
        "step": step or fake_step(),
    }
    result = spec.function(**{name: arguments[name] for name in spec.takes})
    return asyncio.run(result) if spec.is_async else result


def outcome_of(
    function: Callable[..., Any],
    context: Mapping[str, Any] | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    direction: Direction = "forward",
    attempt: int = 1,
    idempotency_key: str = "run-1:step",
    timeout: float = 60,
    notes: Notes | None = None,
) -> Outcome:
    """Executes a worker as a worker process does: copies, time limit and checks of the result included."""
    spec = spec_of(function)
    recorder = notes or Notes()
    task = Task(
        run_id="run-1",
        workflow="test",
        step="step",
        direction=direction,
        worker=spec.name,
        attempt=attempt,
        idempotency_key=idempotency_key,
        context=dict(context or {}),
        params=dict(params or {}),
        timeout=timeout,
        output_bytes_max=OUTPUT_BYTES_MAX,
    )
    return execute(
        task,
        {spec.name: spec},
        on_log=recorder.lines.append,
        on_progress=lambda fraction, message: recorder.progress.append((fraction, message)),
    )


def spec_of(function: Callable[..., Any]) -> WorkerSpec:
    """Raises TypeError for a function that is not a worker."""
    spec = getattr(function, "__worker__", None)
    if not isinstance(spec, WorkerSpec):
        raise TypeError(f'{function!r} is not a worker; decorate it with @worker("name")')
    return spec
