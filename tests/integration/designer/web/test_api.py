"""REST calls on designs: who may, what is answered, and that nobody's draft is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from designer.document.limits import STEPS_MAX
from designer.models import Workflow, WorkflowVersion
from tests.people import client_of

pytestmark = pytest.mark.django_db

GOOD = {"schema": 1, "name": "ship", "title": "Ship", "steps": [{"name": "a", "worker": "simple_processing"}]}
WRONG = {"schema": 1, "name": "ship", "steps": [{"name": "a", "worker": "nobody"}]}


@pytest.fixture
def dora() -> Client:
    return client_of("dora", "designer")


@pytest.fixture
def viewer() -> Client:
    return client_of("victor", "viewer")


def put(client: Client, document: Any, match: str | None = "0", name: str = "ship") -> Any:
    headers = {} if match is None else {"If-Match": match}
    body = document if isinstance(document, bytes) else json.dumps(document)
    return client.put(
        f"/api/v1/workflows/{name}/draft", body, content_type="application/json", headers=headers
    )


def post(client: Client, path: str, body: Any = None, **headers: str) -> Any:
    return client.post(f"/api/v1{path}", body, content_type="application/json", headers=headers)


def test_a_draft_is_saved_with_its_errors_and_shown_again(dora: Client, viewer: Client) -> None:
    saved = put(dora, WRONG)
    assert saved.status_code == 200 and saved["ETag"] == '"1"'
    assert saved.json()["revision"] == 1
    (problem,) = [found for found in saved.json()["problems"] if found["level"] == "error"]
    assert (problem["code"], problem["path"]) == ("unknown_worker", "steps[0].worker")
    shown = viewer.get("/api/v1/workflows/ship")
    assert shown["ETag"] == '"1"'
    assert shown.json()["draft"] == shown.json()["document"] == WRONG
    assert shown.json()["updated_by"] == "dora" and shown.json()["versions"] == []


def test_who_saves_over_somebody_elses_change_gets_both_documents(dora: Client) -> None:
    put(dora, GOOD)
    theirs = {**GOOD, "title": "Theirs"}
    mine = {**GOOD, "title": "Mine"}
    assert put(client_of("bob", "designer"), theirs, '"1"').status_code == 200
    refused = put(dora, mine, 'W/"1"')
    assert refused.status_code == 412 and refused["Content-Type"] == "application/problem+json"
    assert (refused.json()["current"], refused.json()["yours"]) == (theirs, mine)
    assert put(dora, mine, str(refused.json()["revision"])).status_code == 200
    assert Workflow.objects.get(name="ship").draft == mine


@pytest.mark.parametrize("match", [None, "", "*", '"x"', "-1"])
def test_a_draft_is_not_saved_without_its_revision(dora: Client, match: str | None) -> None:
    refused = put(dora, GOOD, match)
    assert refused.status_code == 428
    assert "If-Match" in refused.json()["detail"]
    assert not Workflow.objects.exists()


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (b"{", 400),
        (b'{"name": "ship", "name": "ship"}', 422),
        (b"\xff", 400),
        (b"[" * 100_000, 422),
        (b" " * 5_000_001, 400),
        (b" " * 16_000_001, 400),
        ([], 422),
        ({**GOOD, "steps": [{}] * (STEPS_MAX + 1)}, 422),
    ],
)
def test_what_is_no_workflow_is_refused_and_nothing_is_stored(
    dora: Client, document: Any, status: int
) -> None:
    refused = put(dora, document)
    assert refused.status_code == status and refused["Content-Type"] == "application/problem+json"
    assert put(dora, GOOD, name="No name").status_code == 422
    assert not Workflow.objects.exists()


def test_a_version_is_published_with_a_note(dora: Client) -> None:
    put(dora, GOOD)
    too_long = {"note": "x" * 501}
    refused = dora.post("/api/v1/workflows/ship/publish", too_long, content_type="application/json")
    assert refused.status_code == 422 and refused.json()["problems"][0]["path"] == "body.body.note"
    assert (
        dora.post("/api/v1/workflows/ship/publish", "{", content_type="application/json").status_code == 400
    )
    note = {"note": "Refunds come first."}
    assert (
        dora.post("/api/v1/workflows/ship/publish", note, content_type="application/json").status_code == 201
    )
    assert WorkflowVersion.objects.get().note == "Refunds come first."
    assert "Refunds come first." in dora.get("/workflows/ship/").content.decode()


def test_a_draft_is_published_once_it_has_no_error(dora: Client, viewer: Client) -> None:
    put(dora, WRONG)
    refused = post(dora, "/workflows/ship/publish")
    assert refused.status_code == 409
    assert refused.json()["problems"][0]["code"] == "unknown_worker"
    put(dora, GOOD, "1")
    assert post(dora, "/workflows/ship/publish", **{"If-Match": "1"}).status_code == 412
    made = post(dora, "/workflows/ship/publish", **{"If-Match": "2"})
    assert made.status_code == 201 and made.json()["version"] == 1
    assert made.json()["resolved"]["steps"][0]["timeout"] == 300
    assert viewer.get("/api/v1/workflows/ship/versions/1").json() == made.json()
    assert viewer.get("/api/v1/workflows/ship").json()["draft"] is None
    assert post(dora, "/workflows/ship/publish").status_code == 409


def test_a_document_is_checked_without_being_stored(dora: Client) -> None:
    checked = post(dora, "/workflows/validate", WRONG)
    assert [found["code"] for found in checked.json()["problems"]] == ["unknown_worker"]
    assert post(dora, "/workflows/validate", GOOD).json()["problems"] == []
    assert not Workflow.objects.exists()


def test_a_workflow_may_be_named_validate(dora: Client) -> None:
    put(dora, {**GOOD, "name": "validate"}, name="validate")
    assert dora.get("/api/v1/workflows/validate").json()["name"] == "validate"


def test_workflows_are_listed_in_pages(dora: Client, viewer: Client) -> None:
    Workflow.objects.bulk_create(Workflow(name=f"w{number:02}") for number in range(60))
    first = viewer.get("/api/v1/workflows").json()
    rest = viewer.get("/api/v1/workflows", {"after": first["next"]}).json()
    assert len(first["workflows"]) == 50 and len(rest["workflows"]) == 10 and rest["next"] is None
    found = viewer.get("/api/v1/workflows", {"q": "w5"}).json()["workflows"]
    assert len(found) == 10 and found[0]["version"] is None


def test_what_does_not_exist_is_said_so(dora: Client) -> None:
    put(dora, GOOD)
    for path in ("/workflows/none", "/workflows/ship/versions/7"):
        answer = dora.get(f"/api/v1{path}")
        assert answer.status_code == 404 and answer["Content-Type"] == "application/problem+json"
    assert post(dora, "/workflows/none/publish").status_code == 404


def test_workers_are_described_for_the_palette(viewer: Client) -> None:
    workers = {worker["name"]: worker for worker in viewer.get("/api/v1/catalog").json()["workers"]}
    charge = workers["charge_payment"]
    assert charge["category"] and charge["doc"] and "params_schema" in charge
    assert "refund_payment" in workers


UNDONE: dict[str, Any] = {
    "schema": 1,
    "name": "ship",
    "steps": [
        {"name": "check", "worker": "simple_processing", "compensation": "none"},
        {"name": "reserve", "worker": "reserve_inventory"},
        {"name": "tell", "worker": "send_confirmation", "compensation": "irreversible"},
        {"name": "own", "worker": "simple_processing", "compensation": None},
        {"name": "ship", "worker": "create_shipment"},
    ],
    "edges": [
        {"from": "check", "to": "reserve"},
        {"from": "reserve", "to": "tell", "when": "true"},
        {"from": "reserve", "to": "ship", "otherwise": True},
        {"from": "tell", "to": "ship"},
    ],
}


def test_what_a_failure_would_lead_to_is_told_of_draft_and_version(dora: Client, viewer: Client) -> None:
    put(dora, UNDONE)
    told = viewer.get("/api/v1/workflows/ship/draft/coverage", {"step": "ship"})
    assert told["ETag"] == '"1"'
    found = told.json()
    assert found["answer"] == "compensate" and found["own"] == "cancel_shipment"
    assert found["undo"] == [{"step": "reserve", "sure": True, "worker": "release_inventory", "place": 1}]
    assert found["remains"] == [{"step": "tell", "sure": False, "reason": "irreversible"}]
    assert found["harmless"] == [{"step": "check", "sure": True}]
    post(dora, "/workflows/ship/publish")
    url = "/api/v1/workflows/ship/versions/1/coverage"
    assert viewer.get(url, {"step": "ship"}).json() == found
    assert viewer.get(url, {"step": "none"}).status_code == 404
    assert Client().get(url, {"step": "ship"}).status_code == 401


def test_a_draft_with_errors_is_foreseen_as_far_as_it_can_be_read(dora: Client) -> None:
    dangling = {"from": "reserve", "to": "nowhere"}
    put(
        dora,
        {
            **UNDONE,
            "steps": [*UNDONE["steps"], 5, {"name": "reserve"}],
            "edges": [*UNDONE["edges"], dangling],
        },
    )
    url = "/api/v1/workflows/ship/draft/coverage"
    assert dora.get(url, {"step": "ship"}).status_code == 200
    put(dora, {**UNDONE, "edges": [*UNDONE["edges"], {"from": "ship", "to": "check"}]}, "1")
    circle = dora.get(url, {"step": "ship"})
    assert circle.status_code == 409 and "circle" in circle.json()["detail"]


def test_viewers_look_and_strangers_do_not(viewer: Client) -> None:
    for path in ("/workflows", "/catalog"):
        assert Client().get(f"/api/v1{path}").status_code == 401
        assert viewer.get(f"/api/v1{path}").status_code == 200
    assert put(viewer, GOOD).status_code == 403 and put(Client(), GOOD).status_code == 401
    for path in ("/workflows/validate", "/workflows/ship/publish"):
        assert post(viewer, path, GOOD).status_code == 403
        assert post(Client(), path, GOOD).status_code == 401
    assert not Workflow.objects.exists() and not WorkflowVersion.objects.exists()
