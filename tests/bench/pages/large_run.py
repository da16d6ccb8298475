"""A finished run of 1,000 steps and 20,000 entries, decided by the engine's rules and written at once.

Run by `manage.py shell`, it puts the run into the database of a board.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from designer.document.document import dump
from designer.document.graph import Edge, Graph, Retry, Step
from designer.document.resolve import resolve_graph
from designer.models import Workflow, WorkflowVersion
from runs.machine.decide import create, decide
from runs.machine.events import Claim, Decision, Dispatch, Event, Report, Start, Wake
from runs.machine.states import RunState, State
from runs.models import Run
from runs.models.ids import uuid7
from runs.store import writer
from runs.store.database import database
from tests.simulation.checks import Nothing
from workers.registry import get_catalog
from workers.sdk.outcome import Failure, Outcome

STEPS = 1_000
WIDTH = 25
TRIES = (6, 7, 7)  # of the steps in turn, three entries each; the last one succeeds
TICK = timedelta(milliseconds=7)
FAILED = Outcome("failed", failure=Failure("exception", "not yet"), retryable=True)


def write() -> str:
    """The id of the run."""
    graph = resolve_graph(large(), get_catalog())
    workflow, _ = Workflow.objects.get_or_create(name=graph.name)
    version = WorkflowVersion.objects.create(
        workflow=workflow, number=workflow.versions.count() + 1, document=dump(large()), resolved=dump(graph)
    )
    began = datetime.now(UTC) - timedelta(hours=1)
    decisions = list(lived(graph, began))
    state = decisions[-1].state
    run = Run(id=uuid7(), version=version, workflow_name=graph.name, created_at=began)
    for name, value in writer.run_columns(state.run).items():
        setattr(run, name, value)
    run.save(force_insert=True)
    entries = [entry for decision in decisions for entry in decision.entries]
    steps = list(state.changed.values())
    db = database()
    changes = writer.Changes(run.pk, state.run, state.run, entries, steps, {}, began)
    db.write(writer.statements(db, [changes]))
    return str(run.pk)


def large() -> Graph:
    """A grid, each step of which comes after one of the column before."""
    retry = Retry(max_attempts=max(TRIES), initial=0.001, factor=1, max=0.001, jitter=0)
    steps = tuple(Step(f"s{n:04}", worker="simple_processing", retry=retry) for n in range(STEPS))
    edges = tuple(Edge(f"s{n - WIDTH:04}", f"s{n:04}") for n in range(WIDTH, STEPS))
    return Graph("large_run", steps=steps, edges=edges)


def lived(graph: Graph, at: datetime) -> Iterator[Decision]:
    """The whole life of a run: every attempt but the last of each step fails."""
    decision = create(graph, State(RunState(id="large"), {}, Nothing()), at)
    yield decision
    todo: deque[Dispatch] = deque()

    def take(event: Event) -> Decision:
        nonlocal decision, at
        decision, at = decide(graph, decision.state, event), at + TICK
        todo.extend(command for command in decision.commands if isinstance(command, Dispatch))
        return decision

    yield take(Start(at))
    while todo:
        dispatch = todo.popleft()
        yield take(Claim(at, dispatch.step, dispatch.lease, "host:1"))
        is_last = decision.state.step(dispatch.step).attempt == TRIES[int(dispatch.step[1:]) % len(TRIES)]
        yield take(Report(at, dispatch.step, dispatch.lease, Outcome("succeeded", {}) if is_last else FAILED))
        if not is_last:
            yield take(Wake(at, dispatch.step))
