"""Deliveries reach their receiver, signed, at least once and under one id; failures are tried again."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outgoing
from pytest_django.fixtures import Settings
from redis import RedisError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from runs.delivery import queue as run_queue
from runs.maintenance.sweep import sweep_due, sweep_once
from runs.models import Delivery, Subscription
from runs.store import reader
from runs.subscriptions import sending, service
from runs.subscriptions.retries import DELAYS, TRIES_MAX
from tests.http_api import HttpApi
from tests.integration.runs.subscriptions.conftest import Subscribe, work
from workers.connections.service import put_secret, remove_secret

WHSEC = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, ok").decode()


def again() -> int:
    """Makes what waits due, and what rests ready; then a pass and its work."""
    Subscription.objects.update(rests_until=None)
    Delivery.objects.filter(status="pending").update(due_at=reader.now())
    sweep_due()
    return work()


@pytest.fixture
def delivery(subscribe: Subscribe) -> Delivery:
    return service.send_test(subscribe("run.failed"))


def send_now() -> Delivery:
    sweep_due()
    work()
    return Delivery.objects.get()


@pytest.mark.parametrize("secret", [WHSEC, "a-plain-secret-42"])
def test_a_webhook_is_signed_as_its_receiver_expects(
    subscribe: Subscribe, receiver: HttpApi, secret: str
) -> None:
    put_secret("hook", secret)
    service.send_test(subscribe("run.failed", secret="hook"))
    sent = send_now()
    assert (sent.status, sent.answer, sent.tries, sent.due_at) == ("delivered", 200, 1, None)
    (request,) = receiver.requests
    verifier = Webhook(secret if secret.startswith("whsec_") else secret.encode())
    payload = verifier.verify(request.body, request.headers)
    assert payload == sent.payload and request.headers["webhook-id"] == payload["id"]
    with pytest.raises(WebhookVerificationError):
        verifier.verify(request.body + b" ", request.headers)
    assert Subscription.objects.get().delivered_at and secret not in str(Delivery.objects.values())


def test_without_a_secret_it_is_not_signed(delivery: Delivery, receiver: HttpApi) -> None:
    send_now()
    headers = receiver.requests[0].headers
    assert "webhook-id" in headers and "webhook-signature" not in headers


def test_slack_gets_a_text(subscribe: Subscribe, receiver: HttpApi) -> None:
    put_secret("slack", receiver.url + "/echo/T1/B1")
    fields = {"kind": "slack", "address": "", "secret": "slack"}
    service.send_test(subscribe("run.failed", name="ops <!channel>", **fields))
    assert send_now().status == "delivered"
    (request,) = receiver.to("/echo/T1/B1")
    assert (
        request.json.keys() == {"text"}
        and "A test of the subscription ops &lt;!channel&gt;" in request.json["text"]
    )


def test_mails_go_to_all_addresses(subscribe: Subscribe) -> None:
    subscription = subscribe("run.failed", kind="email", address="a@example.org, b@example.org")
    service.send_test(subscription)
    sent = send_now()
    (mail,) = outgoing.outbox
    assert sent.status == "delivered" and mail.to == ["a@example.org", "b@example.org"]
    assert mail.subject == "[Sagaboard] A test of the subscription ops"
    assert f"https://board.example.org/subscriptions/{subscription.pk}/" in mail.body
    assert mail.extra_headers["X-Sagaboard-Event"] == sent.payload["id"]


def test_a_mail_server_that_is_away_is_tried_again(subscribe: Subscribe, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    service.send_test(subscribe("run.failed", kind="email", address="a@example.org"))
    sent = send_now()
    assert sent.status == "pending" and "The mail was not taken" in sent.error


def test_a_failure_is_tried_again_under_the_same_id(subscribe: Subscribe, receiver: HttpApi) -> None:
    service.send_test(subscribe("run.failed", path="/flaky"))
    before = reader.now()
    sent = send_now()
    assert (sent.status, sent.answer, sent.tries) == ("pending", 500, 1)
    assert sent.due_at and before + DELAYS[0] <= sent.due_at <= reader.now() + DELAYS[0]
    assert "500" in Subscription.objects.get().problem
    again()
    sent.refresh_from_db()
    assert (sent.status, sent.answer, sent.tries) == ("delivered", 200, 2)
    first, second = (request.headers["webhook-id"] for request in receiver.requests)
    assert first == second and Subscription.objects.get().problem == ""


def test_it_is_given_up_in_the_end_and_may_be_sent_anew(subscribe: Subscribe, receiver: HttpApi) -> None:
    subscription = subscribe("run.failed", path="/status/503")
    service.send_test(subscription)
    send_now()
    while again():
        pass
    sent = Delivery.objects.get()
    assert (sent.status, sent.tries, sent.due_at) == ("given_up", TRIES_MAX, None)
    assert len(receiver.requests) == TRIES_MAX
    service.change(subscription, address=receiver.url + "/echo")
    service.replay(subscription, sent.pk)
    assert send_now().status == "delivered"
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1


def test_gone_switches_the_subscription_off(subscribe: Subscribe) -> None:
    subscription = subscribe("run.failed", path="/status/410")
    service.send_test(subscription)
    service.send_test(subscription)
    sweep_due()
    work()
    assert set(Delivery.objects.values_list("status", flat=True)) == {"given_up"}
    subscription.refresh_from_db()
    assert not subscription.is_enabled and "410" in subscription.problem


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/redirect?to=/echo", "302"),
        ("/status/404", "404"),
        ("/dead", "broken"),
        ("/huge", "too_large"),
        ("/short", "broken"),
    ],
)
def test_answers_that_are_no_success(subscribe: Subscribe, path: str, words: str) -> None:
    service.send_test(subscribe("run.failed", path=path))
    sent = send_now()
    assert sent.status == "pending" and words in sent.error


def test_private_networks_are_not_reached(delivery: Delivery, receiver: HttpApi, settings: Settings) -> None:
    settings.HTTP_PRIVATE_NETWORKS = []
    sent = send_now()
    assert sent.status == "pending" and "private_network" in sent.error
    assert not receiver.requests


def test_a_receiver_that_does_not_answer_rests(subscribe: Subscribe, receiver: HttpApi) -> None:
    subscription = subscribe("run.failed", path="/dead")
    for _ in range(3):
        service.send_test(subscription)
    sweep_due()
    work()
    assert len(receiver.requests) == 1
    assert sorted(Delivery.objects.values_list("tries", flat=True)) == [0, 0, 1]
    assert not Delivery.objects.filter(due_at__gt=reader.now() + DELAYS[0]).exists()


def test_a_missing_secret_is_said(subscribe: Subscribe, receiver: HttpApi) -> None:
    put_secret("hook", "a-plain-secret-42")
    subscription = subscribe("run.failed", secret="hook")
    remove_secret("hook")
    service.send_test(subscription)
    sent = send_now()
    assert "There is no secret 'hook'" in sent.error and not receiver.requests


def test_a_secret_that_is_no_base64_is_said(subscribe: Subscribe) -> None:
    put_secret("hook", "whsec_a")
    service.send_test(subscribe("run.failed", secret="hook"))
    assert "no base64 follows" in send_now().error


def test_no_error_holds_slacks_address(subscribe: Subscribe, receiver: HttpApi) -> None:
    address = f"{receiver.url}/echo\x7f/T0PSECRET"
    subscription = subscribe("run.failed", kind="slack")
    Subscription.objects.update(address=address)
    service.send_test(subscription)
    sent = send_now()
    assert sent.status == "pending" and "T0PSECRET" not in sent.error


# --- what gets lost ---


def test_two_sweeps_dispatch_once(delivery: Delivery, receiver: HttpApi) -> None:
    seen = Delivery.objects.get()
    assert sending._dispatch(seen, reader.now()) == 1
    assert sending._dispatch(seen, reader.now()) == 0
    assert work() == 1 and len(receiver.requests) == 1


def test_a_lost_job_is_repeated(delivery: Delivery, receiver: HttpApi, redis_client: Any) -> None:
    sweep_once()
    redis_client.flushall()
    sweep_once()
    assert work() == 0
    assert again() == 1 and Delivery.objects.get().status == "delivered"
    assert len(receiver.requests) == 1 and Delivery.objects.get().tries == 1


def test_a_job_that_comes_twice_sends_once(delivery: Delivery, receiver: HttpApi) -> None:
    sending.send(delivery.pk, 0)
    sending.send(delivery.pk, 0)
    assert len(receiver.requests) == 1


def test_a_kill_between_sending_and_noting_sends_again_under_the_same_id(
    delivery: Delivery, receiver: HttpApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*args: Any, **facts: Any) -> None:
        raise SystemExit

    monkeypatch.setattr(sending, "_end", killed)
    with pytest.raises(SystemExit):
        sending.send(delivery.pk, 0)
    monkeypatch.undo()
    left = Delivery.objects.get()
    assert left.status == "pending" and left.due_at and left.due_at > reader.now() + timedelta(seconds=50)
    assert again() == 1 and Delivery.objects.get().status == "delivered"
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"] and first.body == second.body


def test_while_redis_is_away_no_try_is_counted(
    delivery: Delivery, receiver: HttpApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any) -> None:
        raise RedisError

    monkeypatch.setattr(run_queue, "enqueue", away)
    assert sweep_due() == 0
    left = Delivery.objects.get()
    assert left.tries == 0 and left.due_at and left.due_at <= reader.now()
    monkeypatch.undo()
    assert send_now().status == "delivered"


def test_one_that_was_switched_off_sends_nothing_that_waited(delivery: Delivery, receiver: HttpApi) -> None:
    service.change(delivery.subscription, is_enabled=False)
    assert send_now().error == "The subscription was switched off." and not receiver.requests
