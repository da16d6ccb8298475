"""What a draft may be sent or turn into: each has a clear answer, and nothing is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from designer.models import Workflow, WorkflowVersion
from designer.services import workflows
from tests.people import client_of

pytestmark = pytest.mark.django_db

API = "/api/v1/workflows"
GOOD: dict[str, Any] = {
    "schema": 1,
    "name": "ship",
    "title": "Ship",
    "steps": [{"name": "a", "worker": "simple_processing"}],
}
MARKUP = '</script><script>alert("1")</script><img src=x onerror=alert(1)>'
TURNED = "\u202egnippihs\u202c \u200f"


@pytest.fixture
def dora() -> Client:
    return client_of("dora", "designer")


def put(client: Client, document: Any, match: str = "0") -> Any:
    body = document if isinstance(document, bytes) else json.dumps(document)
    return client.put(f"{API}/ship/draft", body, content_type="application/json", headers={"If-Match": match})


@pytest.mark.parametrize("schema", [2, "1", 0, True])
def test_a_document_of_another_schema_version_is_kept_and_told(dora: Client, schema: object) -> None:
    saved = put(dora, {**GOOD, "schema": schema})
    assert saved.status_code == 200
    (problem,) = [one for one in saved.json()["problems"] if one["level"] == "error"]
    assert problem["path"] == "schema" and problem["code"] == "unknown_schema"
    assert dora.post(f"{API}/ship/publish").status_code == 409
    assert dora.get("/workflows/ship/edit/").status_code == 200


@pytest.mark.parametrize("document", [{"menu": ["soup"]}, {"schema": 1, "name": "ship", "steps": "none"}, {}])
def test_an_object_that_is_no_workflow_can_be_opened_and_mended(dora: Client, document: Any) -> None:
    saved = put(dora, document)
    assert saved.status_code == 200 and saved.json()["problems"]
    assert dora.get("/workflows/ship/edit/").status_code == 200
    assert dora.get("/workflows/ship/").status_code == 200
    for path in ("draft/scope?path=steps[0].when", "draft/context?path=steps[0].when"):
        assert dora.get(f"{API}/ship/{path}").status_code == 200
    assert dora.get(f"{API}/ship/draft/coverage?step=a").status_code == 404
    tried = dora.post(f"{API}/ship/draft/runs", {}, content_type="application/json")
    assert tried.status_code == 409 and tried.json()["problems"]


def test_five_megabytes_are_refused_with_the_limit_and_the_draft_stays(dora: Client) -> None:
    put(dora, GOOD)
    large = {**GOOD, "description": "x" * 5_000_001}
    refused = put(dora, large, "1")
    assert refused.status_code in (400, 422) and "5,000,000 bytes" in refused.content.decode()
    assert Workflow.objects.get(name="ship").draft == GOOD


@pytest.mark.parametrize("text", [MARKUP, TURNED])
def test_markup_and_turning_marks_stay_text_everywhere(dora: Client, text: str) -> None:
    steps = [{"name": "a", "title": text, "worker": "simple_processing", "notes": text}]
    put(dora, {**GOOD, "title": text, "description": text, "steps": steps})
    assert dora.post(f"{API}/ship/publish").status_code == 201
    for page in ("/workflows/", "/workflows/ship/", "/workflows/ship/edit/", "/workflows/ship/?version=1"):
        shown = dora.get(page).content.decode()
        assert MARKUP not in shown and "<img src=x" not in shown, page
    assert dora.get(f"{API}/ship").json()["document"]["title"] == text


def test_a_name_with_markup_is_refused_in_words(dora: Client) -> None:
    refused = dora.put(
        f"{API}/<b>x/draft",
        json.dumps({**GOOD, "name": "<b>x"}),
        content_type="application/json",
        headers={"If-Match": "0"},
    )
    assert refused.status_code == 422 and "small letter" in refused.json()["detail"]


def test_a_worker_that_no_longer_exists_is_named_and_nothing_breaks(dora: Client) -> None:
    workflows.import_document(GOOD, publish=True)
    gone = {**GOOD, "steps": [{"name": "a", "worker": "gone", "compensation": {"worker": "gone_too"}}]}
    WorkflowVersion.objects.update(document=gone, resolved=gone)
    for page in ("/workflows/ship/", "/workflows/ship/edit/"):
        assert dora.get(page).status_code == 200
    assert "there is no worker" in dora.get("/workflows/ship/edit/").content.decode()
    told = put(dora, gone, str(Workflow.objects.get(name="ship").draft_revision))
    codes = {(one["code"], one["path"]) for one in told.json()["problems"]}
    assert {
        ("unknown_worker", "steps[0].worker"),
        ("unknown_worker", "steps[0].compensation.worker"),
    } <= codes
    assert dora.get(f"{API}/ship/draft/coverage?step=a").json()["own"] == "gone_too"
    alone = dora.post(f"{API}/ship/draft/steps/a/runs", {}, content_type="application/json")
    assert alone.status_code == 409 and "'gone'" in alone.json()["detail"]
