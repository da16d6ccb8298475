"""Who looks at pages: an operator, a viewer, a stranger. And runs to look at."""

from __future__ import annotations

import pytest
from django.test import Client

from designer.document.graph import Edge, Graph
from designer.models import Workflow
from runs.models import Run
from tests.integration.runs.conftest import Publish, RunHere, chain, step
from tests.integration.runs.conftest import catalog as catalog
from tests.integration.runs.conftest import publish as publish
from tests.integration.runs.conftest import run_here as run_here
from tests.people import client_of


@pytest.fixture
def operator(transactional_db: None) -> Client:
    return client_of("olga", "operator")


@pytest.fixture
def designer(transactional_db: None) -> Client:
    return client_of("dora", "designer")


@pytest.fixture
def viewer(transactional_db: None) -> Client:
    return client_of("viv", "viewer")


@pytest.fixture
def stranger() -> Client:
    return Client()


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
