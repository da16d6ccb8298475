"""Dynamic steps: turns the `dynamic_steps` that a worker returned into resolved steps of its run."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from designer.document.document import parse_step
from designer.document.graph import Step
from designer.document.resolve import resolve_step
from designer.errors import DocumentRefused, UnknownWorker
from designer.problems import Problem
from designer.services.connections import limit_of
from runs.engine.engine import ClaimedAttempt
from workers.sdk.outcome import Failure, Outcome
from workers.sdk.spec import WorkerSpec

logger = logging.getLogger(__name__)

Expanded = tuple[Outcome, tuple[Step, ...]]


def expansion_of(claimed: ClaimedAttempt, outcome: Outcome, catalog: Mapping[str, WorkerSpec]) -> Expanded:
    """Returns the outcome and the steps that it adds to the run.

    An invalid list fails the step, whose worker has done its work all the same.
    """
    name = claimed.step.partition("[")[0]  # of `step[3]`, an item of a map: `step`
    definition = claimed.graph.by_name[name]
    listed = outcome.output.get("dynamic_steps") if isinstance(outcome.output, dict) else None
    if outcome.kind != "succeeded" or not definition.dynamic or listed is None:
        return outcome, ()
    try:
        if not isinstance(listed, list):
            message = "a list of worker names or steps is needed"
            raise DocumentRefused([Problem("bad_type", "dynamic_steps", message)])
        return outcome, tuple(
            resolve_step(_step(entry, index), catalog, limit_of=limit_of)
            for index, entry in enumerate(listed)
        )
    except (DocumentRefused, UnknownWorker) as error:
        failure = Failure("bad_dynamic_steps", str(error))
    except Exception as error:
        logger.exception("run %s: the steps that %s returned cannot be read", claimed.run_id, claimed.step)
        failure = Failure(
            "internal", f"A fault of the product: {type(error).__name__}.", type(error).__name__
        )
    return Outcome("failed", outcome.output, failure, acted=True), ()


def _step(entry: Any, index: int) -> Step:
    """The step that an entry stands for: a step's document, or a worker's name alone."""
    document = {"name": entry, "worker": entry} if isinstance(entry, str) else entry
    return parse_step(document, f"dynamic_steps[{index}]")
