"""What waits for whom, in which order, and the answers that are given in the rows."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from designer.document.graph import Edge, Graph, Step
from runs.engine import engine
from runs.interventions import service
from runs.interventions.service import Reply
from runs.models import Approval, ApprovalAssignee, CasePolicy, Intervention, Run
from runs.queries import inbox
from runs.queries.inbox import BadPlace, Whose
from runs.queries.inbox_rows import rows_of
from runs.store import reader
from tests.integration.runs.conftest import Publish, RunHere, chain, step
from tests.people import client_of, person

INBOX = "/inbox/"
FORM = {"type": "object", "properties": {"amount": {"type": "integer"}}, "required": ["amount"]}


def approval(name: str = "boss", **fields: Any) -> Step:
    return step(name, **{"kind": "approval", "worker": None, "compensation": None} | fields)


def asking(run_here: RunHere, name: str, **fields: Any) -> Run:
    return run_here(chain(step("before"), approval(**fields), step("publish"), name=name))


def due(publish: Publish, name: str, timeout: float) -> Run:
    """A run that waits for an answer until a time, and for no worker before."""
    return engine.start_run(publish(chain(approval(timeout=timeout), name=name)), {})


def failing(run_here: RunHere, name: str) -> Intervention:
    run = run_here(
        chain(step("a"), step("b"), step("c"), name=name), faults={"c": "critical", "undo_b": True}
    )
    return run.interventions.get()


def names(user: User, whose: Whose = "mine") -> list[str]:
    return [_workflow(row) for row in rows_of(user, whose)[0]]


def _workflow(row: Any) -> str:
    return str(row.approval.workflow_name if row.approval else row.intervention.run.workflow_name)


def text(client: Client, address: str = INBOX) -> str:
    return html.unescape(client.get(address).content.decode())


def act_of(run: Run, act: str) -> str:
    return reverse(f"inbox-{act}", args=[run.pk, "boss"])


class TestWhatWaitsForWhom:
    def test_each_person_has_their_own(self, run_here: RunHere) -> None:
        asking(run_here, "for_all")
        asking(run_here, "for_anna", assignees=("anna",))
        asking(run_here, "for_bosses", assignees=("group:Boss", "anna"))
        failing(run_here, "failed")
        anna, bea = person("anna", "operator"), person("bea", "operator")
        Group.objects.create(name="Boss").user_set.add(bea)
        assert names(anna) == ["failed", "for_all", "for_anna", "for_bosses"]
        assert names(bea) == ["failed", "for_all", "for_bosses"], "once, although it names them twice"
        assert [inbox.count(user).count for user in (anna, bea)] == [4, 3]
        assert names(bea, "all") == ["failed", "for_all", "for_anna", "for_bosses"]
        assert inbox.count_all().count == 4

    @pytest.mark.parametrize("role", ["viewer", "designer"])
    def test_nothing_waits_for_those_who_may_not_answer(self, run_here: RunHere, role: str) -> None:
        asking(run_here, "for_viv", assignees=("viv",))
        failing(run_here, "failed")
        viv = person("viv", role)
        assert names(viv) == []
        assert inbox.count(viv).count == 0

    def test_a_claim_takes_it_from_the_others(self, run_here: RunHere) -> None:
        intervention = failing(run_here, "failed")
        anna, bea = person("anna", "operator"), person("bea", "operator")
        service.claim(intervention.pk, anna)
        assert (names(anna), names(bea)) == (["failed"], [])
        assert (inbox.count(anna).count, inbox.count(bea).count) == (1, 0)
        service.release(intervention.pk, anna)
        assert names(bea) == ["failed"]

    def test_a_proposal_waits_for_a_second_person_even_where_it_is_claimed(self, run_here: RunHere) -> None:
        CasePolicy.objects.create(second_person=True)
        intervention = failing(run_here, "failed")
        anna, bea = person("anna", "operator"), person("bea", "operator")
        service.claim(intervention.pk, anna)
        service.answer(intervention.pk, Reply("abandon", "It is gone."), anna)
        assert (names(anna), names(bea)) == ([], ["failed"])
        assert (inbox.count(anna).count, inbox.count(bea).count) == (0, 1)
        assert rows_of(bea, "mine")[0][0].act == "agree"
        assert rows_of(anna, "all")[0][0].act == "answer"
        service.approve(intervention.pk, bea)
        assert names(bea, "all") == []

    def test_what_was_answered_is_gone(self, run_here: RunHere) -> None:
        run, intervention = asking(run_here, "asked"), failing(run_here, "failed")
        anna = person("anna", "operator")
        engine.approve(run.pk, "boss", True, anna)
        service.answer(intervention.pk, Reply("abandon", "so be it"), anna)
        assert names(anna, "all") == []
        assert not inbox.count_all()


class TestOrder:
    def test_deadlines_come_first_then_age(self, run_here: RunHere, publish: Publish) -> None:
        asking(run_here, "no_end")
        due(publish, "in_two_days", 172_800.0)
        due(publish, "in_an_hour", 3_600.0)
        failing(run_here, "in_four_hours")  # the standard policy of an undo that failed
        asking(run_here, "younger")
        anna = person("anna", "operator")
        expected = ["in_an_hour", "in_four_hours", "in_two_days", "no_end", "younger"]
        assert names(anna) == names(anna, "all") == expected

    def test_a_new_due_time_moves_it(self, run_here: RunHere) -> None:
        first, second = failing(run_here, "first"), failing(run_here, "second")
        anna = person("anna", "operator")
        assert names(anna) == ["first", "second"]
        service.plan(second.pk, anna, second.severity, reader.now() + timedelta(minutes=5))  # type: ignore[arg-type]
        assert names(anna) == ["second", "first"]
        service.plan(second.pk, anna, second.severity, None)  # type: ignore[arg-type]
        assert names(anna) == ["first", "second"]
        assert first.order_at == first.due_at

    @pytest.mark.parametrize("whose", ["mine", "all"])
    def test_pages_have_each_once(self, run_here: RunHere, whose: Whose) -> None:
        for number in range(4):
            asking(run_here, f"asked_{number}", assignees=("anna", "group:Operator"))
            failing(run_here, f"failed_{number}")
        tied = reader.now()  # all of one moment: tables and ids decide
        for rows in (Approval.objects, ApprovalAssignee.objects, Intervention.objects):
            rows.update(order_at=tied)
        anna, seen, cursor = person("anna", "operator"), [], None
        while True:
            page, cursor = rows_of(anna, whose, cursor, 3)
            seen += [_workflow(row) for row in page]
            if cursor is None:
                break
        assert sorted(seen) == sorted(names(anna, whose)) and len(set(seen)) == len(seen) == 8

    @pytest.mark.parametrize(
        "cursor", ["x", "2026-01-01T00:00:00Z,approval,x", "2026-01-01,approval,1", ",,"]
    )
    def test_a_broken_place_leads_back_to_the_start(self, operator: Client, cursor: str) -> None:
        with pytest.raises(BadPlace):
            inbox.page_of(User(), "all", cursor)
        assert operator.get(INBOX, {"cursor": cursor}).url == "/inbox/?of=mine"  # type: ignore[attr-defined]

    def test_rows_of_an_older_release_get_their_place(self, run_here: RunHere, publish: Publish) -> None:
        asking(run_here, "no_end")
        due(publish, "in_an_hour", 3_600.0)
        failing(run_here, "failed")
        anna = person("anna", "operator")
        for rows in (Approval.objects, ApprovalAssignee.objects, Intervention.objects):
            rows.update(order_at=Now())
        import_module("runs.migrations.0030_places_in_that_order").place(apps, None)
        assert names(anna) == ["in_an_hour", "failed", "no_end"]

    def test_a_count_stops(self, run_here: RunHere, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(inbox, "COUNTED_MAX", 2)
        for number in range(3):
            asking(run_here, f"asked_{number}")
        anna = person("anna", "operator")
        assert str(inbox.count(anna)) == str(inbox.count_all()) == "2+"


class TestAnswersInTheRow:
    def test_a_yes_is_one_click_and_leads_back(self, run_here: RunHere) -> None:
        run = asking(run_here, "paper", message="Print <it>?")
        anna = client_of("anna", "operator")
        page = text(anna, "/inbox/?of=all")
        assert "Print <it>?" in page and f'action="{act_of(run, "approve")}"' in page
        assert re.findall(r'name="next" value="([^"]*)"', page) == ["/inbox/?of=all"]
        answer = anna.post(act_of(run, "approve"), {"next": "/inbox/?of=all"}, follow=True)
        assert answer.redirect_chain == [("/inbox/?of=all", 302)]
        assert "Approved: Print &lt;it&gt;?" in answer.content.decode()
        assert run.steps.get(name="boss").status == "completed"
        twice = anna.post(act_of(run, "approve"), follow=True).content.decode()
        assert "does not wait for an approval" in twice and "Nobody is needed" in twice

    def test_a_no_is_asked_once_with_what_follows(self, run_here: RunHere) -> None:
        run = asking(run_here, "paper", comment_required=True)
        anna = client_of("anna", "operator")
        page = text(anna, act_of(run, "reject"))
        assert "boss counts as failed. 1 undo follows, in this order: before. The run ends" in page
        assert "Comment (needed)" in page
        refused = anna.post(act_of(run, "reject"), {"comment": " ", "next": INBOX})
        assert refused.status_code == 422
        assert "Rejecting it needs a comment that says why." in refused.content.decode()
        assert run.steps.get(name="boss").status == "waiting"
        done = anna.post(act_of(run, "reject"), {"comment": "Too dear.", "next": INBOX}, follow=True)
        assert "Rejected: boss" in done.content.decode()
        run.refresh_from_db()
        assert run.status == "compensating" and "Too dear." in run.error["message"]

    @pytest.mark.parametrize("wanted", ["https://example.org/", "//example.org/x", ""])
    def test_it_leads_to_no_other_site(self, run_here: RunHere, wanted: str) -> None:
        run = asking(run_here, "paper")
        answer = client_of("anna", "operator").post(act_of(run, "approve"), {"next": wanted})
        assert answer.url == INBOX  # type: ignore[attr-defined]

    def test_a_form_is_filled_in_on_the_page_of_the_run(self, run_here: RunHere) -> None:
        run = asking(run_here, "paper", form=FORM)
        anna = client_of("anna", "operator")
        page = text(anna)
        assert "Fill in" in page and act_of(run, "approve") not in page
        answer = anna.post(act_of(run, "approve"))
        assert answer.url == f"/runs/{run.pk}/#approval-boss"  # type: ignore[attr-defined]
        assert run.steps.get(name="boss").status == "waiting"

    def test_whoever_is_not_asked_is_refused(self, run_here: RunHere) -> None:
        run = asking(run_here, "paper", assignees=("anna",))
        olga = client_of("olga", "operator")
        assert act_of(run, "approve") not in text(olga, "/inbox/?of=all")
        refused = olga.post(act_of(run, "approve"), follow=True).content.decode()
        assert "waits for an answer of anna, not of you" in refused
        assert client_of("ada", "admin").post(act_of(run, "approve")).status_code == 302
        assert run.steps.get(name="boss").status == "completed", "an administrator may"

    def test_a_step_that_is_none_is_not_found(self, run_here: RunHere, operator: Client) -> None:
        run = asking(run_here, "paper")
        assert operator.post(reverse("inbox-approve", args=[run.pk, "none"])).status_code == 404

    def test_viewers_see_what_waits_and_no_buttons(
        self, run_here: RunHere, viewer: Client, waiting: Run
    ) -> None:
        failing(run_here, "failed")
        page = text(viewer)
        assert "Is it <good>?" in page and "b of failed" not in page and "failed" in page
        main = page.partition("<main")[2]
        assert not re.search(r"<form|<button|Approve|Reject|Answer<|For you", main)
        assert f"/runs/{waiting.pk}/" in main and "/admin/" not in main

    def test_the_old_address_answers(self, operator: Client) -> None:
        for query, leads_to in (("", "mine"), ("?of=mine", "mine"), ("?of=all", "all"), ("?of=x", "mine")):
            answer = operator.get(f"/approvals/{query}")
            assert answer.url == f"/inbox/?of={leads_to}"  # type: ignore[attr-defined]


class TestWhatFollowsARejection:
    @pytest.mark.parametrize(
        ("graph", "said"),
        [
            (chain(approval()), "boss counts as failed. The run ends as failed."),
            (chain(approval(on_failure="pause")), "A person is then asked how the run goes on."),
            (
                Graph(
                    "sample",
                    steps=(approval(), step("good"), step("bad")),
                    edges=(Edge("boss", "good"), Edge("boss", "bad", on="failed")),
                ),
                "boss counts as failed. Next begins bad.",
            ),
            (
                Graph("sample", steps=(approval(on_failure="continue"), approval("other")), edges=()),
                "boss counts as failed. The rest of the run goes on.",
            ),
        ],
    )
    def test_it_is_said_before(self, run_here: RunHere, operator: Client, graph: Graph, said: str) -> None:
        run = run_here(graph)
        assert said in text(operator, act_of(run, "reject"))


class TestTheFirstPage:
    def test_it_says_that_nobody_is_needed_only_when_nothing_waits(
        self, run_here: RunHere, operator: Client, viewer: Client
    ) -> None:
        CasePolicy.objects.create(second_person=True)
        clients = (operator, viewer)
        assert all("nobody is needed" in text(client, "/") for client in clients)
        run = asking(run_here, "paper", assignees=("anna",))
        assert not any("nobody is needed" in text(client, "/") for client in clients)
        assert "1 waits for others" in text(operator, "/") and "1 waits for people" in text(viewer, "/")
        engine.approve(run.pk, "boss", True, person("anna", "operator"))
        assert "nobody is needed" in text(operator, "/")
        intervention = failing(run_here, "failed")
        service.answer(intervention.pk, Reply("abandon", "It is gone."), person("bea", "operator"))
        page = text(operator, "/")
        assert "1 waits for you" in page and "bea proposes “Leave what it did”" in page
        assert "nobody is needed" not in page
        for address in ("/admin/", "/admin/runs/intervention/"):
            assert "obody is needed" not in text(client_of(f"ada{len(address)}", "admin"), address)

    def test_title_and_header_count_what_waits_for_the_person(
        self, run_here: RunHere, operator: Client, viewer: Client
    ) -> None:
        asking(run_here, "paper")
        failing(run_here, "failed")
        for address in ("/", "/runs/", INBOX):
            page = text(operator, address)
            assert "<title>(2) " in page and 'data-slot="inbox-count">2<' in page
            page = text(viewer, address)
            assert "<title>(" not in page and 'data-slot="inbox-count" hidden>0<' in page

    @pytest.mark.parametrize("address", ["/", INBOX])
    def test_only_without_scripts_it_says_at_once_that_it_is_not_live(
        self, viewer: Client, address: str
    ) -> None:
        page = text(viewer, address)
        assert "Not live" in page
        assert "Not live" not in re.sub(r"<noscript>.*?</noscript>", "", page, flags=re.DOTALL)
