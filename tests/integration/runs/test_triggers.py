"""Events, webhooks and schedules: what they start, and that they start nothing twice."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from pytest_django.fixtures import Settings

from designer.models import Workflow
from runs import engine, schedules, store, sweep, triggers
from runs.errors import RunsError, TriggerRefused
from runs.incoming import Happened
from runs.models import Run, Trigger
from runs.triggers import Wanted
from runs.triggers_api import BODY_BYTES_MAX
from tests.database_errors import database_error
from tests.integration.runs.conftest import Publish, chain, step
from tests.people import client_of

SCHEMA = {"properties": {"order": {"type": "integer"}}}
EVENT = {"id": "1", "source": "/shop", "type": "order.placed", "data": {"order": 7}}
CLOUD = "application/cloudevents+json"
Do = Callable[[], Any]


@pytest.fixture
def sample(publish: Publish) -> Workflow:
    return publish(chain(step("a"), input_schema=SCHEMA)).workflow


@pytest.fixture
def operator() -> Client:
    return client_of("olga", "operator")


@pytest.fixture
def designer() -> Client:
    return client_of("dora", "designer")


def event_trigger(workflow: Workflow, event_type: str = "order.placed", **wanted: Any) -> Trigger:
    return triggers.create(workflow, "event", Wanted(event_type=event_type, **wanted))[0]


def hook_trigger(workflow: Workflow, **wanted: Any) -> tuple[Trigger, str]:
    trigger, token = triggers.create(workflow, "hook", Wanted(**wanted))
    return trigger, f"/hooks/{token}"


def schedule(workflow: Workflow, **wanted: Any) -> Trigger:
    return triggers.create(workflow, "schedule", Wanted(**{"cron": "0 6 * * *", **wanted}))[0]


def send(client: Client, body: Any = None, content_type: str = CLOUD, **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(EVENT if body is None else body)
    return client.post("/api/v1/events", content, content_type=content_type, headers=headers)


def call(path: str, body: Any = b"", content_type: str = "application/json", **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body)
    client = Client(enforce_csrf_checks=True)
    return client.post(path, content, content_type=content_type, headers=headers)


def at_once(*acts: Do) -> list[Any]:
    """What each gives, where all begin in the same moment in threads of their own."""
    barrier = threading.Barrier(len(acts), timeout=20)

    def do(act: Do) -> Any:
        try:
            barrier.wait()
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(do, acts))


# --- events ---


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
    first, again = send(operator), send(operator, EVENT | {"data": {"order": 8}, "type": "order.placed"})
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
    event = Happened("1", "/shop", "order.placed", {}, {"order": 1})
    for number in range(5):
        happened = Happened(str(number), *(event.source, event.type, {}, event.data))
        results = at_once(*[lambda happened=happened: triggers.start_by_event(happened)] * 3)
        ids = [{str(one.started.run.pk) for one in result} for result in results]
        assert ids[0] == ids[1] == ids[2] and len(ids[0]) == 5
    assert Run.objects.count() == 25


def test_nobody_waits_for_it(sample: Workflow, operator: Client) -> None:
    answer = send(operator)
    assert answer.status_code == 200
    assert answer.json() == {"event": "1", "source": "/shop", "runs": [], "refused": []}


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
        (b"[]", "application/cloudevents-batch+json", 415),
        (b" " * (BODY_BYTES_MAX + 1), CLOUD, 413),
        (EVENT | {"data": {"order": 1, "text": "\0"}}, CLOUD, 422),
        (EVENT | {"type": "a\0b"}, CLOUD, 400),
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


# --- webhooks ---


def test_a_webhook_starts_its_workflow(sample: Workflow) -> None:
    trigger, path = hook_trigger(sample)
    answer = call(path, {"order": 7})
    assert answer.status_code == 201, answer.content
    run = Run.objects.get()
    assert answer.json() == {"run": str(run.pk), "workflow": "sample", "is_new": True}
    assert run.input == {"order": 7} and run.labels == {"trigger": "webhook"} and run.started_by is None
    trigger.refresh_from_db()
    assert trigger.used_at and not trigger.refused
    assert path.removeprefix("/hooks/") not in json.dumps(list(Trigger.objects.values()), default=str)


@pytest.mark.parametrize(
    ("wanted", "body", "content_type", "input"),
    [
        ({}, b"", "application/json", {}),
        ({}, [1, 2], "application/json", {"body": [1, 2]}),
        ({"input_key": "raw"}, {"a": 1}, "application/json", {"raw": {"a": 1}}),
        ({}, b"a=1&b=2", "application/x-www-form-urlencoded", {"a": "1", "b": "2"}),
        (
            {"headers": ("X-Github-Event", "x-absent")},
            {"a": 1},
            "application/json",
            {"a": 1, "headers": {"x-github-event": "push"}},
        ),
    ],
)
def test_what_a_call_brings_is_the_input(
    sample: Workflow, wanted: Any, body: Any, content_type: str, input: Any
) -> None:
    _, path = hook_trigger(sample, **wanted)
    answer = call(path, body, content_type, **{"X-Github-Event": "push", "X-Other": "not chosen"})
    assert answer.status_code == 201, answer.content
    assert Run.objects.get().input == input


def test_the_same_key_starts_once_even_at_once(sample: Workflow) -> None:
    _, path = hook_trigger(sample)
    _, other = hook_trigger(sample)
    key = {"Idempotency-Key": "k"}
    answers = at_once(*[lambda: call(path, {"order": 1}, **key)] * 3)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 201]
    assert len({answer.json()["run"] for answer in answers}) == 1
    assert call(other, {"order": 1}, **key).status_code == 201
    assert call(path, {"order": 1}).status_code == 201
    assert Run.objects.count() == 3


@pytest.mark.parametrize(
    ("body", "content_type", "headers", "status"),
    [
        ({"order": "x"}, "application/json", {}, 422),
        (b"{", "application/json", {}, 400),
        (b"\xff", "application/json", {}, 400),
        (b"hello", "text/plain", {}, 415),
        (b" " * (BODY_BYTES_MAX + 1), "application/json", {}, 413),
        ({"text": "\0"}, "application/json", {}, 422),
        ({}, "application/json", {"Idempotency-Key": "k" * 201}, 422),
    ],
)
def test_a_bad_call_is_a_problem_document(
    sample: Workflow, body: Any, content_type: str, headers: dict[str, str], status: int
) -> None:
    _, path = hook_trigger(sample)
    answer = call(path, body, content_type, **headers)
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json" and answer.json()["detail"]
    assert not Run.objects.exists()


def test_only_a_valid_token_opens_anything(sample: Workflow, designer: Client) -> None:
    trigger, path = hook_trigger(sample)
    for wrong in (path[:-1], path + "x", "/hooks/hook_", "/hooks/x", f"/hooks/{trigger.token_hash}"):
        answer = call(wrong, {})
        assert answer.status_code == 404 and answer["Content-Type"] == "application/problem+json"
    answer = Client().get(path)
    assert (answer.status_code, answer["Allow"], answer["Content-Type"]) == (
        405,
        "POST",
        "application/problem+json",
    )
    base = f"/api/v1/workflows/sample/triggers/{trigger.pk}"
    rotated = designer.post(f"{base}/rotate").json()
    assert call(path, {}).status_code == 404
    assert call(rotated["url"].removeprefix("http://testserver"), {}).status_code == 201
    change(designer, base, {"is_enabled": False})
    assert call(f"/hooks/{rotated['token']}", {}).status_code == 404
    change(designer, base, {"is_enabled": True})
    assert call(f"/hooks/{rotated['token']}", {}).status_code == 201
    assert designer.delete(base).status_code == 204
    assert call(f"/hooks/{rotated['token']}", {}).status_code == 404


def test_a_webhook_is_called_only_so_often(sample: Workflow, settings: Settings) -> None:
    settings.LIMITS = {**settings.LIMITS, "hooks": 2}
    _, path = hook_trigger(sample)
    answers = [call(path, {}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert answers[2]["Retry-After"] and answers[2]["Content-Type"] == "application/problem+json"


# --- schedules ---


def make_due(trigger: Trigger, *, ago: timedelta = timedelta(seconds=1)) -> datetime:
    slot = store.now().replace(microsecond=0) - ago
    Trigger.objects.filter(pk=trigger.pk).update(next_at=slot, due_at=slot)
    return slot


def test_a_schedule_starts_a_run_at_its_time(sample: Workflow) -> None:
    trigger = schedule(sample, cron="* * * * *", zone="Europe/Berlin", input={"order": 3})
    assert sweep.sweep_once() == 0 and not Run.objects.exists()
    slot = make_due(trigger)
    assert sweep.sweep_once() == 1
    run = Run.objects.get()
    assert run.input == {"order": 3} and run.labels == {"trigger": "schedule", "slot": slot.isoformat()}
    trigger.refresh_from_db()
    assert trigger.next_at and trigger.next_at > store.now() and trigger.due_at == trigger.next_at
    assert sweep.sweep_once() == 0 and Run.objects.count() == 1


def test_what_was_missed_is_started_once_on_return(sample: Workflow) -> None:
    trigger = schedule(sample, cron="* * * * *")
    make_due(trigger, ago=timedelta(days=3))
    assert [sweep.sweep_once() for _ in range(3)] == [1, 0, 0]
    assert Run.objects.count() == 1


def test_several_schedulers_start_a_slot_once(sample: Workflow) -> None:
    made = [schedule(sample, cron="* * * * *", input={"order": n}) for n in range(5)]
    for _ in range(3):
        for trigger in made:
            make_due(trigger)
        now = store.now()
        at_once(*[lambda now=now: [triggers.start_slot(trigger.pk, now) for trigger in made]] * 3)
    slots = [(run.input["order"], run.labels["slot"]) for run in Run.objects.all()]
    assert len(slots) == len(set(slots))
    assert {order for order, _ in slots} == set(range(5))


def test_a_scheduler_that_dies_after_the_start_starts_nothing_again(
    sample: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger = schedule(sample)
    make_due(trigger)
    with monkeypatch.context() as patch:
        patch.setattr(schedules, "next_time", lambda *_: 1 / 0)
        assert sweep.sweep_once() == 0
    trigger.refresh_from_db()
    assert trigger.due_at and trigger.due_at > store.now()
    Trigger.objects.update(due_at=trigger.next_at)
    assert sweep.sweep_once() == 1
    assert Run.objects.count() == 1


def test_a_refused_slot_says_why_and_the_next_one_tries_again(publish: Publish, sample: Workflow) -> None:
    trigger = schedule(sample, input={"order": 1})
    publish(chain(step("a"), input_schema={"required": ["customer"]}))
    make_due(trigger)
    sweep.sweep_once()
    trigger.refresh_from_db()
    assert "customer" in trigger.refused and trigger.next_at and trigger.next_at > store.now()
    publish(chain(step("a"), input_schema=SCHEMA))
    make_due(trigger)
    sweep.sweep_once()
    trigger.refresh_from_db()
    assert not trigger.refused and Run.objects.count() == 1


def test_a_busy_database_loses_no_slot(sample: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    trigger = schedule(sample)
    slot = make_due(trigger)
    with monkeypatch.context() as patch:

        def locked(*args: Any) -> None:
            raise database_error("database is locked", sqlite3.SQLITE_BUSY)

        patch.setattr(engine, "start_one", locked)
        assert sweep.sweep_once() == 0
    trigger.refresh_from_db()
    assert trigger.next_at == slot
    Trigger.objects.update(due_at=slot)
    assert sweep.sweep_once() == 1 and Run.objects.get().labels["slot"] == slot.isoformat()


def test_switched_off_it_rests_and_goes_on_from_now(sample: Workflow) -> None:
    trigger = schedule(sample, cron="* * * * *")
    make_due(trigger, ago=timedelta(hours=1))
    triggers.change(trigger, is_enabled=False)
    assert sweep.sweep_once() == 0 and not Trigger.objects.exclude(next_at=None).exists()
    again = triggers.change(trigger, is_enabled=True)
    assert sweep.sweep_once() == 0 and not Run.objects.exists()
    assert again.next_at and again.next_at > datetime.now(UTC) - timedelta(minutes=1)


# --- making and changing them ---


def make(client: Client, **body: Any) -> Any:
    return client.post("/api/v1/workflows/sample/triggers", body, content_type="application/json")


def change(client: Client, path: str, body: Any) -> Any:
    return client.patch(path, json.dumps(body), content_type="application/json")


def test_triggers_are_made_listed_and_removed(sample: Workflow, designer: Client) -> None:
    event = make(designer, kind="event", event_type="order.placed")
    hook = make(designer, kind="hook", headers=["X-Event"])
    cron = make(designer, kind="schedule", cron="0 6 * * MON-FRI", zone="Europe/Berlin", input={"order": 1})
    assert [answer.status_code for answer in (event, hook, cron)] == [201, 201, 201]
    assert hook.json()["url"] == f"http://testserver/hooks/{hook.json()['token']}"
    assert cron.json()["next_at"] and cron.json()["created_by"] == "dora"
    listed = designer.get("/api/v1/workflows/sample/triggers").json()["triggers"]
    assert [one["kind"] for one in listed] == ["event", "hook", "schedule"]
    assert not any("token" in one or "url" in one for one in listed)
    assert listed[1]["headers"] == ["x-event"]
    for one in listed:
        assert designer.delete(f"/api/v1/workflows/sample/triggers/{one['id']}").status_code == 204
    assert not Trigger.objects.exists()


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"kind": "event"}, "event_type"),
        ({"kind": "event", "event_type": "a b"}, "event_type"),
        ({"kind": "event", "event_type": "taken"}, "event_type"),
        ({"kind": "event", "event_type": "x", "cron": "* * * * *"}, "cron"),
        ({"kind": "hook", "headers": ["Authorization"]}, "headers"),
        ({"kind": "hook", "headers": ["a b"]}, "headers"),
        ({"kind": "hook", "input_key": "a.b"}, "input_key"),
        ({"kind": "hook", "input": {"a": 1}}, "input"),
        ({"kind": "schedule"}, "cron"),
        ({"kind": "schedule", "cron": "61 * * * *"}, "cron"),
        ({"kind": "schedule", "cron": "* * * * *", "zone": "Mars"}, "zone"),
        ({"kind": "schedule", "cron": "* * * * *", "input": {"order": "x"}}, "$.order"),
        ({"kind": "schedule", "cron": "* * * * *", "input": {"order": 1, "b": "\0"}}, "input"),
        ({"kind": "burn"}, "body.body.kind"),
        ({"kind": "hook", "nosuch": 1}, "body.body.nosuch"),
    ],
)
def test_a_bad_trigger_is_refused_at_its_field(
    sample: Workflow, designer: Client, body: Any, path: str
) -> None:
    event_trigger(sample, "taken")
    answer = make(designer, **body)
    assert answer.status_code == 422, answer.content
    assert path in [problem["path"] for problem in answer.json()["problems"]], answer.json()
    assert Trigger.objects.count() == 1


def test_changes_are_checked_like_new_ones(sample: Workflow, designer: Client) -> None:
    trigger = schedule(sample)
    path = f"/api/v1/workflows/sample/triggers/{trigger.pk}"
    assert change(designer, path, {"cron": "nonsense"}).status_code == 422
    changed = change(designer, path, {"cron": "0 7 * * *", "input": {"order": 2}})
    assert changed.status_code == 200 and changed.json()["cron"] == "0 7 * * *"
    assert change(designer, path.replace("sample", "other"), {}).status_code == 404
    assert designer.post(f"{path}/rotate").status_code == 422


def test_who_may_see_and_change_triggers(sample: Workflow, operator: Client) -> None:
    trigger, _ = hook_trigger(sample)
    base = "/api/v1/workflows/sample/triggers"
    for client, sees, changes in ((Client(), 401, 401), (operator, 200, 403)):
        assert client.get(base).status_code == sees
        assert make(client, kind="hook").status_code == changes
        assert change(client, f"{base}/{trigger.pk}", {"is_enabled": False}).status_code == changes
        assert client.post(f"{base}/{trigger.pk}/rotate").status_code == changes
        assert client.delete(f"{base}/{trigger.pk}").status_code == changes
    trigger.refresh_from_db()
    assert trigger.is_enabled and Trigger.objects.count() == 1


def test_there_is_a_limit_to_triggers(sample: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triggers, "TRIGGERS_MAX", 2)
    monkeypatch.setattr(triggers, "SUBSCRIBERS_MAX", 1)
    event_trigger(sample)
    with pytest.raises(TriggerRefused, match="order.placed already"):
        event_trigger(Workflow.objects.create(name="other"))
    schedule(sample)
    with pytest.raises(TriggerRefused, match="2 triggers already"):
        schedule(sample)


def test_the_same_event_type_twice_at_once_is_one_trigger(sample: Workflow) -> None:
    def make_one() -> str:
        try:
            event_trigger(sample)
        except RunsError as error:
            return error.code
        return "made"

    assert sorted(at_once(make_one, make_one)) == ["made", "trigger_refused"]
    assert Trigger.objects.count() == 1
