"""Validation of fields that depend on each other: who does the work of a step, and how it ends. PURE."""

from __future__ import annotations

from collections.abc import Iterator

from designer.document.graph import Graph, RollBack, Step
from designer.problems import Problems, join

OF_WORKERS = ("verify", "fallback", "queue", "dynamic")
OF_RUNS = ("input", "version")


def check_kinds(graph: Graph, problems: Problems) -> None:
    """Reports `no_worker_for`, `only_for_runs`, `bad_undo`, `tolerate_or_needed`, `nothing_to_retry`.

    As a warning `endless_loop`.
    """
    for index, step in enumerate(graph.steps):
        path = join("steps", index)
        for code, field, message in (*_of_work(step), *_of_undo(step)):
            problems.error(code, join(path, field), message)
        if step.needed is not None and step.tolerate != 0:
            message = "a map that needs a number of items tolerates all others; state one of the two"
            problems.error("tolerate_or_needed", join(path, "needed"), message)
        if step.repeats and not step.until and not step.while_ and step.on_exhausted != "continue":
            message = (
                "nothing ends this loop before its turns are used up, and then it fails; state until or while"
            )
            problems.warn("endless_loop", join(path, "until"), message)


def _of_work(step: Step) -> Iterator[tuple[str, str, str]]:
    if step.starts_runs:
        for field in OF_WORKERS:
            if getattr(step, field):
                message = (
                    f"a run does the work of this step, so there is no worker that '{field}' could be about"
                )
                yield "no_worker_for", field, message
        if step.params and step.body is None:
            yield "no_worker_for", "params", "what the other workflow gets is its input; state 'input'"
    elif step.calls_worker:
        for field in OF_RUNS:
            if getattr(step, field) is not None:
                yield "only_for_runs", field, f"a worker does the work of this step; '{field}' is for runs"
    if step.detached:
        for field in ("timeout", "retry"):
            if getattr(step, field) is not None:
                message = "the step does not wait for its run, so there is nothing to end or to try again"
                yield "nothing_to_retry", field, message


def _of_undo(step: Step) -> Iterator[tuple[str, str, str]]:
    if isinstance(step.compensation, RollBack) and not step.detached:
        message = "only a detached run has to be told; leave the slot empty, and its run is rolled back"
        yield "bad_undo", "compensation", message
