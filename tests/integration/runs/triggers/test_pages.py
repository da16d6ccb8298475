"""The page of a workflow's triggers: made, switched, removed there, and a webhook's address shown once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from designer.document.graph import Graph
from designer.models import Workflow
from runs.models import Run, Trigger
from runs.triggers import service
from runs.triggers.spec import TriggerSpec

ADDRESS = re.compile(r"http://testserver(/hooks/hook_[\w-]+)")


@pytest.fixture
def page(order: Graph) -> str:
    return reverse("trigger-list", args=["order"])


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def act(client: Client, trigger: Trigger, name: str) -> Any:
    return client.post(reverse("trigger-act", args=["order", trigger.pk, name]), follow=True)


def test_a_trigger_of_each_kind_is_made(page: str, designer: Client) -> None:
    assert "Let an event, a webhook, a schedule or a file start it" in text_of(designer.get(page))
    event = {"kind": "event", "event_type": "order.placed", "input_key": ""}
    assert "order.placed starts runs of order from now on" in text_of(designer.post(page, event, follow=True))
    schedule = {"kind": "schedule", "cron": "0 6 * * MON", "zone": "Europe/Berlin", "input": '{"amount": 3}'}
    assert "At 06:00 on Monday" in text_of(designer.post(page, schedule, follow=True))
    made = text_of(designer.post(page, {"kind": "hook", "headers": "X-Event, x-other", "input_key": ""}))
    found = ADDRESS.search(made)
    assert found and "x-event, x-other" in made
    assert not ADDRESS.search(text_of(designer.get(page)))
    called = Client().post(found[1], {"amount": 1}, content_type="application/json")
    assert called.status_code == 201 and Run.objects.get().input == {"amount": 1, "headers": {}}
    kinds = Trigger.objects.order_by("pk").values_list("kind", "created_by__username")
    assert list(kinds) == [("event", "dora"), ("schedule", "dora"), ("hook", "dora")]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"kind": "event", "event_type": "a b"}, "no blanks"),
        ({"kind": "event", "event_type": ""}, "This field is required"),
        ({"kind": "event", "event_type": "taken"}, "has a trigger for taken already"),
        ({"kind": "hook", "headers": "Cookie"}, "cookie may hold secrets"),
        ({"kind": "schedule", "cron": "61 * * * *", "zone": "UTC", "input": ""}, "bad minute"),
        ({"kind": "schedule", "cron": "* * * * *", "zone": "Mars", "input": ""}, "no time zone"),
        ({"kind": "schedule", "cron": "* * * * *", "zone": "UTC", "input": "{"}, "This is not JSON yet"),
        ({"kind": "schedule", "cron": "* * * * *", "zone": "UTC", "input": '{"amount": "x"}'}, "$.amount"),
        ({"kind": "schedule", "cron": "<b>", "zone": "<i>", "input": ""}, "five fields"),
    ],
)
def test_what_is_refused_is_said_at_its_field_and_kept(
    page: str, designer: Client, sent: dict[str, str], said: str
) -> None:
    service.create(Workflow.objects.get(), "event", TriggerSpec(event_type="taken"))
    answer = designer.post(page, sent)
    shown = text_of(answer)
    assert answer.status_code == 422 and said in shown and "<b>" not in shown
    assert Trigger.objects.count() == 1
    for name in sent.keys() - {"kind", "input"}:
        assert not sent[name] or f'value="{escape(sent[name])}"' in shown


@pytest.mark.rule("R11.8")
def test_its_runs_get_the_priority_that_the_form_states(page: str, designer: Client) -> None:
    sent = {"kind": "event", "event_type": "order.placed", "priority": "8"}
    assert "its runs have priority 8" in text_of(designer.post(page, sent, follow=True))
    designer.post(page, {"kind": "hook", "priority": ""})
    schedule = {"kind": "schedule", "cron": "0 6 * * MON", "zone": "UTC", "priority": "0"}
    designer.post(page, schedule)
    assert list(Trigger.objects.order_by("pk").values_list("priority", flat=True)) == [8, 5, 0]
    assert designer.post(page, sent | {"event_type": "other", "priority": "10"}).status_code == 422


def test_a_kind_that_there_is_not(page: str, designer: Client) -> None:
    assert "Choose what is to start" in text_of(designer.post(page, {"kind": "burn"}, follow=True))
    assert not Trigger.objects.exists()


def test_it_is_switched_off_and_on_given_a_new_address_and_removed(page: str, designer: Client) -> None:
    trigger, token = service.create(Workflow.objects.get(), "hook", TriggerSpec())
    assert "Switch on" in text_of(act(designer, trigger, "off"))
    assert not Trigger.objects.get().is_enabled
    assert "Switch off" in text_of(act(designer, trigger, "on"))
    found = ADDRESS.search(text_of(act(designer, trigger, "rotate")))
    assert found and token not in found[1]
    assert act(designer, trigger, "burn").status_code == 404
    act(designer, trigger, "remove")
    assert not Trigger.objects.exists()
    assert act(designer, trigger, "remove").status_code == 404


def test_who_may_not_change_triggers_sees_them_and_no_buttons(
    page: str, operator: Client, viewer: Client, designer: Client
) -> None:
    trigger, _ = service.create(Workflow.objects.get(), "event", TriggerSpec(event_type="order.placed"))
    for client in (operator, viewer):
        shown = text_of(client.get(page))
        assert "order.placed" in shown and "Switch off" not in shown and "Make a webhook" not in shown
        assert client.post(page, {"kind": "hook"}).status_code == 403
        assert act(client, trigger, "remove").status_code == 403
    assert Trigger.objects.count() == 1
    assert "Switch off" in text_of(designer.get(page))


def test_the_workflows_page_tells_of_its_triggers(page: str, designer: Client, viewer: Client) -> None:
    trigger, _ = service.create(Workflow.objects.get(), "schedule", TriggerSpec(cron="0 6 * * *"))
    Trigger.objects.update(refused="The input does not fit: <b>")
    shown = text_of(designer.get(reverse("workflow-detail", args=["order"])))
    assert "At 06:00 every day" in shown and page in shown and "Switch off" in shown
    assert "The last use started nothing" in shown and "<b>" not in shown
    Workflow.objects.create(name="unpublished")
    shown = text_of(viewer.get(reverse("workflow-detail", args=["unpublished"])))
    assert "Only people, and programs that call the API, start it" in shown
    assert "Nothing is published yet" in text_of(viewer.get(reverse("trigger-list", args=["unpublished"])))
