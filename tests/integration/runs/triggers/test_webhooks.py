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
