"""REST calls on runs and interventions: who may, what is answered, and errors as problem documents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from rq import Queue

from designer.document.graph import Step
from runs.audit import audit
from runs.delivery import queue as run_queue
from runs.models import CasePolicy, Intervention, Run
from tests.integration.runs.conftest import Publish, RunHere, chain, step
from tests.integration.runs.workers import did
from tests.people import client_of
from workers.process.jobs import run_attempt

NO_RUN = "01a20617-51be-779d-b020-d363b36b87fb"


@pytest.fixture
def operator() -> Client:
    return client_of("olga", "operator")


@pytest.fixture
def viewer() -> Client:
    return client_of("victor", "viewer")


def post(client: Client, path: str, body: Any = None, **headers: str) -> Any:
    return client.post(f"/api/v1{path}", body, content_type="application/json", headers=headers)


def work() -> None:
    """Carry out whatever was rung."""
    queue = Queue("default", connection=run_queue.connection())
    while job := queue.fetch_job(next(iter(queue.get_job_ids()), "")):
        queue.remove(job)
        run_attempt(*job.args)


def test_a_run_is_started_once_for_one_key(publish: Publish, operator: Client) -> None:
    publish(chain(step("a")))
    body = {"input": {"order": 1}, "labels": {"shop": "north"}}
    first = post(operator, "/workflows/sample/runs", body, **{"Idempotency-Key": "k"})
    again = post(operator, "/workflows/sample/runs", body, **{"Idempotency-Key": "k"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert first.json()["labels"] == {"shop": "north"}
    assert Run.objects.filter(started_by__username="olga").count() == 1


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/workflows/nosuch/runs", {}, 404, "unknown_workflow"),
        ("/workflows/sample/runs", {"version": 9}, 404, "unknown_workflow"),
        ("/workflows/sample/runs", {"input": {"order": "x"}}, 422, "bad_input"),
        ("/workflows/sample/runs", {"input": [1]}, 422, "malformed"),
        ("/workflows/sample/runs", "{", 400, ""),
        (f"/runs/{NO_RUN}/cancel", {}, 404, "unknown_run"),
        (f"/runs/{NO_RUN}/cancel", {"mode": "burn"}, 422, "malformed"),
        ("/interventions/7/answer", {"answer": "retry"}, 404, "unknown_intervention"),
        ("/runs", {}, 405, "not_allowed"),
    ],
)
def test_a_refusal_is_a_problem_document(
    publish: Publish, operator: Client, path: str, body: Any, status: int, code: str
) -> None:
    publish(chain(step("a"), input_schema={"properties": {"order": {"type": "integer"}}}))
    answer = post(operator, path, body)
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status and document["detail"]
    assert document["type"].endswith(code)
    assert not Run.objects.exists()


def test_strangers_are_let_nowhere_and_viewers_change_nothing(run_here: RunHere, viewer: Client) -> None:
    run = run_here(chain(step("a")))
    for path in ("/runs", f"/runs/{run.pk}", "/interventions"):
        assert Client().get(f"/api/v1{path}").status_code == 401
        assert viewer.get(f"/api/v1{path}").status_code == 200
    for path in (f"/runs/{run.pk}/rollback", f"/runs/{run.pk}/rerun", "/workflows/sample/runs"):
        assert post(Client(), path, {}).status_code == 401
        assert post(viewer, path, {}).status_code == 403
    assert did == ["a"] and Run.objects.count() == 1


def test_a_request_without_a_csrf_token_is_refused(publish: Publish) -> None:
    publish(chain(step("a")))
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("root"))
    assert post(client, "/workflows/sample/runs", {}).status_code == 403
    assert not Run.objects.exists()


def test_a_run_is_shown_with_its_journal_and_plan(run_here: RunHere, viewer: Client) -> None:
    run = run_here(chain(step("a"), step("b"), step("c", compensation="irreversible")))
    shown = viewer.get(f"/api/v1/runs/{run.pk}").json()
    assert shown["status"] == "completed" and shown["output"] == {"a": 1, "b": 1, "c": 1}
    assert [found["undo"] for found in viewer.get(f"/api/v1/runs/{run.pk}/steps").json()] == ["none"] * 3
    events = viewer.get(f"/api/v1/runs/{run.pk}/events?after=2").json()["events"]
    assert [event["seq"] for event in events] == list(range(3, run.last_seq + 1))
    plan = viewer.get(f"/api/v1/runs/{run.pk}/rollback-plan").json()
    assert [undo["step"] for undo in plan["undo"]] == ["b", "a"]
    assert plan["remains"] == [{"step": "c", "reason": "irreversible"}]


def test_lists_are_filtered_and_paged(run_here: RunHere, viewer: Client) -> None:
    graph = chain(step("a"))
    ids = [str(run_here(graph, number=number).pk) for number in range(3)]
    assert [run["id"] for run in viewer.get("/api/v1/runs").json()["runs"]] == ids[::-1]
    assert viewer.get("/api/v1/runs?status=failed").json()["runs"] == []
    assert len(viewer.get("/api/v1/runs?workflow=sample&status=completed").json()["runs"]) == 3
    assert viewer.get("/api/v1/runs?cursor=nonsense").status_code == 400
    assert viewer.get("/api/v1/runs?since=yesterday").status_code == 400


def test_a_completed_run_is_rolled_back_on_request(run_here: RunHere, operator: Client) -> None:
    run = run_here(chain(step("a"), step("b")))
    assert post(operator, f"/runs/{run.pk}/rollback").json()["status"] == "compensating"
    work()
    run.refresh_from_db()
    assert run.status == "compensated"
    assert post(operator, f"/runs/{run.pk}/rollback").status_code == 409


@pytest.mark.rule("R6.10")
def test_a_run_that_left_something_is_rolled_back_further_on_request(
    run_here: RunHere, operator: Client
) -> None:
    run = run_here(chain(step("a"), step("b"), step("c", compensation="irreversible"), step("d")))
    assert post(operator, f"/runs/{run.pk}/rollback", {"to_step": "b"}).status_code == 200
    work()
    assert operator.get(f"/api/v1/runs/{run.pk}/allowed").json()["rollback"]
    assert post(operator, f"/runs/{run.pk}/rollback", {}).status_code == 200
    work()
    run.refresh_from_db()
    assert run.status == "failed"
    assert [effect.split(" of ")[0] for effect in did[4:]] == ["undo d", "undo b", "undo a"]
    assert post(operator, f"/runs/{run.pk}/rollback").status_code == 409


def test_a_live_run_is_cancelled_approved_and_signalled(publish: Publish, operator: Client) -> None:
    waits = chain(Step("ok", kind="approval"), Step("paid", kind="wait", signal="payment"), step("a"))
    publish(waits)
    run_id = post(operator, "/workflows/sample/runs", {}).json()["id"]
    assert post(operator, f"/runs/{run_id}/steps/paid/approve").status_code == 409
    assert post(operator, f"/runs/{run_id}/steps/ok/approve", {"comment": "fine"}).status_code == 204
    misspelt = post(operator, f"/runs/{run_id}/signals/payed")
    assert misspelt.status_code == 409
    assert "it can take payment" in misspelt.json()["detail"]
    assert post(operator, f"/runs/{run_id}/signals/payment", {"amount": 3}).status_code == 202
    cancelled = post(operator, f"/runs/{run_id}/cancel").json()
    assert cancelled["status"] == "cancelled"
    assert cancelled["error"]["code"] == "cancelled"
    assert post(operator, f"/runs/{run_id}/cancel").status_code == 409


def test_a_loop_ends_after_the_turn_under_way(publish: Publish, operator: Client, viewer: Client) -> None:
    publish(chain(step("poll", kind="loop", max_turns=5, delay=3600.0), step("z")))
    run_id = post(operator, "/workflows/sample/runs", {}).json()["id"]
    work()
    assert operator.get(f"/api/v1/runs/{run_id}/allowed").json()["loops"] == ["poll"]
    assert post(viewer, f"/runs/{run_id}/steps/poll/enough").status_code == 403
    assert post(operator, f"/runs/{run_id}/steps/z/enough").status_code == 409
    assert post(operator, f"/runs/{run_id}/steps/poll/enough").status_code == 204
    assert post(operator, f"/runs/{run_id}/steps/poll/enough").status_code == 409
    work()
    assert operator.get(f"/api/v1/runs/{run_id}").json()["status"] == "completed"
    acts = [line.act for line in audit.lines(datetime.min.replace(tzinfo=UTC), timezone.now())]
    assert "step.enough" in acts


def test_a_case_is_claimed_and_answered_and_the_second_is_told_who(
    run_here: RunHere, operator: Client
) -> None:
    run = run_here(chain(step("a"), step("b"), step("c")), faults={"c": "critical", "undo_b": True})
    found = operator.get("/api/v1/interventions?status=open").json()
    (intervention,) = found["interventions"]
    assert found["count"] == 1
    assert intervention["step"] == "b" and "traceback" not in intervention["error"]
    assert (intervention["workflow"], intervention["answers"]) == ("sample", ["retry", "resolve", "abandon"])
    assert post(operator, f"/interventions/{intervention['id']}/claim").json()["claimed_by"] == "olga"
    bob = client_of("bob", "operator")
    taken = post(bob, f"/interventions/{intervention['id']}/claim")
    assert taken.status_code == 409 and "olga" in taken.json()["detail"]
    assert (
        post(operator, f"/interventions/{intervention['id']}/answer", {"answer": "resolve"}).status_code
        == 409
    )
    answered = post(
        operator, f"/interventions/{intervention['id']}/answer", {"answer": "resolve", "note": "by hand"}
    )
    assert answered.json()["answered_by"] == "olga"
    second = post(bob, f"/interventions/{intervention['id']}/answer", {"answer": "retry"})
    assert second.status_code == 409 and "olga" in second.json()["detail"]
    assert (second.json()["answered_by"], second.json()["answer"]) == ("olga", "resolve")
    work()
    run.refresh_from_db()
    assert run.status == "compensated"
    assert Intervention.objects.count() == 1


def test_a_case_is_read_noted_released_and_listed(run_here: RunHere, operator: Client) -> None:
    run_here(chain(step("a"), step("b"), step("c")), faults={"c": "critical", "undo_b": True})
    (intervention,) = operator.get("/api/v1/interventions?workflow=sample").json()["interventions"]
    path = f"/interventions/{intervention['id']}"
    post(operator, f"{path}/claim", {"take_over": True})
    assert post(operator, f"{path}/release").json()["claimed_by"] is None
    assert post(operator, f"{path}/notes", {"note": "Called."}).status_code == 201
    assert post(operator, f"{path}/notes", {"note": " "}).status_code == 409
    history = operator.get(f"/api/v1{path}").json()["history"]
    assert [line["act"] for line in history] == ["opened", "claimed", "released", "noted"]
    assert operator.get(f"/api/v1/interventions?cause={intervention['cause']}").json()["count"] == 1
    assert operator.get("/api/v1/interventions?workflow=other").json()["count"] == 0
    assert operator.get("/api/v1/interventions?status=closed").status_code == 422
    assert operator.get("/api/v1/interventions/9999").status_code == 404


def test_an_answer_that_needs_a_second_person_is_proposed(run_here: RunHere, operator: Client) -> None:
    CasePolicy.objects.create(second_person=True)
    run_here(chain(step("a"), step("b"), step("c")), faults={"c": "critical", "undo_b": True})
    path = f"/interventions/{Intervention.objects.get().pk}/answer"
    first = post(operator, path, {"answer": "abandon", "note": "No use."})
    assert (first.status_code, first.json()["status"]) == (202, "open")
    assert first.json()["proposal"]["by"] == "olga"
    second = post(client_of("bob", "operator"), path, {"answer": "abandon", "note": "Yes."})
    assert (second.status_code, second.json()["answered_by"]) == (200, "bob")


def test_the_api_describes_itself(viewer: Client) -> None:
    paths = viewer.get("/api/v1/openapi.json").json()["paths"]
    assert "/api/v1/runs/{run_id}/rollback-plan" in paths


def test_every_body_refuses_what_it_does_not_know(viewer: Client) -> None:
    """What is misspelt would else be left out without a word. CloudEvents have fields of their own."""
    described = viewer.get("/api/v1/openapi.json").json()
    del described["paths"]["/api/v1/events"]
    schemas = described["components"]["schemas"]
    open_bodies = []
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            contents = operation.get("requestBody", {}).get("content", {})
            asked = [contents[kind]["schema"] for kind in contents if "json" in kind]
            for schema in objects_of(asked, schemas):
                if "properties" in schema and schema.get("additionalProperties") is not False:
                    open_bodies.append(f"{method} {path}: {schema.get('title')}")
    assert open_bodies == []


def objects_of(asked: list[Any], schemas: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for schema in asked:
        found = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        yield found
        inner = [*found.get("anyOf", []), *found.get("oneOf", [])]
        yield from objects_of([*inner, *([found["items"]] if "items" in found else [])], schemas)


def test_a_bare_input_is_refused_and_starts_nothing(run_here: RunHere, operator: Client) -> None:
    run_here(chain(step("a")))
    answer = post(operator, f"/workflows/{Run.objects.get().workflow_name}/runs", {"order": "A-1"})
    assert answer.status_code == 422 and "order" in answer.json()["detail"] + str(answer.json())
    assert Run.objects.count() == 1
