"""Published workflows and runs for the engine's tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from redis import Redis

from config.lib.caches import clear_all
from designer.document.document import dump
from designer.document.graph import Action, Edge, Graph, Step
from designer.document.resolve import resolve_graph
from designer.models import Workflow, WorkflowVersion
from designer.services.workflows import note_awaited_events
from runs.models import Run
from tests.integration.runs import workers as sample
from workers.cli.local_run import start_and_run
from workers.registry import get_catalog

Publish = Callable[..., WorkflowVersion]
RunHere = Callable[..., Run]


@pytest.fixture(autouse=True)
def catalog(settings: Settings, redis_client: Redis, transactional_db: None) -> None:
    settings.WORKER_MODULES = ["tests.integration.runs.workers"]
    clear_all()  # setting the database up may have loaded the catalog
    sample.did.clear()


def step(name: str, **fields: Any) -> Step:
    """Returns a step that acts and can be undone; `fields` override that."""
    return Step(name, **{"worker": "act", "compensation": Action("undo"), **fields})


def chain(*steps: Step, name: str = "sample", **fields: Any) -> Graph:
    edges = tuple(Edge(a.name, b.name) for a, b in zip(steps, steps[1:], strict=False))
    return Graph(name, steps=steps, edges=edges, **fields)


@pytest.fixture
def publish() -> Publish:
    def publish(graph: Graph) -> WorkflowVersion:
        workflow, _ = Workflow.objects.get_or_create(name=graph.name)
        version = WorkflowVersion.objects.create(
            workflow=workflow,
            number=workflow.versions.count() + 1,
            document=dump(graph),
            resolved=dump(resolve_graph(graph, get_catalog())),
        )
        note_awaited_events(version)
        return version

    return publish


@pytest.fixture
def run_here(publish: Publish) -> RunHere:
    """Publishes a graph and carries out a run of it in this process."""

    def run_here(graph: Graph, **input: Any) -> Run:
        *_, run = start_and_run(publish(graph), input, None)
        run.refresh_from_db()
        return run

    return run_here


@pytest.fixture
def order(publish: Publish) -> Graph:
    """A published workflow of three steps, each with its undo."""
    graph = chain(
        step("reserve"),
        step("charge"),
        step("ship"),
        name="order",
        title="An order",
        description="Reserves, charges, ships.",
        input_schema={"type": "object", "properties": {"amount": {"type": "integer"}}},
        sample_input={"amount": 3},
    )
    publish(graph)
    Workflow.objects.update(title=graph.title)
    return graph


@pytest.fixture
def undone(run_here: RunHere, order: Graph) -> Run:
    return run_here(order, faults={"ship": "critical"})


@pytest.fixture
def stuck(run_here: RunHere, order: Graph) -> Run:
    """A run whose undo of `charge` waits for a person."""
    return run_here(order, faults={"ship": "critical", "undo_charge": True})


@pytest.fixture
def waiting(run_here: RunHere) -> Run:
    """A run that waits for an approval and a signal."""
    graph = Graph(
        "paper",
        steps=(
            step("boss", kind="approval", worker=None, compensation=None, message="Is it <good>?"),
            step("bank", kind="wait", worker=None, compensation=None, signal="paid"),
            step("publish"),
        ),
        edges=(Edge("boss", "publish"), Edge("bank", "publish")),
    )
    return run_here(graph)
