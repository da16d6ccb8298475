"""Calls of webhooks: verified before anything else, chosen, mapped, noted and replayed."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from designer.models import Workflow
from runs.errors import Unreplayable
from runs.models import Run, Trigger, TriggerCall
from runs.store import reader
from runs.triggers import calls
from runs.triggers.calls import KEPT_MAX, UNVERIFIED_KEPT_MAX
from runs.triggers.incoming.verification import Verification, signed_headers
from tests.integration.runs.triggers.triggering import at_once, call, change, hook_trigger, make
from tests.integration.runs.triggers.triggering import designer as designer
from tests.integration.runs.triggers.triggering import operator as operator
from tests.integration.runs.triggers.triggering import sample as sample
from workers.connections import service as connections

SECRET = "It's a Secret to Everybody"
GITHUB = {"scheme": "github", "secrets": ["github"]}
BODY = {"order": 7}


@pytest.fixture
def verified(sample: Workflow) -> tuple[Trigger, str]:
    connections.put_secret("github", SECRET)
    return hook_trigger(sample, verify=GITHUB)


def signed(trigger: Trigger, body: Any = None, secret: str = SECRET) -> dict[str, str]:
    how = Verification.model_validate(trigger.verify)
    text = json.dumps(BODY if body is None else body).encode()
    return signed_headers(how, secret, text, reader.now(), "msg_1")


def the_calls(trigger: Trigger) -> list[TriggerCall]:
    return list(calls.of_trigger(trigger))


def base(workflow: Workflow, trigger: Trigger) -> str:
    return f"/api/v1/workflows/{workflow.name}/triggers/{trigger.pk}"


# --- verification ---


@pytest.mark.rule("R11.10")
def test_only_what_its_sender_has_signed_starts_a_run(
    verified: tuple[Trigger, str], caplog: pytest.LogCaptureFixture
) -> None:
    trigger, path = verified
    caplog.set_level(logging.DEBUG)
    assert call(path, BODY, **signed(trigger)).status_code == 201
    for headers in ({}, signed(trigger, secret="another one"), signed(trigger, {"order": 8})):
        answer = call(path, BODY, **headers)
        assert answer.status_code == 401 and answer.json()["type"].endswith("not_verified")
    assert call(path, b"{", **signed(trigger)).status_code == 401  # not even read
    assert Run.objects.count() == 1
    trigger.refresh_from_db()
    assert trigger.unverified == 4
    newest, *_, first = the_calls(trigger)
    assert (newest.outcome, newest.status, newest.run_id, newest.content) == ("unverified", 401, None, "")
    assert "does not fit" in newest.reason and newest.source == "127.0.0.1"
    assert (first.outcome, first.status, first.size) == ("started", 201, len(json.dumps(BODY)))
    token, signature = path.rpartition("/")[2], signed(trigger)["x-hub-signature-256"][7:]
    kept = caplog.text + json.dumps(list(TriggerCall.objects.values()), default=str)
    assert not any(secret in kept for secret in (token, signature, SECRET))


def test_a_secret_is_replaced_while_both_are_accepted(
    verified: tuple[Trigger, str], designer: Client
) -> None:
    trigger, path = verified
    connections.put_secret("github-2", "the next secret")
    verify = GITHUB | {"secrets": ["github", "github-2"]}
    assert change(designer, base(trigger.workflow, trigger), {"verify": verify}).status_code == 200
    for secret in (SECRET, "the next secret"):
        assert call(path, BODY, **signed(trigger, secret=secret)).status_code == 201
    connections.put_secret("github", "a third secret")
    assert call(path, BODY, **signed(trigger)).status_code == 401
    assert call(path, BODY, **signed(trigger, secret="a third secret")).status_code == 201


def test_without_its_secret_it_says_so_and_starts_nothing(verified: tuple[Trigger, str]) -> None:
    trigger, path = verified
    headers = signed(trigger)
    connections.remove_secret("github")
    answer = call(path, BODY, **headers)
    assert answer.status_code == 503 and answer.json()["type"].endswith("secret_missing")
    assert "github" not in answer.content.decode()
    assert "There is no secret 'github'" in the_calls(trigger)[0].reason
    assert not Run.objects.exists()


def test_basic_asks_for_user_and_password(sample: Workflow) -> None:
    connections.put_secret("shop", "pass:word")
    how = {"scheme": "basic", "username": "shop", "secrets": ["shop"]}
    trigger, path = hook_trigger(sample, verify=how)
    answer = call(path, BODY)
    assert answer.status_code == 401 and answer["WWW-Authenticate"].startswith("Basic ")
    assert call(path, BODY, **signed(trigger, secret="pass:word")).status_code == 201


def test_calls_that_are_not_verified_push_no_other_out(verified: tuple[Trigger, str]) -> None:
    trigger, path = verified
    call(path, BODY, **signed(trigger))
    for _ in range(UNVERIFIED_KEPT_MAX + 3):
        call(path, BODY)
    outcomes = [one.outcome for one in the_calls(trigger)]
    assert outcomes == ["unverified"] * UNVERIFIED_KEPT_MAX + ["started"]


def test_the_last_calls_are_kept(sample: Workflow) -> None:
    trigger, _ = hook_trigger(sample)
    other, _ = hook_trigger(sample)
    calls.note_call(other, calls.Outcome.STARTED)
    for number in range(KEPT_MAX + 5):
        calls.note_call(trigger, calls.Outcome.STARTED, size=number)
    assert [one.size for one in the_calls(trigger)] == list(range(KEPT_MAX + 4, 4, -1))
    assert len(the_calls(other)) == 1


# --- when and map ---


@pytest.mark.rule("R11.11")
def test_what_is_not_for_it_is_answered_and_starts_nothing(sample: Workflow) -> None:
    trigger, path = hook_trigger(sample, when='headers["x-github-event"] == "push" && body.order > 5')
    skipped = call(path, {"order": 3}, **{"X-GitHub-Event": "push"})
    assert skipped.status_code == 200 and skipped.json()["run"] is None
    assert "body.order > 5 is false" in skipped.json()["skipped"]
    assert call(path, {"order": 7}, **{"X-GitHub-Event": "push"}).status_code == 201
    wrong = call(path, {"order": 7})
    assert wrong.status_code == 422 and wrong.json()["problems"][0]["path"] == "when"
    assert [one.outcome for one in the_calls(trigger)] == ["refused", "started", "skipped"]
    trigger.refresh_from_db()
    assert trigger.skipped == 1 and "when" in trigger.refused


def test_a_map_makes_the_input(sample: Workflow) -> None:
    mapping = {"order": "=body.data.id", "shop": "=query.shop", "by": "=headers.from", "fixed": [1, "==x"]}
    trigger, path = hook_trigger(sample, map=mapping)
    answer = call(f"{path}?shop=north", {"data": {"id": 3}}, **{"From": "ada"})
    assert answer.status_code == 201, answer.content
    assert Run.objects.get().input == {"order": 3, "shop": "north", "by": "ada", "fixed": [1, "=x"]}
    wrong = call(f"{path}?shop=north", {"data": {}}, **{"From": "ada"})
    assert wrong.status_code == 422 and "map.order" in wrong.json()["detail"]


def test_secrets_of_a_call_are_not_read_by_expressions(sample: Workflow) -> None:
    _, path = hook_trigger(sample, map={"all": "=headers"})
    call(path, {}, **{"Authorization": "Bearer x", "Cookie": "y", "X-Hub-Signature-256": "z", "X-Ok": "1"})
    headers = Run.objects.get().input["all"]
    assert headers["x-ok"] == "1"
    assert not {"authorization", "cookie", "x-hub-signature-256"} & headers.keys()


@pytest.mark.parametrize(
    ("content", "input"),
    [
        (b"payload=%7B%22order%22%3A+5%7D", {"order": 5}),
        (b"payload=text", {"payload": "text"}),
        (b"payload=%7B%7D&more=1", {"payload": "{}", "more": "1"}),
    ],
)
def test_a_form_may_hold_json_as_its_payload(sample: Workflow, content: bytes, input: Any) -> None:
    _, path = hook_trigger(sample)
    assert call(path, content, "application/x-www-form-urlencoded").status_code == 201
    assert Run.objects.get().input == input


@pytest.mark.parametrize(
    ("body", "path", "said"),
    [
        ({"when": "body.a =="}, "when", "missing"),
        ({"when": "context.a"}, "when", "does not exist"),
        ({"map": {"a": "=bdy.a"}}, "map.a", "body"),
        ({"map": {"a": 1}, "input_key": "b"}, "map", "whole input"),
        ({"verify": {"scheme": "github"}}, "verify.secrets", "required"),
        ({"answer": {"wait": 61}}, "answer", "60"),
        ({"answer": {"wait": 5, "status": 500}}, "answer", "299"),
        ({"headers": ["x-hub-signature-256"]}, "headers", "secrets"),
        (
            {"verify": {"scheme": "hmac", "header": "X-S", "secrets": ["a"]}, "headers": ["x-s"]},
            "headers",
            "secrets",
        ),
        ({"overlap": "skip"}, "overlap", "has none"),
        ({"name": "x" * 101}, "body.body.name", "100"),
    ],
)
def test_what_is_refused_says_where(
    sample: Workflow, designer: Client, body: Any, path: str, said: str
) -> None:
    answer = make(designer, kind="hook", **body)
    assert answer.status_code == 422, answer.content
    (problem,) = [one for one in answer.json()["problems"] if one["path"] == path]
    assert said in problem["message"] and not Trigger.objects.exists()


# --- replay and test ---


@pytest.mark.rule("R11.12")
def test_a_call_that_started_nothing_is_replayed_when_that_is_mended(
    sample: Workflow, designer: Client
) -> None:
    trigger, path = hook_trigger(sample, when="body.open")
    headers = {"X-GitHub-Delivery": "72d3"}
    assert call(path, {"order": 7, "open": False}, **headers).json()["run"] is None
    change(designer, base(sample, trigger), {"when": "!body.open"})
    (noted,) = designer.get(f"{base(sample, trigger)}/calls").json()["calls"]
    assert noted["is_replayable"] and noted["outcome"] == "skipped"
    answer = designer.post(f"{base(sample, trigger)}/calls/{noted['id']}/replay")
    assert answer.status_code == 201, answer.content
    run = Run.objects.get()
    assert answer.json()["run"] == str(run.pk) and run.input == {"order": 7, "open": False}
    replayed = the_calls(trigger)[0]
    assert (replayed.replay_of, replayed.replayed_by, replayed.run_id) == (noted["id"], "dora", run.pk)
    assert "replayed" in LogEntry.objects.latest("pk").change_message
    again = call(path, {"order": 7, "open": False}, **headers)
    assert again.status_code == 200 and again.json()["run"] == str(run.pk)


@pytest.mark.rule("R11.12")
def test_a_call_that_started_a_run_starts_another_one_by_each_replay(
    verified: tuple[Trigger, str], operator: Client
) -> None:
    trigger, path = verified
    call(path, BODY, **signed(trigger), **{"X-GitHub-Delivery": "1"})
    (noted,) = the_calls(trigger)
    address = f"{base(trigger.workflow, trigger)}/calls/{noted.pk}/replay"
    once = {"Idempotency-Key": "a"}
    answers = [operator.post(address, headers=once) for _ in range(2)] + [operator.post(address)]
    assert [answer.status_code for answer in answers] == [201, 200, 201]
    assert Run.objects.count() == 3


def test_what_is_not_kept_is_not_replayed(verified: tuple[Trigger, str], operator: Client) -> None:
    trigger, path = verified
    call(path, BODY)
    large = {"order": 7, "text": "x" * calls.CONTENT_BYTES_MAX}
    assert call(path, large, **signed(trigger, large)).status_code == 201
    for noted in the_calls(trigger):
        answer = operator.post(f"{base(trigger.workflow, trigger)}/calls/{noted.pk}/replay")
        assert answer.status_code == 409 and "not kept" in answer.json()["detail"]
    assert operator.post(f"{base(trigger.workflow, trigger)}/calls/99999/replay").status_code == 404


def test_a_test_call_is_signed_and_told_as_a_curl_line(
    verified: tuple[Trigger, str], designer: Client
) -> None:
    trigger, path = verified
    answer = designer.post(
        f"{base(trigger.workflow, trigger)}/test", {"body": BODY}, content_type="application/json"
    )
    assert answer.status_code == 201, answer.content
    curl = answer.json()["curl"]
    assert "x-hub-signature-256: sha256=" in curl and '"$WEBHOOK_URL"' in curl
    assert SECRET not in curl and the_calls(trigger)[0].outcome == "started"
    assert "called for a test" in LogEntry.objects.latest("pk").change_message


def test_several_calls_at_once_are_all_noted(sample: Workflow) -> None:
    trigger, path = hook_trigger(sample)
    answers = at_once(*[lambda n=n: call(path, {"order": n}) for n in range(6)])
    assert {answer.status_code for answer in answers} == {201}
    assert {one.run_id for one in the_calls(trigger)} == set(Run.objects.values_list("pk", flat=True))


def test_a_call_that_is_too_large_is_noted(sample: Workflow) -> None:
    trigger, path = hook_trigger(sample)
    assert call(path, b" " * 1_000_001).status_code == 413
    (noted,) = the_calls(trigger)
    assert (noted.outcome, noted.status) == ("refused", 413)


def test_content_of_one_trigger_opens_at_no_other(sample: Workflow) -> None:
    trigger, path = hook_trigger(sample)
    other, _ = hook_trigger(sample)
    call(path, BODY)
    (noted,) = the_calls(trigger)
    moved = TriggerCall(trigger=other, content=noted.content)
    with pytest.raises(Unreplayable):
        calls.content_of(moved)
