"""Faults on demand: `{"simulate": {"create_shipment": "error"}}` in a run's input.

Keys are names of workers, or of steps (`process_batches[3]` for one item of a map). Before the work: `error`,
`temporary:N`, `critical`, `failed`, `slow:SECONDS`. After the work is done and saved, so that its outcome is
lost: `hang`, `crash`, `crash:N`. N counts attempts of the step, from 1. They are allowed in trials, and in
all runs with the setting SIMULATE_FAULTS: an input may come from a stranger, by a webhook.
"""

from __future__ import annotations

import inspect
import os
import re
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from workers import CriticalFailure, StepHandle, TemporaryFailure

SLOW_S_MAX = 3_600.0
HANG_EXTRA_S = 30.0

KEYWORD = inspect.Parameter.KEYWORD_ONLY
FORMS = "error, temporary:N, critical, failed, hang, crash, crash:N, slow:SECONDS"
FORM = re.compile(
    r"(error|critical|failed|hang|crash)|(temporary|crash):(\d{1,4})|(slow):(\d{1,4}(?:\.\d+)?)"
)


class SimulatedError(RuntimeError):
    """Something that the worker did not expect went wrong."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault to simulate; none if `kind` is empty. `amount` is N (attempts) or seconds."""

    kind: str = ""
    amount: float = 0.0

    def hits(self, attempt: int) -> bool:
        """Whether the fault applies to an attempt: to all, or to the first N."""
        return not self.amount or attempt <= self.amount


def fault_of(context: Mapping[str, Any], step: StepHandle, *names: str) -> Fault:
    """The fault that the run's input states under the first of `names` that it has.

    Raises CriticalFailure, also where faults may not be simulated.
    """
    faults = context.get("simulate") or {}
    if faults and not step.may_simulate:
        raise CriticalFailure(
            "simulate: faults on demand are for trials; set SIMULATE_FAULTS=1 to have them in all runs"
        )
    if not isinstance(faults, dict):
        raise CriticalFailure(f'simulate: expected {{"worker": "fault"}}, got {faults!r:.100}')
    for name in names:
        if faults.get(name):
            return read_fault(name, faults[name])
    return Fault()


def read_fault(name: str, text: object) -> Fault:
    match = FORM.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise CriticalFailure(f"simulate: unknown fault {text!r:.100} for {name}; use {FORMS}")
    plain, counted, number, timed, seconds = match.groups()
    return Fault(plain or counted or timed, float(number or seconds or 0))


def simulated(function: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a worker, named like its function, obey `simulate`, under its own name or its step's."""
    return with_faults(function, {}, by_step=True)


def simulated_check(function: Callable[..., Any]) -> Callable[..., Any]:
    """As `simulated`, for a verification, which ignores a fault of its step."""
    return with_faults(function, {}, by_step=False)


def simulated_undo(function: Callable[..., Any]) -> Callable[..., Any]:
    """As `simulated`, for a compensation, whose `failed` also asks for a person."""
    return with_faults(function, {"requires_manual_intervention": True}, by_step=False)


def with_faults(function: Callable[..., Any], extra: dict[str, Any], *, by_step: bool) -> Callable[..., Any]:
    """Wraps a worker's function. `extra` joins the result of `failed`; `by_step`: the step's name counts too.

    The wrapper needs context and step, whatever the function takes. So it states a signature of its own, from
    which `workers.sdk.decorator` reads the arguments and the params model.
    """
    name, own = function.__name__, inspect.signature(function).parameters
    taken = {"context", "step", *own}

    @wraps(function)
    def worker(context: dict[str, Any], step: StepHandle, **others: Any) -> Any:
        fault = fault_of(context, step, *([step.name, name] if by_step else [name]))
        if fault.kind == "failed":
            return {"status": "failed", "error": f"simulated failure of {name}", **extra}
        before_work(fault, name, step)
        arguments = {"context": context, "step": step, **others}
        result = function(**{key: value for key, value in arguments.items() if key in own})
        after_work(fault, step)
        return result

    worker.__dict__["__signature__"] = inspect.Signature(
        [
            own[name].replace(kind=KEYWORD) if name in own else inspect.Parameter(name, KEYWORD)
            for name in taken
        ]
    )
    return worker


def before_work(fault: Fault, name: str, step: StepHandle) -> None:
    if fault.kind == "error":
        raise SimulatedError(f"simulated error of {name}")
    if fault.kind == "critical":
        raise CriticalFailure(f"simulated critical failure of {name}")
    if fault.kind == "temporary" and fault.hits(step.attempt):
        raise TemporaryFailure(f"simulated temporary failure of {name}, attempt {step.attempt}")
    if fault.kind == "slow":
        time.sleep(min(fault.amount, SLOW_S_MAX))


def after_work(fault: Fault, step: StepHandle) -> None:
    if fault.kind == "crash" and fault.hits(step.attempt):
        os.kill(os.getpid(), signal.SIGKILL)
    if fault.kind == "hang":
        left = (step.deadline - datetime.now(UTC)).total_seconds()
        time.sleep(max(0.0, left) + HANG_EXTRA_S)
        raise TemporaryFailure("hung past its timeout and was not stopped")
