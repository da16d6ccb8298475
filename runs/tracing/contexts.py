"""Which trace a run, its attempts and its child runs belong to, as contexts that are handed on."""

from __future__ import annotations

from uuid import UUID

from config.telemetry import attempt, ids, options
from config.telemetry.ids import Context
from runs.machine.states import RunState
from runs.store.reader import Loaded


def trace_of(run_id: UUID, run: RunState) -> tuple[int, Context | None]:
    """The trace of a run, and the context that it goes on from."""
    parent = ids.read(run.trace)
    return (ids.trace_of(run_id), None) if parent is None else (parent.trace, parent)


def _is_sampled(trace: int, workflow: str, parent: Context | None) -> bool:
    from config.telemetry import provider  # loads the SDK, which costs time and memory

    return provider.sampled(trace, workflow, parent)


def _within(run_id: UUID, workflow: str, run: RunState, span: int) -> Context:
    """The context of a span of a run."""
    trace, parent = trace_of(run_id, run)
    return Context(trace, span, ids.SAMPLED if _is_sampled(trace, workflow, parent) else 0)


def of_attempt(run_id: UUID, workflow: str, run: RunState, step: str, lease: int) -> Context:
    """What the worker of an attempt works within."""
    return _within(run_id, workflow, run, ids.attempt_span(run_id, step, lease))


def below(parent: Loaded, step: str) -> str:
    """What a child run goes on from that a step starts; "" where traces are off.

    The trace of the run around it, also where that is a caller's.
    """
    if not options.TRACES:
        return ""
    run_id = parent.rows.run_id
    return str(_within(run_id, parent.workflow, parent.state.run, ids.step_span(run_id, step)))


def caller() -> str:
    """What a run goes on from that the request under way starts; "" for nothing."""
    found = attempt.caller()
    return str(found) if found else ""
