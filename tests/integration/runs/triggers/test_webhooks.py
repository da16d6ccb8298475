"""Webhooks: what a call starts, and who may call."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from designer.models import Workflow
from runs.models import Run, Trigger
from runs.triggers.api import BODY_BYTES_MAX
from runs.triggers.incoming.deliveries import DELIVERY_HEADERS
from tests.integration.runs.triggers.triggering import at_once, call, change, hook_trigger
from tests.integration.runs.triggers.triggering import designer as designer
from tests.integration.runs.triggers.triggering import operator as operator
from tests.integration.runs.triggers.triggering import sample as sample


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


DELIVERIES: list[dict[str, str]] = [
    *({name.title(): "72d3-16f1"} for name in DELIVERY_HEADERS),
    {"CE-Id": "1017", "CE-Source": "/shop"},
    {"Idempotency-Key": "k", "X-GitHub-Delivery": "72d3"},
    {"X-GitHub-Delivery": "x" * 5_000},
]


@pytest.mark.parametrize("headers", DELIVERIES, ids=lambda headers: next(iter(headers)))
def test_a_delivery_that_comes_again_starts_nothing_again(sample: Workflow, headers: dict[str, str]) -> None:
    _, path = hook_trigger(sample, headers=("x-attempt", "x-github-delivery"))
    answers = [call(path, {"order": 1, "b": 2}, **headers, **{"X-Attempt": number}) for number in "12"]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json()["run"] == answers[1].json()["run"]
    other = call(path, {"order": 2}, **headers)
    assert other.status_code == 422 and other.json()["type"].endswith("idempotency_key_reused")
    assert answers[0].json()["run"] in other.json()["detail"]
    assert Run.objects.count() == 1
    assert (
        call(path, {"order": 1}, **{name: f"{value}2" for name, value in headers.items()}).status_code == 201
    )


@pytest.mark.parametrize(
    ("place", "headers", "body", "other"),
    [
        ("X-My-Delivery", {"X-My-Delivery": "1"}, {"order": 1}, {"X-My-Delivery": "2"}),
        ("body.id", {}, {"id": "evt_1"}, {"id": "evt_2"}),
        ("body.event.id", {}, {"event": {"id": 5}}, {"event": {"id": 6}}),
        ("body.id", {"X-GitHub-Delivery": "9"}, {"id": "evt_1"}, {"id": "evt_2"}),
        ("body.id", {"X-GitHub-Delivery": "9"}, {"id": None}, {"X-GitHub-Delivery": "8"}),
    ],
)
def test_a_trigger_names_where_the_id_of_a_delivery_stands(
    sample: Workflow, designer: Client, place: str, headers: Any, body: Any, other: Any
) -> None:
    made = designer.post(
        "/api/v1/workflows/sample/triggers",
        {"kind": "hook", "delivery": place},
        content_type="application/json",
    ).json()
    assert made["delivery"] == (place if place.startswith("body.") else place.lower())
    path = made["url"].removeprefix("http://testserver")
    assert [call(path, body, **headers).status_code for _ in range(2)] == [201, 200]
    changes_header = any(name.startswith("X-") for name in other)
    more = (headers | other, body) if changes_header else (headers, other)
    assert call(path, more[1], **more[0]).status_code == 201


@pytest.mark.parametrize("place", ["x y", "body.", "body..a", "body.a.b.c.d.e.f", "ä", "body.a b", "\0"])
def test_a_place_that_is_none_is_refused(sample: Workflow, designer: Client, place: str) -> None:
    answer = designer.post(
        "/api/v1/workflows/sample/triggers",
        {"kind": "hook", "delivery": place},
        content_type="application/json",
    )
    assert answer.status_code == 422 and answer.json()["problems"][0]["path"] == "delivery"


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-GitHub-Delivery": " "}, {"CE-Id": "1"}, {"X-Request-Id": "1"}, {"X-Gitlab-Event-UUID": "1"}],
    ids=str,
)
def test_a_call_that_tells_no_delivery_starts_a_run_each_time(
    sample: Workflow, headers: dict[str, str]
) -> None:
    _, path = hook_trigger(sample)
    assert [call(path, {"order": 1}, **headers).status_code for _ in range(2)] == [201, 201]


def test_the_id_of_one_sender_is_not_that_of_another(sample: Workflow) -> None:
    _, path = hook_trigger(sample)
    _, other = hook_trigger(sample)
    calls = [(path, "X-GitHub-Delivery"), (path, "Webhook-Id"), (other, "X-GitHub-Delivery")]
    assert [call(at, {"order": 1}, **{name: "1"}).status_code for at, name in calls] == [201, 201, 201]


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
