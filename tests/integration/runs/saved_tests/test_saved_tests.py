"""Saved tests with the database: stored, run by REST, recorded from real runs, asked before publishing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from config.lib.errors import SagaboardError
from designer.document.document import dump
from designer.document.graph import Action, Body, Graph, Step
from designer.errors import StaleTests, TestsFailed
from designer.models import Workflow, WorkflowTest
from designer.services import saved_tests, shelf, workflows
from runs.errors import NotRecordable
from runs.models import Run
from runs.saved_tests import service
from tests.integration.runs import workers as sample
from tests.integration.runs.conftest import RunHere, chain, step
from tests.integration.runs.trials.test_service import carried_out
from tests.people import client_of

API = "/api/v1/workflows/sample"
OK: dict[str, Any] = {"name": "all goes well", "expect": {"status": "completed", "ran": ["a", "b"]}}
WRONG: dict[str, Any] = {"name": "never right", "expect": {"status": "failed"}}


@pytest.fixture
def draft() -> None:
    workflows.import_document(dump(chain(step("a"), step("b"))))


@pytest.fixture
def dora(transactional_db: None) -> Client:
    return client_of("dora", "designer")


def call(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    send = getattr(client, method)
    return send(API + path, json.dumps(body), content_type="application/json", headers=headers)


def put(client: Client, tests: list[Any], **headers: str) -> Any:
    return call(client, "put", "/tests", {"tests": tests}, **headers)


# --- REST ---


def test_tests_are_stored_and_run_without_a_worker(draft: None, dora: Client) -> None:
    sample.did.clear()
    assert put(dora, [OK, WRONG]).json()["tests"] == [OK, WRONG]
    assert dora.get(f"{API}/tests").json()["tests"] == [OK, WRONG]
    answer = call(dora, "post", "/tests/run").json()
    assert (answer["passed"], answer["failed"]) == (1, 1)
    good, bad = answer["results"]
    assert good["passed"] and "story" not in good
    assert bad["reasons"] == ["status: expected failed, came completed"]
    assert any("step.completed" in line for line in bad["story"])
    assert sample.did == []
    assert call(dora, "post", "/tests/run", {"only": ["all goes well"]}).json()["failed"] == 0
    assert call(dora, "post", "/tests/run", {"tests": [WRONG]}).json()["failed"] == 1


def test_nobodys_change_is_lost(draft: None, dora: Client) -> None:
    etag = dora.get(f"{API}/tests").headers["ETag"]
    first = put(dora, [OK], **{"If-Match": etag})
    assert first.status_code == 200
    second = put(dora, [WRONG], **{"If-Match": etag})
    assert (second.status_code, second.json()["type"]) == (412, "urn:sagaboard:stale_tests")
    assert put(dora, [WRONG], **{"If-Match": first.headers["ETag"]}).status_code == 200


def test_what_cannot_be_read_is_refused_with_its_place(draft: None, dora: Client) -> None:
    answer = put(dora, [{"name": "a", "mocks": {"a": {"fail": "x"}}}])
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["path"] == "tests[0].mocks.a[0].fail"
    assert not WorkflowTest.objects.exists()


def test_a_draft_with_errors_is_told(dora: Client) -> None:
    workflows.import_document({"schema": 1, "name": "sample", "steps": [{"name": "a", "worker": "nobody"}]})
    put(dora, [OK])
    answer = call(dora, "post", "/tests/run")
    assert answer.status_code == 409
    assert answer.json()["problems"][0]["code"] == "unknown_worker"


def test_a_viewer_reads_and_changes_nothing(draft: None, viewer: Client, dora: Client) -> None:
    put(dora, [OK])
    assert viewer.get(f"{API}/tests").json()["tests"] == [OK]
    assert put(viewer, []).status_code == 403
    assert call(viewer, "post", "/tests/run").status_code == 403


# --- publishing ---


def test_failing_tests_keep_a_draft_from_being_published(draft: None, dora: Client) -> None:
    put(dora, [OK, WRONG])
    refused = call(dora, "post", "/publish", {"note": "new"})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:sagaboard:tests_failed")
    assert refused.json()["tests"] == [
        {"name": "never right", "reason": "status: expected failed, came completed"}
    ]
    assert not Workflow.objects.get(name="sample").versions.exists()
    confirmed = call(dora, "post", "/publish", {"despite_failed_tests": True})
    assert (confirmed.status_code, confirmed.json()["version"]) == (201, 1)


def test_passing_tests_do_not(draft: None, dora: Client) -> None:
    put(dora, [OK])
    assert call(dora, "post", "/publish").status_code == 201


def test_tests_are_run_on_what_is_published() -> None:
    workflows.import_document(dump(chain(step("a"), step("b"))), tests=saved_tests.read([OK]))
    workflows.save_draft("sample", dump(chain(step("a"), step("c"))), 1)
    with pytest.raises(TestsFailed, match="there is no step b in sample any more"):
        workflows.publish("sample")


def test_an_import_that_publishes_asks_the_tests_that_come_with_it() -> None:
    document = dump(chain(step("a"), step("b")))
    with pytest.raises(TestsFailed):
        workflows.import_document(document, publish=True, tests=saved_tests.read([WRONG]))
    assert not Workflow.objects.filter(name="sample").exists()
    saved = workflows.import_document(document, publish=True, tests=saved_tests.read([OK]))
    assert saved.version is not None
    assert saved_tests.tests_of("sample") == [OK]


def test_the_list_is_replaced_as_it_was_read(draft: None) -> None:
    digest = saved_tests.digest_of([])
    saved_tests.replace_tests("sample", saved_tests.read([OK]), digest)
    with pytest.raises(StaleTests):
        saved_tests.replace_tests("sample", [], digest)


def test_a_copy_of_a_workflow_has_its_tests(draft: None) -> None:
    saved_tests.replace_tests("sample", saved_tests.read([OK]))
    shelf.duplicate("sample", "copied")
    assert saved_tests.tests_of("copied") == [OK]


# --- recorded ---

GROUP = chain(
    step("a"),
    Step("scope", kind="group", on_failure="continue", body=Body((step("inner"), step("last")))),
    step("each", kind="map", items="input.rows", worker="act", compensation=Action("undo")),
    step("b"),
)
RUNS: dict[str, tuple[Graph, dict[str, Any]]] = {
    "completed": (chain(step("a"), step("b")), {}),
    "compensated": (chain(step("a"), step("b")), {"faults": {"b": "critical"}}),
    "tried again": (chain(step("a"), step("b")), {"faults": {"a": "temporary"}}),
    "a failing body": (GROUP, {"rows": [1, 2], "faults": {"inner": "critical"}}),
    "items undone": (GROUP, {"rows": [1, 2, 3], "faults": {"b": "critical"}}),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_real_run_becomes_a_test_that_passes(name: str, dora: Client, run_here: RunHere) -> None:
    graph, input = RUNS[name]
    run = run_here(graph, **input)
    workflows.import_document(dump(graph))
    answer = call(dora, "post", "/tests/record", {"run": str(run.pk), "name": name})
    assert answer.status_code == 201, answer.content
    [result] = call(dora, "post", "/tests/run").json()["results"]
    assert result["passed"], "\n".join([*result["reasons"], *result["story"]])
    [test] = saved_tests.tests_of("sample")
    assert test["expect"]["status"] == run.status


def test_a_trial_becomes_a_test(draft: None, dora: Client) -> None:
    from runs.trials.service import try_draft

    run = carried_out(try_draft, "sample", {"faults": {"b": "critical"}})
    call(dora, "post", "/tests/record", {"run": str(run.pk), "name": "a trial"})
    assert call(dora, "post", "/tests/run").json()["passed"] == 1
    [test] = saved_tests.tests_of("sample")
    assert test["expect"] == {
        "status": "compensated",
        "ran": ["a", "b"],
        "undone": ["a"],
        "skipped": [],
        "error": "critical",
    }


def test_a_mock_is_copied_from_a_run(run_here: RunHere, dora: Client) -> None:
    run = run_here(chain(step("a"), step("b")))
    test = {"name": "one of it", "mocks": {"a": {"recorded": str(run.pk)}, "b": {"output": {"b": 7}}}}
    [stored] = put(dora, [test]).json()["tests"]
    assert stored["mocks"] == {"a": {"output": {"a": 1}}, "b": {"output": {"b": 7}}}
    unknown = put(dora, [{"name": "x", "mocks": {"a": {"recorded": "nothing"}}}])
    assert unknown.status_code == 404


def test_a_run_that_has_not_ended_is_no_test(draft: None, run_here: RunHere) -> None:
    run = run_here(chain(step("a"), Step("ask", kind="approval", message="Well?")))
    with pytest.raises(NotRecordable):
        service.store_run("sample", run.pk, "early")


def test_a_run_of_another_workflow_is_unknown(draft: None, run_here: RunHere) -> None:
    run: Run = run_here(chain(step("a"), name="other"))
    with pytest.raises(SagaboardError, match="There is no run"):
        service.store_run("sample", run.pk, "strange")
