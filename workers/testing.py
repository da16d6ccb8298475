"""For authors' own tests: call a worker with a step handle that records what it is told.

call(charge_payment, {"amount": 5})                     what it returns; what it raises
outcome_of(charge_payment, {"amount": 5}, timeout=1)    what the engine would make of it
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
    """What a worker told its handle: log lines, and (fraction, message) of its progress."""

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
) -> StepHandle:
    """A handle for a worker that is called outside of a run; `timeout` in seconds from now."""
    kept = notes or Notes()
    return StepHandle(
        run_id=run_id,
        name=name,
        attempt=attempt,
        idempotency_key=idempotency_key,
        deadline=datetime.now(UTC) + timedelta(seconds=timeout),
        on_log=kept.lines.append,
        on_progress=lambda fraction, message: kept.progress.append((fraction, message)),
        is_cancelled=lambda: cancelled,
    )


def call(
    function: Callable[..., Any],
    context: Mapping[str, Any] | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    step: StepHandle | None = None,
) -> Any:
    """Calls a worker, sync or async, as a step would; returns its result and lets its errors through."""
    spec = spec_of(function)
    offered = {
        "context": IsolatedContext({**(context or {}), **(params or {})}),
        "params": validated(spec, params or {}),
        "step": step or fake_step(),
    }
    result = spec.function(**{name: offered[name] for name in spec.takes})
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
    """Executes a worker exactly as a worker process does: copies, time limit, checks and all."""
    spec = spec_of(function)
    kept = notes or Notes()
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
        on_log=kept.lines.append,
        on_progress=lambda fraction, message: kept.progress.append((fraction, message)),
    )


def spec_of(function: Callable[..., Any]) -> WorkerSpec:
    spec = getattr(function, "__worker__", None)
    if not isinstance(spec, WorkerSpec):
        raise TypeError(f'{function!r} is not a worker; decorate it with @worker("name")')
    return spec
