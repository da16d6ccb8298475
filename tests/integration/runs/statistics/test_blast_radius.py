"""What depends on a worker or a connection: drafts, versions, open runs, and undos that may be needed."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from designer.document.document import dump
from designer.document.graph import Body, Graph, Step
from designer.models import Workflow
from runs.models import Run
from runs.statistics.blast_radius import BlastRadius, Dependent, blast_radius
from tests.integration.runs.conftest import Publish, RunHere, chain, step
from tests.people import client_of
from workers.connections.models import Connection

ASK = step("ask", kind="approval", worker=None, compensation=None, message="Go on?")


def of_worker(name: str) -> dict[str, Dependent]:
    return {dependent.workflow: dependent for dependent in blast_radius("worker", name).dependents}


def test_workflows_open_runs_and_undos_are_counted(run_here: RunHere, publish: Publish) -> None:
    run_here(chain(step("a"), step("b"), ASK, name="open"))
    run_here(chain(step("a"), name="ended"))
    Workflow.objects.create(name="drawn", draft=dump(chain(step("x"), name="drawn")))
    found = of_worker("undo")
    assert {name: (one.places, one.open_runs, one.undos) for name, one in found.items()} == {
        "drawn": (["draft"], 0, 0),
        "ended": (["version 1"], 0, 0),
        "open": (["version 1"], 1, 2),
    }
    assert found["open"].calls == {("a", "undo"), ("b", "undo")}
    acts = of_worker("act")["open"]
    assert (acts.open_runs, acts.undos, acts.calls) == (1, 0, {("a", "step"), ("b", "step")})
    assert not of_worker("nobody")


def test_an_older_version_counts_as_long_as_a_run_of_it_is_open(run_here: RunHere, publish: Publish) -> None:
    run_here(chain(step("a"), ASK, name="order"))
    publish(chain(step("a", compensation="none"), name="order"))
    assert of_worker("undo")["order"].places == ["version 1"]
    Run.objects.update(status="cancelled")
    assert not of_worker("undo")


def test_undos_in_bodies_and_of_items_are_found(run_here: RunHere) -> None:
    body = Body((step("inner"),), ())
    graph = chain(
        Step("group", "group", body=body),
        step("each", kind="map", items="input.list"),
        ASK,
        name="deep",
    )
    run_here(graph, list=[1, 2, 3])
    found = of_worker("undo")["deep"]
    assert found.calls == {("group/inner", "undo"), ("each", "undo")}
    assert (found.open_runs, found.undos) == (1, 4)


def test_what_was_undone_needs_no_undo_any_more(undone: Run) -> None:
    assert of_worker("undo")["order"].undos == 0


def test_the_api_and_the_page_of_a_connection_say_it(transactional_db: None, publish: Publish) -> None:
    Connection.objects.create(name="shop", kind="http", address="https://shop.example")
    call = Step(
        "call", worker="http_request", params={"connection": "shop", "method": "GET"}, compensation="none"
    )
    publish(Graph("asks", steps=(call,)))
    viewer = client_of("vera", "viewer")
    told: dict[str, Any] = viewer.get("/api/v1/connections/shop/blast-radius").json()
    calls = [{"step": "call", "as": "step"}]
    use = {"workflow": "asks", "places": ["version 1"], "calls": calls, "open_runs": 0, "undos": 0}
    assert told == {"workflows": [use], "open_runs": 0, "undos": 0, "is_all": True}
    page = viewer.get(reverse("connection-detail", args=["shop"])).content.decode()
    assert "<strong>0</strong> open runs" in page and "asks" in page
    assert (
        viewer.get("/api/v1/workers/http_request/blast-radius").json()["workflows"][0]["workflow"] == "asks"
    )


def test_it_costs_few_queries(viewer: Client, run_here: RunHere, django_assert_max_num_queries: Any) -> None:
    for number in range(4):
        run_here(chain(step("a"), ASK, name=f"w{number}"))
    with django_assert_max_num_queries(16):
        radius: BlastRadius = blast_radius("worker", "undo")
    assert radius.open_runs == radius.undos == 4 and radius.is_all
