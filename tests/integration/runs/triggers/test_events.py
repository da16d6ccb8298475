"""Events: which runs they start, and that they start none twice."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from designer.models import Workflow
from runs.models import Run, Trigger
from runs.triggers.api import BODY_BYTES_MAX
from runs.triggers.events import start_by_event
from runs.triggers.incoming.cloudevents import CloudEvent
from tests.integration.runs.conftest import Publish, chain, step
from tests.integration.runs.triggers.triggering import CLOUD, EVENT, at_once, event_trigger, send
from tests.integration.runs.triggers.triggering import designer as designer
from tests.integration.runs.triggers.triggering import operator as operator
from tests.integration.runs.triggers.triggering import sample as sample
from tests.people import client_of


def test_an_event_starts_a_run_of_each_workflow_that_waits_for_it(
    publish: Publish, sample: Workflow, operator: Client
) -> None:
    event_trigger(sample)
    event_trigger(publish(chain(step("a"), name="other")).workflow, input_key="raw_event")
    event_trigger(publish(chain(step("a"), name="third")).workflow, "order.gone")
    event_trigger(publish(chain(step("a"), name="switched_off")).workflow, is_enabled=False)
    answer = send(operator)
    assert answer.status_code == 201, answer.content
    assert [run["workflow"] for run in answer.json()["runs"]] == ["other", "sample"]
    runs = {run.workflow_name: run for run in Run.objects.all()}
    assert set(runs) == {"other", "sample"}
    assert runs["sample"].input == {"order": 7}
    assert runs["other"].input == {"raw_event": EVENT}
    assert runs["sample"].labels == {"trigger": "event", "event": "order.placed"}
    assert runs["sample"].started_by is not None and runs["sample"].started_by.username == "olga"
    assert {str(run.pk) for run in runs.values()} == {run["id"] for run in answer.json()["runs"]}


def test_the_newest_version_is_started(publish: Publish, sample: Workflow, operator: Client) -> None:
    event_trigger(sample)
    publish(chain(step("a"), step("b")))
    send(operator)
    assert Run.objects.get().version.number == 2


def test_the_same_event_again_starts_nothing(sample: Workflow, operator: Client) -> None:
    event_trigger(sample)
    first, again = send(operator), send(operator, EVENT | {"time": "2026-01-01T00:00:00Z"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert [run["id"] for run in again.json()["runs"]] == [run["id"] for run in first.json()["runs"]]
    assert [run["is_new"] for run in again.json()["runs"]] == [False]
    assert send(operator, EVENT | {"source": "/other"}).status_code == 201
    assert send(operator, EVENT | {"id": "2"}).status_code == 201
    assert Run.objects.count() == 3


def test_in_binary_mode_it_is_the_same_event(sample: Workflow, operator: Client) -> None:
    event_trigger(sample)
    names = {f"ce-{name}": str(EVENT[name]) for name in ("id", "source", "type")}
    answer = send(operator, EVENT["data"], "application/json", **names, **{"ce-specversion": "1.0"})
    assert answer.status_code == 201 and Run.objects.get().input == {"order": 7}
    assert send(operator).status_code == 200
    assert send(operator, content_type="application/json").status_code == 200


def test_the_same_event_twice_at_once_starts_once(publish: Publish, sample: Workflow) -> None:
    event_trigger(sample)
    for number in range(4):
        event_trigger(publish(chain(step("a"), name=f"other_{number}")).workflow)
    event = CloudEvent("1", "/shop", "order.placed", {}, {"order": 1})
    for number in range(5):
        happened = CloudEvent(str(number), *(event.source, event.type, {}, event.data))
        results = at_once(*[lambda happened=happened: start_by_event(happened)] * 3)
        ids = [{str(one.started.run.pk) for one in result} for result in results]
        assert ids[0] == ids[1] == ids[2] and len(ids[0]) == 5
    assert Run.objects.count() == 25


def test_the_same_event_with_other_data_is_refused(sample: Workflow, operator: Client) -> None:
    trigger = event_trigger(sample)
    assert send(operator).status_code == 201
    for changes in ({"data": {"order": 8}}, {"data": None}, {"data": {"order": 7, "more": 1}}):
        answer = send(operator, EVENT | changes)
        assert answer.status_code == 422, changes
        assert answer.json()["problems"][0]["code"] == "idempotency_key_reused"
    assert send(operator, EVENT | {"time": "2026-01-01T00:00:00Z"}).status_code == 200
    Trigger.objects.filter(pk=trigger.pk).update(input_key="raw")
    assert send(operator).status_code == 200
    assert Run.objects.count() == 1


def test_nobody_waits_for_it(sample: Workflow, operator: Client) -> None:
    answer = send(operator)
    assert answer.status_code == 202
    unused = answer.json().pop("unused")
    assert "order.placed" in unused and "nothing was kept" in unused
    assert {name: value for name, value in answer.json().items() if name != "unused"} == {
        "event": "1",
        "source": "/shop",
        "runs": [],
        "refused": [],
        "taken": 0,
        "kept": False,
        "debounced": [],
    }


def test_who_cannot_take_it_is_named_and_holds_nobody_up(
    publish: Publish, sample: Workflow, operator: Client
) -> None:
    refusing = event_trigger(sample)
    answer = send(operator, EVENT | {"data": {"order": "x"}})
    assert answer.status_code == 422 and answer["Content-Type"] == "application/problem+json"
    assert answer.json()["problems"][0]["path"] == "sample"
    event_trigger(publish(chain(step("a"), name="other")).workflow)
    event_trigger(Workflow.objects.create(name="unpublished"))
    answer = send(operator, EVENT | {"data": {"order": "x"}})
    assert answer.status_code == 201
    assert [run["workflow"] for run in answer.json()["runs"]] == ["other"]
    refused = {problem["path"]: problem["code"] for problem in answer.json()["refused"]}
    assert refused == {"sample": "bad_input", "unpublished": "unknown_workflow"}
    refusing.refresh_from_db()
    assert "order" in refusing.refused and refusing.used_at


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", CLOUD, 400),
        (b"[]", CLOUD, 400),
        ({"id": "1"}, CLOUD, 400),
        (b"<a/>", "text/xml", 415),
        (b"[]", "application/cloudevents-batch+json", 400),
        (b"{}", "application/cloudevents-batch+json", 400),
        (b" " * (BODY_BYTES_MAX + 1), CLOUD, 413),
        (EVENT | {"data": {"order": 1, "text": "\0"}}, CLOUD, 422),
        (EVENT | {"type": "a\0b"}, CLOUD, 422),
    ],
)
def test_a_bad_event_is_a_problem_document(
    sample: Workflow, operator: Client, body: Any, content_type: str, status: int
) -> None:
    event_trigger(sample)
    answer = send(operator, body, content_type)
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json" and answer.json()["detail"]
    assert not Run.objects.exists()


def test_who_may_send_events(sample: Workflow, designer: Client) -> None:
    event_trigger(sample)
    assert send(Client()).status_code == 401
    assert send(designer).status_code == 403
    assert send(client_of("victor", "viewer")).status_code == 403
    assert not Run.objects.exists()
