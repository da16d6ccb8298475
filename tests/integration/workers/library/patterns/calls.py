"""Workers called one after the other, as the steps of one run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workers.execution.encode import encode
from workers.testing import OUTPUT_BYTES_MAX, call, fake_step

TANGLED = {
    "a": [{"b": {"c": [{"d": [1, "x", None, True]}, {"e": 2}]}}, {"f": [[[1.5]]]}],
    "g": [{"h": 1}, {"i": [{"j": {"k": [{"l": "deep"}]}}]}],
}
PROSE = "The order came late. The order was wet. " * 10


def step_of(worker: Any, run_id: str = "run-1", attempt: int = 1, name: str = "") -> Any:
    name = name or worker.__name__
    return fake_step(name, run_id=run_id, attempt=attempt, idempotency_key=f"{run_id}:{name}")


def through(workers: Sequence[Any], given: dict[str, Any], run_id: str = "run-1") -> dict[str, Any]:
    """The context after a line of steps, each named like its worker."""
    context = dict(given)
    for worker in workers:
        context.update(encode(call(worker, context, step=step_of(worker, run_id)), OUTPUT_BYTES_MAX))
    return context
