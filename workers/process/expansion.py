"""Turns the `dynamic_steps` that a worker returned into resolved steps of its run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designer.document.document import parse_step
from designer.document.graph import Step
from designer.document.resolve import resolve_step
from designer.errors import DocumentRefused, UnknownWorker
from designer.problems import Problem
from runs.engine.engine import ClaimedAttempt
from workers.sdk.outcome import Failure, Outcome
from workers.sdk.spec import WorkerSpec

Expanded = tuple[Outcome, tuple[Step, ...]]


def expansion_of(claimed: ClaimedAttempt, outcome: Outcome, catalog: Mapping[str, WorkerSpec]) -> Expanded:
    """The outcome, and the steps that it adds to the run; a bad list fails the step."""
    definition = claimed.graph.by_name[claimed.step.partition("[")[0]]
    asked = outcome.output.get("dynamic_steps") if isinstance(outcome.output, dict) else None
    if outcome.kind != "succeeded" or not definition.dynamic or asked is None:
        return outcome, ()
    try:
        return outcome, tuple(
            resolve_step(_step(spec, place), catalog) for place, spec in enumerate(_list(asked))
        )
    except (DocumentRefused, UnknownWorker) as error:
        return Outcome("failed", failure=Failure("bad_dynamic_steps", str(error))), ()


def _list(asked: Any) -> list[Any]:
    if not isinstance(asked, list):
        message = "a list of worker names or steps is needed"
        raise DocumentRefused([Problem("bad_type", "dynamic_steps", message)])
    return asked


def _step(spec: Any, place: int) -> Step:
    document = {"name": spec, "worker": spec} if isinstance(spec, str) else spec
    return parse_step(document, f"dynamic_steps[{place}]")
