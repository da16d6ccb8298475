"""Triggers of all kinds: making, changing and removing them, and who may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from designer.models import Workflow
from runs.audit import audit
from runs.errors import RunsError, TriggerRefused
from runs.models import Trigger
from runs.store import reader
from runs.triggers import service
from tests.integration.runs.triggers.triggering import (
    at_once,
    change,
    event_trigger,
    hook_trigger,
    make,
    schedule,
)
from tests.integration.runs.triggers.triggering import designer as designer
from tests.integration.runs.triggers.triggering import operator as operator
from tests.integration.runs.triggers.triggering import sample as sample


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
        ({"kind": "schedule", "cron": "* * * * *", "input": {"order": 1, "b": "\0"}}, "input.b"),
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
    monkeypatch.setattr(service, "TRIGGERS_MAX", 2)
    monkeypatch.setattr(service, "SUBSCRIBERS_MAX", 1)
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


def test_acts_on_triggers_are_in_the_audit(sample: Workflow, designer: Client) -> None:
    hook = make(designer, kind="hook").json()
    base = f"/api/v1/workflows/sample/triggers/{hook['id']}"
    assert make(designer, kind="hook", headers=["Authorization"]).status_code == 422
    change(designer, base, {"is_enabled": False})
    change(designer, base, {"is_enabled": True})
    change(designer, base, {"input_key": "order"})
    designer.post(f"{base}/rotate")
    page = f"/workflows/sample/triggers/{hook['id']}"
    designer.post(f"{page}/off/")
    designer.post(f"{page}/remove/")
    now = reader.now()
    found = list(audit.lines(now - timedelta(hours=1), now + timedelta(hours=1)))
    said = ["made", "switched off", "switched on", "changed input_key", "given a new address", "switched off"]
    assert [line.note for line in found] == [f"Trigger of sample {what}." for what in (*said, "removed")]
    assert {line.who for line in found} == {"dora"}
    assert [line.act for line in found] == ["admin.added", *["admin.changed"] * 5, "admin.deleted"]
    assert hook["token"] not in str(found)
