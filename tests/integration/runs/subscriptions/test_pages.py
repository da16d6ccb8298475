"""Pages and calls of subscriptions: made, changed, tested, sent anew and removed there, by those who may."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from designer.document.graph import Graph
from runs.models import Delivery, Subscription
from runs.subscriptions import service
from tests.http_api import HttpApi
from tests.integration.runs.subscriptions.conftest import Subscribe, pass_by
from workers.connections.service import put_secret

LIST = "/subscriptions/"
API = "/api/v1/subscriptions"
FIELDS = {
    "name": "ops",
    "kind": "webhook",
    "address": "https://example.org/hook",
    "types": ["run.failed", "run.blocked"],
    "failures_n": "5",
    "failures_minutes": "10",
}
SENT = {**FIELDS, "failures_n": 5, "failures_minutes": 10}


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def post(client: Client, path: str, body: Any = None) -> Any:
    return client.post(API + path, body or {}, content_type="application/json")


def test_it_is_made_changed_switched_and_removed(designer: Client, order: Graph) -> None:
    put_secret("hook", "a-plain-secret-42")
    assert "There is none yet" in text_of(designer.get(LIST))
    fields = {**FIELDS, "secret": "hook", "workflow": "order", "when": "=event.type != 'x'"}
    made = text_of(designer.post(reverse("subscription-new"), fields, follow=True))
    assert "ops is told of what happens from now on" in made and "https://example.org/hook" in made
    row = Subscription.objects.get()
    assert (row.secret, row.when, row.workflow and row.workflow.name) == (
        "hook",
        "event.type != 'x'",
        "order",
    )
    page = reverse("subscription-detail", args=[row.pk])
    assert "a run has failed" in text_of(designer.get(LIST))
    designer.post(page, {**FIELDS, "name": "on call", "types": ["run.cancelled"]})
    row.refresh_from_db()
    assert (row.name, row.types, row.secret, row.workflow) == ("on call", ["run.cancelled"], "", None)
    for act, is_enabled in (("off", False), ("on", True)):
        designer.post(reverse("subscription-act", args=[row.pk, act]))
        row.refresh_from_db()
        assert row.is_enabled is is_enabled
    assert designer.post(reverse("subscription-act", args=[row.pk, "paint"])).status_code == 404
    designer.post(reverse("subscription-act", args=[row.pk, "remove"]))
    assert not Subscription.objects.exists()
    said = list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))
    assert [text.removeprefix("Subscription ") for text in said] == [
        "made.",
        "changed name, secret, types, when, workflow.",
        "switched off.",
        "switched on.",
        "removed.",
    ]


@pytest.mark.parametrize(
    ("changes", "place", "words"),
    [
        ({"name": " "}, "name", "1 to 100 characters"),
        ({"name": "taken"}, "name", "already"),
        ({"types": []}, "types", "choose at least one"),
        ({"types": ["run.exploded"]}, "types", "run.exploded"),
        ({"types": ["workers.none"], "workflow": "order"}, "types", "concerns no workflow"),
        ({"workflow": "none"}, "workflow", "there is no workflow"),
        ({"when": "event."}, "when", ""),
        ({"when": "input.a == 1"}, "when", "there is only event"),
        ({"address": ""}, "address", "a URL is needed"),
        ({"address": "ftp://example.org"}, "address", "a URL is needed"),
        ({"address": "https://a:b@example.org"}, "address", "no user and password"),
        ({"address": "https://[::1"}, "address", "a URL is needed"),
        ({"secret": "none"}, "secret", "there is no secret"),
        ({"kind": "email"}, "address", "no e-mail address"),
        ({"kind": "email", "address": ""}, "address", "1 to 20 e-mail addresses"),
        ({"kind": "slack", "address": ""}, "address", "give Slack"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    designer: Client, order: Graph, changes: dict[str, Any], place: str, words: str
) -> None:
    service.create(
        service.SubscriptionSpec("taken", "webhook", ["run.failed"], address="https://example.org")
    )
    answer = post(designer, "", {**SENT, **changes})
    assert answer.status_code == 422 and answer.json()["type"].endswith("subscription_refused")
    problem = answer.json()["problems"][0]
    assert problem["path"] == place and words in problem["message"]
    shown = designer.post(reverse("subscription-new"), {**FIELDS, **changes})
    assert shown.status_code == 422 and 'class="field-error"' in text_of(shown)
    assert Subscription.objects.count() == 1


def test_calls_do_the_same(designer: Client, viewer: Client, order: Graph) -> None:
    made = post(designer, "", SENT)
    assert made.status_code == 201
    row = f"{API}/{made.json()['id']}"
    assert viewer.get(API).json()["subscriptions"] == [viewer.get(row).json()]
    changed = designer.patch(row, {"workflow": "order"}, content_type="application/json").json()
    assert changed["workflow"] == "order" and changed["types"] == ["run.failed", "run.blocked"]
    assert changed["created_by"] == "dora" and changed["problem"] is None
    refused = designer.patch(row, {"address": "x"}, content_type="application/json")
    assert refused.status_code == 422 and viewer.get(row).json()["address"] == FIELDS["address"]
    assert viewer.delete(row).status_code == 403
    assert designer.delete(row).status_code == 204 and viewer.get(row).status_code == 404


def test_a_test_is_sent_and_its_answer_seen_and_sent_anew(
    designer: Client, viewer: Client, subscribe: Subscribe, receiver: HttpApi
) -> None:
    subscription = subscribe("run.failed", path="/status/404")
    page = reverse("subscription-detail", args=[subscription.pk])
    designer.post(reverse("subscription-act", args=[subscription.pk, "test"]))
    assert "A test of the subscription ops" in text_of(viewer.get(page))
    pass_by()
    shown = text_of(viewer.get(page))
    assert "What went wrong last" in shown and "The answer was 404" in shown and "Send anew" not in shown
    row = Delivery.objects.get()
    path = f"/{subscription.pk}/deliveries"
    again = post(designer, f"{path}/{row.pk}/replay")
    assert again.status_code == 422 and "still to be sent" in again.json()["detail"]
    service.change(subscription, address=f"{receiver.url}/echo")
    Delivery.objects.update(status="given_up", due_at=None)
    assert "Send anew" in text_of(designer.get(page))
    designer.post(reverse("delivery-replay", args=[subscription.pk, row.pk]))
    pass_by()
    listed = viewer.get(f"{API}{path}").json()
    assert [(it["status"], it["answer"]) for it in listed["deliveries"]] == [("delivered", 200)]
    assert listed["next"] is None and listed["deliveries"][0]["payload"] == row.payload
    assert post(designer, f"{path}/{row.pk}/replay").status_code == 202
    assert post(designer, f"{path}/99999/replay").status_code == 404
    assert post(designer, f"/{subscription.pk}/test").json()["status"] == "pending"
    texts = LogEntry.objects.values_list("change_message", flat=True)
    assert any(f"sent anew: {row.payload['id']}" in text for text in texts)


def test_slacks_address_is_shown_to_nobody_and_stays(designer: Client) -> None:
    address = "https://hooks.slack.com/services/T0/B0/T0PSECRET"
    made = post(designer, "", {**SENT, "kind": "slack", "address": address}).json()
    assert made["address"] == "https://hooks.slack.com/…"
    page = reverse("subscription-detail", args=[made["id"]])
    assert "T0PSECRET" not in text_of(designer.get(page)) + text_of(designer.get(LIST))
    designer.post(page, {**FIELDS, "kind": "slack", "address": "", "name": "chat"})
    row = Subscription.objects.get()
    assert (row.name, row.address) == ("chat", address)
