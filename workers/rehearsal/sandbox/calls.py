"""How a rehearsal calls a worker: really, by the answer of an earlier run, or by an answer of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from workers.execution.execute import Task
from workers.rehearsal.job import Job
from workers.rehearsal.sandbox.ledger import Ledger
from workers.sdk.spec import Rehearsal, WorkerSpec

MISSING = object()


def how_called(spec: WorkerSpec, job: Job, params: Mapping[str, Any]) -> Rehearsal:
    """Returns how a worker is called.

    One that names a connection with a rehearsal address is called really: it reaches that address alone.
    """
    known = {connection["name"] for connection in job.connections}
    named = params.get("connection")
    return "real" if isinstance(named, str) and named in known else spec.rehearsal


def callable_spec(spec: WorkerSpec, task: Task, path: str, job: Job, ledger: Ledger) -> WorkerSpec:
    """Returns the worker to call; in place of one that is not called really, one that only answers.

    The one that only answers has no model of params, so that no secret is opened for it.
    """
    how = how_called(spec, job, task.params)
    if how == "real":
        return spec
    answer = _answer(spec, task, path, job, ledger, how)
    return replace(spec, function=answer, is_async=False, takes=frozenset(), params_model=None)


def _answer(
    spec: WorkerSpec, task: Task, path: str, job: Job, ledger: Ledger, how: Rehearsal
) -> Callable[[], Any]:
    output = answer_of(spec, path, job, how)
    if task.direction == "undo":
        return lambda: {"status": "rehearsed"}
    if task.direction == "verify":
        is_there = task.idempotency_key in ledger.there
        return lambda: {"outcome": "done", "output": output} if is_there else {"outcome": "not_done"}
    return lambda: output


def answer_of(spec: WorkerSpec, path: str, job: Job, how: Rehearsal) -> Any:
    """Returns what stands for the output of a step: one that was given, recorded, or the worker's own."""
    given = job.outputs.get(path, MISSING)
    if given is MISSING and how == "record":
        given = job.recorded.get(path, MISSING)
    return dict(spec.stub or {}) if given is MISSING else given
