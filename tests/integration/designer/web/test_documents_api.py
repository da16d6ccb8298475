"""Texts of workflows over REST: files read and written, versions listed, drafts discarded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from designer import patterns
from designer.document.document import dump, parse
from designer.document.limits import DOCUMENT_BYTES_MAX
from designer.formats.formats import from_json, from_yaml, yaml_of
from designer.models import Workflow
from designer.services import workflows
from tests.people import client_of, person

pytestmark = pytest.mark.django_db
GOOD = {"schema": 1, "name": "ship", "steps": [{"name": "a", "worker": "simple_processing"}]}


@pytest.fixture
def dora() -> Client:
    return client_of("dora", "designer")


@pytest.fixture
def viewer() -> Client:
    return client_of("victor", "viewer")


def read(client: Client, text: str | bytes, name: str = "ship.json") -> Any:
    return client.post(f"/api/v1/documents/read?name={name}", text, content_type="text/plain")


def write(client: Client, document: Any, written: str) -> Any:
    body = json.dumps(document)
    return client.post(f"/api/v1/documents/write?format={written}", body, content_type="application/json")


@pytest.mark.parametrize("name", patterns.NAMES)
def test_every_pattern_goes_out_and_comes_back_as_it_was(dora: Client, name: str) -> None:
    document = patterns.read(name)
    for suffix, text in (
        ("yaml", write(dora, document, "yaml").content.decode()),
        ("json", json.dumps(document)),
    ):
        answer = read(dora, text, f"{name}.{suffix}")
        assert answer.status_code == 200, answer.content
        assert answer.json()["document"] == document
        wrong = {found["code"] for found in answer.json()["problems"] if found["level"] == "error"}
        assert wrong <= {"unknown_workflow"}  # of children that are not published here


def test_a_draft_with_errors_is_written_as_it_stands_but_not_as_python(dora: Client) -> None:
    wrong = {"schema": 1, "name": "ship", "steps": [{"name": "A!", "worker": 7}], "extra": True}
    assert from_yaml(write(dora, wrong, "yaml").content.decode()) == wrong
    refused = write(dora, wrong, "python")
    assert refused.status_code == 422 and "before it is mended" in refused.json()["detail"]
    assert "extra" in {found["path"] for found in refused.json()["problems"]}
    assert "WorkflowBuilder" in write(dora, GOOD, "python").content.decode()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("ship.json", "{", "line 1, column 2"),
        ("ship.json", "[]", "a workflow is an object"),
        ("ship.json", '{"some": "thing"}', "neither 'schema' nor 'steps'"),
        ("ship.json", '{"schema": 2, "name": "x", "steps": []}', "reads schema 1, not 2"),
        ("ship.json", '{"schema": 1, "schema": 1}', "stands twice"),
        ("ship.yaml", "a: [", "line"),
        ("ship.yaml", "&a [*a]", "aliases"),
        ("ship.xml", "<x/>", "ends in .json"),
        ("ship", "{}", "ends in .json"),
        ("ship.json", b"\xff\xfe", "not UTF-8"),
        ("ship.json", '{"steps": "' + "x" * DOCUMENT_BYTES_MAX + '"}', "bytes"),
        ("ship.json", "[" * 100_000, "levels"),
    ],
)
def test_a_file_that_is_no_workflow_is_refused_with_what_is_wrong(
    dora: Client, name: str, text: str | bytes, said: str
) -> None:
    answer = read(dora, text, name)
    assert answer.status_code in (400, 422)
    assert said in answer.json()["detail"]


def test_only_who_may_design_reads_files(dora: Client, viewer: Client) -> None:
    assert read(viewer, json.dumps(GOOD)).status_code == 403
    assert read(Client(), json.dumps(GOOD)).status_code == 401
    assert write(viewer, GOOD, "yaml").status_code == 200
    assert write(dora, GOOD, "xml").status_code == 422


def test_versions_are_listed_with_who_and_when(viewer: Client) -> None:
    user = person("dora", "designer")
    for title in ("One", "Two"):
        workflows.import_document({**GOOD, "title": title}, publish=True, user=user)
    found = viewer.get("/api/v1/workflows/ship/versions").json()["versions"]
    assert [line["version"] for line in found] == [2, 1]
    assert found[0]["published_by"] == "dora" and found[0]["published_at"].startswith("20")
    assert viewer.get("/api/v1/workflows/none/versions").status_code == 404


def test_a_draft_is_discarded_only_as_it_was_seen(dora: Client, viewer: Client) -> None:
    workflows.import_document(GOOD, publish=True)
    revision = workflows.save_draft("ship", {**GOOD, "title": "Mine"}, 1).revision

    def discard(client: Client, match: int | None) -> Any:
        headers = {} if match is None else {"If-Match": str(match)}
        return client.delete("/api/v1/workflows/ship/draft", headers=headers)

    assert discard(viewer, revision).status_code == 403
    assert discard(dora, None).status_code == 428
    assert discard(dora, revision - 1).status_code == 412
    assert dora.get("/api/v1/workflows/ship").json()["draft"]["title"] == "Mine"
    assert discard(dora, revision).status_code == 204
    assert Workflow.objects.get(name="ship").draft is None
    assert dora.get("/api/v1/workflows/ship").json()["document"] == GOOD


def test_yaml_of_a_document_is_the_document() -> None:
    graph, _ = parse(GOOD)
    assert graph is not None
    assert from_yaml(yaml_of(GOOD)) == GOOD == from_json(json.dumps(dump(graph)))


def test_a_state_machine_is_read_as_a_draft_with_a_report(dora: Client) -> None:
    machine = {
        "StartAt": "A",
        "States": {"A": {"Type": "Task", "Resource": "${Work}", "Retry": [], "End": True}},
    }
    answer = read(dora, json.dumps(machine), "ship.asl.json").json()
    assert answer["document"]["steps"] == [{"name": "a", "title": "A", "worker": "work"}]
    assert answer["report"]["states"] == [
        {
            "state": "A",
            "type": "Task",
            "status": "mapped",
            "steps": ["a"],
            "fields": answer["report"]["states"][0]["fields"],
            "differs": [],
            "why": [],
        }
    ]
    assert answer["report"]["workers"] == [{"name": "work", "steps": ["a"]}]
