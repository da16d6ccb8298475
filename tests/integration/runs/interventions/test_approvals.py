"""Approvals: who is asked and may answer at each door, the form, lists by person, and reminders."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core import mail as outgoing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.fixtures import Settings

from designer.document.graph import Body, Graph, Step
from runs.engine import engine
from runs.interventions import approvals
from runs.machine.limits import REMINDERS_MAX
from runs.maintenance.sweep import sweep_once
from runs.models import Approval, ApprovalAssignee, Run
from runs.store import reader
from tests.integration.runs.conftest import RunHere, chain, step
from tests.integration.runs.interventions.test_notifications import pass_by
from tests.people import client_of, person

rule = pytest.mark.rule
FORM = {
    "type": "object",
    "properties": {
        "amount": {"type": "integer", "title": "How much"},
        "tone": {"enum": ["soft", "loud"]},
        "urgent": {"type": "boolean"},
        "lines": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["amount"],
}


def approval(name: str = "boss", **fields: Any) -> Step:
    return step(name, **{"kind": "approval", "worker": None, "compensation": None} | fields)


def asking(run_here: RunHere, name: str = "paper", **fields: Any) -> Run:
    return run_here(chain(approval(**fields), step("publish"), name=name))


def url_of(run: Run, act: str) -> str:
    return f"/api/v1/runs/{run.pk}/steps/boss/{act}"


def send(client: Client, run: Run, act: str, **body: Any) -> Any:
    return client.post(url_of(run, act), json.dumps(body), content_type="application/json")


@rule("R5.40")
@pytest.mark.parametrize("act", ["approve", "reject"])
def test_the_api_refuses_whoever_is_not_asked(run_here: RunHere, act: str) -> None:
    run = asking(run_here, assignees=("anna", "group:Boss"))
    answer = send(client_of("olga", "operator"), run, act)
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:sagaboard:not_assigned"
    assert "anna, group:Boss" in answer.json()["detail"]
    assert send(client_of("anna", "operator"), run, act).status_code == 204


@rule("R5.40")
@pytest.mark.parametrize("who", ["group", "admin"])
def test_a_group_and_an_administrator_may_answer(run_here: RunHere, who: str) -> None:
    run = asking(run_here, assignees=("group:Boss",))
    client = client_of("gina", "admin" if who == "admin" else "operator")
    if who == "group":
        boss, _ = Group.objects.get_or_create(name="Boss")
        boss.user_set.add(*boss.user_set.model.objects.filter(username="gina"))
    assert send(client, run, "approve").status_code == 204


@rule("R5.40")
def test_the_page_offers_the_answer_to_those_who_are_asked(run_here: RunHere) -> None:
    run = asking(run_here, assignees=("anna",))
    url = reverse("run-approve", args=[run.pk, "boss"])
    olga, anna = client_of("olga", "operator"), client_of("anna", "operator")
    page = olga.get(reverse("run-detail", args=[run.pk])).content.decode()
    assert url not in page and "It is not you who is asked" in page
    refused = olga.post(url, {"decision": "approve"}, follow=True).content.decode()
    assert "waits for an answer of anna, not of you" in refused
    assert url in anna.get(reverse("run-detail", args=[run.pk])).content.decode()
    anna.post(url, {"decision": "approve"})
    assert run.steps.get(name="boss").status == "completed"


@rule("R5.41")
def test_the_page_shows_the_form_and_what_is_wrong_with_an_answer(run_here: RunHere) -> None:
    run = asking(run_here, form=FORM)
    url, client = reverse("run-approve", args=[run.pk, "boss"]), client_of("olga", "operator")
    page = client.get(reverse("run-detail", args=[run.pk])).content.decode()
    for name in ("amount", "tone", "urgent", "lines"):
        assert f'name="answer-{name}"' in page
    assert "How much (needed)" in page
    wrong = client.post(url, {"decision": "approve", "answer-tone": "soft", "comment": "So be it"})
    assert wrong.status_code == 422
    assert "&#x27;amount&#x27; is a required property" in wrong.content.decode()
    assert "So be it" in wrong.content.decode(), "what was typed stays"
    assert run.steps.get(name="boss").status == "waiting"
    filled = {"answer-amount": "7", "answer-tone": "loud", "answer-urgent": "on", "answer-lines": '["a"]'}
    assert client.post(url, {"decision": "approve", **filled}).status_code == 302
    output = client.get(f"/api/v1/runs/{run.pk}/steps/boss/values/output").json()
    asked = {"amount": 7, "tone": "loud", "urgent": True, "lines": ["a"]}
    assert output == asked | {"approved": True, "by": "olga", "comment": ""}


@rule("R5.41")
def test_a_rejection_on_the_page_needs_no_form(run_here: RunHere) -> None:
    run = asking(run_here, form=FORM, comment_required=True)
    url, client = reverse("run-approve", args=[run.pk, "boss"]), client_of("olga", "operator")
    refused = client.post(url, {"decision": "reject", "answer-amount": "x"}, follow=True).content.decode()
    assert "needs a comment" in refused
    client.post(url, {"decision": "reject", "answer-amount": "x", "comment": "too dear"})
    assert run.steps.get(name="boss").status == "failed"


@rule("R5.41")
def test_the_api_checks_the_answer(run_here: RunHere) -> None:
    run = asking(run_here, form=FORM)
    client = client_of("olga", "operator")
    wrong = send(client, run, "approve", answer={"amount": "7"})
    assert wrong.status_code == 422
    assert [problem["path"] for problem in wrong.json()["problems"]] == ["answer.amount"]
    assert send(client, run, "approve", answer={"amount": 7}).status_code == 204


# --- lists ---


def listed(client: Client, of: str = "mine") -> list[str]:
    return [row["workflow"] for row in client.get(f"/api/v1/approvals?of={of}").json()["approvals"]]


@rule("R5.43")
def test_each_person_sees_the_approvals_that_are_theirs(run_here: RunHere) -> None:
    asking(run_here, name="for_all")
    asking(run_here, name="for_anna", assignees=("anna", "group:Boss"))
    asking(run_here, name="for_bosses", assignees=("group:Boss",))
    names = (("anna", "operator"), ("olga", "operator"), ("viv", "viewer"), ("bea", "operator"))
    anna, olga, viv, bea = (client_of(name, role) for name, role in names)
    group = Group.objects.create(name="Boss")
    group.user_set.add(group.user_set.model.objects.get(username="bea"))
    assert listed(anna) == ["for_all", "for_anna"]
    assert listed(olga) == ["for_all"]
    assert listed(viv) == []
    assert listed(bea) == ["for_all", "for_anna", "for_bosses"]
    assert listed(viv, "all") == ["for_all", "for_anna", "for_bosses"]
    page = anna.get(reverse("approval-list"), follow=True).content.decode()
    assert "for_anna" in page and "for_bosses" not in page


@rule("R5.43")
@pytest.mark.parametrize("end", ["approve", "reject", "cancel", "fail beside it"])
def test_the_row_goes_when_the_step_waits_no_more(run_here: RunHere, end: str) -> None:
    beside = step("beside", when="true") if end != "fail beside it" else step("beside")
    run = run_here(Graph("paper", steps=(approval(), beside)), **_faults(end))
    if end in ("approve", "reject"):
        assert Approval.objects.count() == 1
        engine.approve(run.pk, "boss", end == "approve", "anna")
    elif end == "cancel":
        engine.cancel_run(run.pk)
    assert Approval.objects.count() == ApprovalAssignee.objects.count() == 0


def _faults(end: str) -> dict[str, Any]:
    return {"faults": {"beside": "critical"}} if end == "fail beside it" else {}


@rule("R5.43")
def test_pages_of_the_list_have_each_approval_once(run_here: RunHere, monkeypatch: Any) -> None:
    monkeypatch.setattr(approvals, "PAGE", 2)
    for number in range(5):
        asking(run_here, name=f"flow_{number}", assignees=("anna", "group:Operator"))
    client, seen, cursor = client_of("anna", "operator"), [], None
    while True:
        page = client.get("/api/v1/approvals", {"cursor": cursor} if cursor else {}).json()
        seen += [row["workflow"] for row in page["approvals"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [f"flow_{number}" for number in range(5)]
    assert client.get("/api/v1/approvals?cursor=nonsense").status_code == 422
    assert client.get(f"{reverse('approval-list')}?cursor=nonsense").status_code == 302


def test_the_list_looks_into_an_index_for_each_name(run_here: RunHere) -> None:
    asking(run_here, assignees=("anna",))
    user = person("anna", "operator")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        approvals.of_person(user)
    looks = [
        query["sql"] for query in queries if "approvalassignee" in query["sql"] and "ORDER BY" in query["sql"]
    ]
    for sql in (sql for sql in looks if "IN (" not in sql):
        with connection.cursor() as cursor:
            plan = f"EXPLAIN QUERY PLAN {sql}" if connection.vendor == "sqlite" else f"EXPLAIN {sql}"
            if connection.vendor == "postgresql":
                cursor.execute("SET enable_seqscan = off")
            cursor.execute(plan)
            text = str(cursor.fetchall())
        assert "approval_assignee_oldest" in text, text


# --- reminders ---


@pytest.fixture
def site(settings: Settings) -> None:
    settings.SITE_URL = "https://board.example.org"


def overdue() -> None:
    Approval.objects.filter(remind_at__isnull=False).update(remind_at=reader.now() - timedelta(seconds=1))


@rule("R5.43")
def test_those_who_are_asked_are_reminded_again_and_again(run_here: RunHere, site: None) -> None:
    run = asking(run_here, assignees=("anna", "group:Boss"), remind_after=60.0, message="Print it?")
    person("anna", "operator", email="anna@example.org")
    person("olga", "operator", email="olga@example.org")
    assert pass_by() == []
    for _ in range(REMINDERS_MAX):
        overdue()
        (told,) = pass_by()
        assert told.to == ["anna@example.org"]
    assert told.subject == "[Sagaboard] Still to be answered: boss of paper"
    assert "Print it?" in told.body and f"https://board.example.org/runs/{run.pk}/" in told.body
    overdue()
    assert pass_by() == [], "ten are enough"


@rule("R5.43")
def test_nobody_is_reminded_of_what_was_answered(run_here: RunHere, site: None) -> None:
    run = asking(run_here, remind_after=60.0)
    person("olga", "operator", email="olga@example.org")
    overdue()
    sweep_once()
    engine.approve(run.pk, "boss", True, "olga")
    assert pass_by() == []
    assert outgoing.outbox == []


@rule("R5.43")
def test_an_approval_inside_a_body_is_listed_and_answered_with_its_form(run_here: RunHere) -> None:
    body = Body((approval(form=FORM, assignees=("anna",)),), ())
    run = run_here(chain(Step("scope", kind="group", body=body), step("publish"), name="grouped"))
    client = client_of("anna", "operator")
    (listed_one,) = client.get("/api/v1/approvals").json()["approvals"]
    assert (listed_one["workflow"], listed_one["form"]) == ("grouped", FORM)
    page = client.get(reverse("run-detail", args=[listed_one["run"]])).content.decode()
    assert 'name="answer-amount"' in page
    url = f"/api/v1/runs/{listed_one['run']}/steps/boss/approve"
    sent = client.post(url, json.dumps({"answer": {"amount": 3}}), content_type="application/json")
    assert sent.status_code == 204
    assert run.steps.get(name="scope").status == "completed"
