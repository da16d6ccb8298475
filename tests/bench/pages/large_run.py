"""A finished run of very many steps and entries, decided by the engine's rules and written at once.

Run by `manage.py shell`, it puts the run into the database of a board.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from designer.document.document import dump
from designer.document.graph import Body, Edge, Graph, Retry, Step
from designer.document.resolve import resolve_graph
from designer.models import Workflow, WorkflowVersion
from runs.machine.decide import create, decide
from runs.machine.events import Claim, Decision, Dispatch, Event, Report, Start, Wake
from runs.machine.journal.apply import Nothing
from runs.machine.states import RunState, State
from runs.models import Run
from runs.models.ids import uuid7
from runs.store import writer
from runs.store.database import database
from workers.registry import get_catalog
from workers.sdk.outcome import Failure, Outcome

WIDTH = 25
INSIDE = 1_000  # steps of a group
APART = (320.0, 170.0)
TICK = timedelta(milliseconds=7)
FAILED = Outcome("failed", failure=Failure("exception", "not yet"), retryable=True)

Grid = tuple[tuple[Step, ...], tuple[Edge, ...], dict[str, tuple[float, float]]]


def write(steps: int, tries: Sequence[int], groups: int = 0) -> str:
    """The id of the run. `tries`: attempts of the steps in turn, each of three entries."""
    author = large(steps, max(tries), groups)
    graph = resolve_graph(author, get_catalog())
    workflow, _ = Workflow.objects.get_or_create(name=graph.name)
    version = WorkflowVersion.objects.create(
        workflow=workflow, number=workflow.versions.count() + 1, document=dump(author), resolved=dump(graph)
    )
    began = datetime.now(UTC) - timedelta(hours=1)
    decisions = list(lived(graph, began, tries))
    state = decisions[-1].state
    run = Run(id=uuid7(), version=version, workflow_name=graph.name, created_at=began)
    for name, value in writer.run_columns(state.run).items():
        setattr(run, name, value)
    run.save(force_insert=True)
    entries = [entry for decision in decisions for entry in decision.entries]
    rows = list(state.changed.values())
    db = database()
    changes = writer.Changes(run.pk, state.run, state.run, entries, rows, {}, began)
    db.write(writer.statements(db, [changes]))
    return str(run.pk)


def large(count: int, tries_max: int, groups: int = 0) -> Graph:
    """A grid, each step of which comes after one of the column before.

    A document that can be published has 1,000 steps at most; a canvas holds more where child runs are opened
    in it. `groups` stand for those: the run skips them, and a reader unfolds their 1,000 steps each.
    """
    retry = Retry(max_attempts=tries_max, initial=0.001, factor=1, max=0.001, jitter=0)
    inside = Body(*grid(INSIDE, Retry(max_attempts=1)))
    outer = [Step(f"g{n}", kind="group", body=inside) for n in range(groups)]
    caught = [Edge("s0000", step.name, on="failed") for step in outer]
    steps, edges, layout = grid(count, retry)
    right = APART[0] * (count // WIDTH + 2)
    beside = {step.name: (right, APART[1] * place) for place, step in enumerate(outer)}
    return Graph("large_run", steps=(*steps, *outer), edges=(*edges, *caught), layout={**layout, **beside})


def grid(
    count: int, retry: Retry
) -> tuple[tuple[Step, ...], tuple[Edge, ...], dict[str, tuple[float, float]]]:
    steps = tuple(Step(f"s{n:04}", worker="simple_processing", retry=retry) for n in range(count))
    edges = tuple(Edge(f"s{n - WIDTH:04}", f"s{n:04}") for n in range(WIDTH, count))
    layout = {f"s{n:04}": (APART[0] * (n // WIDTH), APART[1] * (n % WIDTH)) for n in range(count)}
    return steps, edges, layout


def lived(graph: Graph, at: datetime, tries: Sequence[int]) -> Iterator[Decision]:
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
        is_last = decision.state.step(dispatch.step).attempt == tries[int(dispatch.step[1:]) % len(tries)]
        yield take(Report(at, dispatch.step, dispatch.lease, Outcome("succeeded", {}) if is_last else FAILED))
        if not is_last:
            yield take(Wake(at, dispatch.step))
