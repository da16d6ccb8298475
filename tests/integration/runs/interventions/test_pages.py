"""Interventions in the admin: list, page, answers that say what follows, causes and batches."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from designer.document.graph import Graph
from runs.interventions import service
from runs.interventions.service import Reply
from runs.models import CasePolicy, Intervention, JournalEntry, Run, Severity
from runs.store import reader
from tests.integration.runs.conftest import RunHere, chain, step
from tests.people import client_of

LIST = "admin:runs_intervention_changelist"


@pytest.fixture
def intervention(stuck: Run) -> Intervention:
    """The undo of `charge` failed; that of `reserve` waits behind it."""
    return stuck.interventions.get()


@pytest.fixture
def bob(transactional_db: None) -> Client:
    return client_of("bob", "operator")


def url(name: str, intervention: Intervention) -> str:
    return reverse(f"admin:runs_intervention_{name}", args=[intervention.pk])


def shown(client: Client, address: str, **query: Any) -> str:
    response = client.get(address, query)
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def again(intervention: Intervention) -> Intervention:
    return Intervention.objects.get(pk=intervention.pk)


def stuck_ones(run_here: RunHere, order: Graph, number: int) -> list[Intervention]:
    runs = [run_here(order, faults={"ship": "critical", "undo_charge": True}) for _ in range(number)]
    return [run.interventions.get() for run in runs]


class TestList:
    def test_open_ones_by_age_with_what_a_person_needs_first(
        self, operator: Client, run_here: RunHere, order: Graph
    ) -> None:
        first, second = stuck_ones(run_here, order, 2)
        service.claim(second.pk, "olga")
        page = shown(operator, reverse(LIST))
        assert re.findall(r'<tr data-intervention="(\d+)"', page) == [str(first.pk), str(second.pk)]
        for text in ("charge", "of order", "Undo failed", "High", "olga", "nobody yet", "due"):
            assert text in page

    @pytest.mark.parametrize(
        ("query", "number"),
        [
            ({"state": "open"}, 1),
            ({"state": "mine"}, 0),
            ({"state": "unclaimed"}, 1),
            ({"state": "overdue"}, 0),
            ({"state": "answered"}, 0),
            ({"state": "all"}, 1),
            ({"severity": "high"}, 1),
            ({"severity": "low"}, 0),
            ({"kind": "step_failed"}, 0),
            ({"workflow": "order"}, 1),
            ({"workflow": "%"}, 0),
            ({"q": "CHARGE"}, 1),
            ({"q": "'; drop table"}, 0),
            ({"page": 2}, 0),
            ({"page": "x", "state": "nonsense"}, 1),
        ],
    )
    def test_filters(
        self, operator: Client, intervention: Intervention, query: dict[str, Any], number: int
    ) -> None:
        page = shown(operator, reverse(LIST), **query)
        assert len(re.findall("<tr data-intervention", page)) == number

    def test_overdue_ones_are_marked(self, operator: Client, intervention: Intervention) -> None:
        service.plan(intervention.pk, "olga", Severity.CRITICAL, reader.now() - timedelta(hours=1))
        assert "overdue since" in shown(operator, reverse(LIST), state="overdue")

    def test_none_is_open(self, operator: Client, order: Graph) -> None:
        assert "No intervention is open" in shown(operator, reverse(LIST))

    def test_the_header_and_the_admins_index_count_them(
        self, operator: Client, intervention: Intervention
    ) -> None:
        assert 'data-slot="inbox-count">1<' in shown(operator, reverse("home"))
        root = client_of("root", "admin")
        assert "waits for you" in shown(root, reverse("admin:index"))


class TestPage:
    def test_it_says_what_happened_what_waits_and_what_follows(
        self, operator: Client, intervention: Intervention
    ) -> None:
        page = shown(operator, url("change", intervention))
        assert "ship had failed, so what was done is being undone" in page
        assert "undo, the undo of charge, failed" in page
        assert "1 undo waits behind it" in page
        assert "undo is tried again for charge. Then 1 more undo follows: reserve." in page
        assert "charge counts as undone. Then 1 more undo follows: reserve." in page
        assert "What charge did stays. Then 1 more undo follows: reserve. The run ends as failed." in page
        assert re.findall(r'name="answer" value="(\w+)"', page) == ["retry", "resolve", "abandon"]

    def test_the_context_of_the_next_attempt_and_the_run_are_there(
        self, operator: Client, intervention: Intervention
    ) -> None:
        page = shown(operator, url("change", intervention))
        assert '"undo_charge": true' in page
        assert '<workflow-canvas mode="view"' in page
        assert 'data-step="charge"' in page

    def test_the_traceback_is_for_operators(
        self, operator: Client, viewer: Client, run_here: RunHere
    ) -> None:
        run = run_here(chain(step("a", on_failure="pause", retry=None)), faults={"a": "critical"})
        address = url("change", run.interventions.get())
        assert "Traceback" in shown(operator, address)
        assert viewer.get(address).status_code in (302, 403)

    def test_strangers_and_viewers_get_nowhere(
        self, stranger: Client, viewer: Client, intervention: Intervention
    ) -> None:
        before = JournalEntry.objects.count()
        for name in ("live", "answer", "claim", "release", "approve", "withdraw", "note", "plan"):
            for client in (stranger, viewer):
                send = client.get if name == "live" else client.post
                assert send(url(name, intervention), {"answer": "retry"}).status_code in (302, 403)
        assert JournalEntry.objects.count() == before

    def test_there_has_to_be_one(self, operator: Client, order: Graph) -> None:
        for name in ("change", "live", "answer"):
            address = reverse(f"admin:runs_intervention_{name}", args=[999])
            send = operator.post if name == "answer" else operator.get
            assert send(address).status_code == 404

    def test_markup_in_errors_and_notes_stays_text(
        self, operator: Client, intervention: Intervention
    ) -> None:
        Intervention.objects.update(error={"code": "x", "message": "<script>alert(1)</script>"})
        operator.post(url("note", intervention), {"text": "<img src=x onerror=alert(1)>"})
        for address in (url("change", intervention), reverse(LIST)):
            page = operator.get(address).content.decode()
            assert "<script>alert" not in page and "<img src=x" not in page


class TestAnswers:
    def test_it_is_confirmed_before_it_is_given(self, operator: Client, intervention: Intervention) -> None:
        sent = {"answer": "resolve", "note": "In cash."}
        page = html.unescape(operator.post(url("answer", intervention), sent).content.decode())
        assert "charge counts as undone. Then 1 more undo follows: reserve." in page
        assert again(intervention).status == "open"
        told = re.search(r"<textarea hidden name=\"told\">(.*?)</textarea>", page)
        assert told
        operator.post(url("answer", intervention), sent | {"confirmed": "on", "told": told[1]})
        assert (again(intervention).answer, again(intervention).answered_by) == ("resolve", "olga")
        assert "olga said that charge is undone by hand." in shown(operator, url("change", intervention))

    def test_what_is_confirmed_is_what_was_told(self, operator: Client, intervention: Intervention) -> None:
        sent = {"answer": "abandon", "note": "No use.", "confirmed": "on", "told": "Something else."}
        page = operator.post(url("answer", intervention), sent).content.decode()
        assert "The run has moved on" in page
        assert again(intervention).status == "open"

    def test_a_patch_is_shown_as_changes_and_kept(self, operator: Client, intervention: Intervention) -> None:
        sent = {"answer": "retry", "patch": '{"faults": {"undo_charge": null}, "x": 1}', "note": ""}
        page = html.unescape(operator.post(url("answer", intervention), sent).content.decode())
        assert "faults.undo_charge" in page and "<del" in page and "<ins" in page
        told = re.search(r"name=\"told\">(.*?)</textarea>", page)
        assert told
        operator.post(url("answer", intervention), sent | {"confirmed": "on", "told": told[1]})
        entry = JournalEntry.objects.get(type="intervention.answered")
        assert entry.payload == {"faults": {"undo_charge": None}, "x": 1}

    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            ({}, "Choose an answer"),
            ({"answer": "skip"}, "no longer possible"),
            ({"answer": "resolve"}, "Say what was done"),
            ({"answer": "abandon", "note": "  "}, "Say what was done"),
            ({"answer": "retry", "patch": '{"a": '}, "not JSON yet"),
            ({"answer": "retry", "patch": "[1]"}, "must be a JSON object"),
            ({"answer": "retry", "note": "x" * 5_000}, "at most 4000"),
        ],
    )
    def test_what_is_missing_or_broken_is_said_and_nothing_is_lost(
        self, operator: Client, intervention: Intervention, sent: dict[str, str], said: str
    ) -> None:
        response = operator.post(url("answer", intervention), sent)
        page = html.unescape(response.content.decode())
        assert response.status_code == 422
        assert said in page
        assert sent.get("patch", "") in page
        assert again(intervention).status == "open"

    def test_the_second_of_two_is_told_who_and_what(
        self, operator: Client, bob: Client, intervention: Intervention
    ) -> None:
        service.answer(intervention.pk, Reply("abandon", "No use."), "olga")
        page = bob.post(url("answer", intervention), {"answer": "retry"}, follow=True).content.decode()
        assert "olga has already answered: Leave what it did." in page
        assert "Leave what it did" in page

    def test_anothers_claim_is_pointed_out(self, bob: Client, intervention: Intervention) -> None:
        service.claim(intervention.pk, "olga")
        page = bob.post(url("answer", intervention), {"answer": "retry"}).content.decode()
        assert "<strong>olga</strong> has claimed this case" in page

    def test_a_second_person_agrees(self, operator: Client, bob: Client, intervention: Intervention) -> None:
        CasePolicy.objects.create(second_person=True)
        assert "A second person has to agree" in shown(operator, url("change", intervention))
        service.answer(intervention.pk, Reply("resolve", "In cash."), "olga")
        assert "Agree, and do it" not in shown(operator, url("change", intervention))
        assert "Agree, and do it" in shown(bob, url("change", intervention))
        operator.post(url("approve", intervention))
        assert again(intervention).status == "open"
        bob.post(url("approve", intervention))
        assert again(intervention).answered_by == "bob"

    def test_params_that_would_not_fit_are_warned_of(self, operator: Client, run_here: RunHere) -> None:
        graph = chain(step("a", worker="measured", params={"size": "=context.size"}, on_failure="pause"))
        intervention = run_here(graph, size="huge").interventions.get()
        page = operator.post(url("answer", intervention), {"answer": "retry"}).content.decode()
        assert "would refuse its params" in page and "params.size" in page
        mended = operator.post(url("answer", intervention), {"answer": "retry", "patch": '{"size": 3}'})
        assert "would refuse its params" not in mended.content.decode()


class TestWork:
    def test_claim_note_plan_and_give_back(
        self, operator: Client, bob: Client, intervention: Intervention
    ) -> None:
        operator.post(url("claim", intervention))
        assert "You have claimed it" in shown(operator, url("change", intervention))
        assert "olga has claimed it" in bob.post(url("claim", intervention), follow=True).content.decode()
        bob.post(url("claim", intervention), {"take_over": "on"})
        assert again(intervention).claimed_by == "bob"
        bob.post(url("note", intervention), {"text": "Called the bank."})
        bob.post(url("plan", intervention), {"severity": "critical", "due_at": "2030-01-02T03:04"})
        bob.post(url("release", intervention))
        page = shown(operator, url("change", intervention))
        assert "Called the bank." in page
        assert "Critical" in page and "2030-01-02" in page
        assert again(intervention).claimed_by == ""

    @pytest.mark.parametrize(
        ("name", "sent"),
        [("note", {"text": " "}), ("plan", {"severity": "worst"}), ("plan", {"due_at": "x"})],
    )
    def test_broken_forms_are_told_in_place(
        self, operator: Client, intervention: Intervention, name: str, sent: dict[str, str]
    ) -> None:
        assert operator.post(url(name, intervention), sent).status_code == 422

    def test_acts_are_posted(self, operator: Client, intervention: Intervention) -> None:
        for name in ("answer", "claim", "release", "approve", "withdraw", "note", "plan"):
            assert operator.get(url(name, intervention)).status_code == 405


class TestBulk:
    def test_causes_are_counted(self, operator: Client, run_here: RunHere, order: Graph) -> None:
        stuck_ones(run_here, order, 3)
        run_here(chain(step("a", on_failure="pause")), faults={"a": "critical"})
        page = shown(operator, reverse("admin:runs_intervention_causes"))
        assert re.findall(r'cause-count">(\d+)<', page) == ["3", "1"]
        assert "charge of order" in page

    def test_one_first_and_then_the_rest(self, operator: Client, run_here: RunHere, order: Graph) -> None:
        interventions = stuck_ones(run_here, order, 4)
        address = reverse("admin:runs_intervention_cause", args=[interventions[0].cause_key])
        assert "4 open questions of one cause" in shown(operator, address)
        response = operator.post(address, {"answer": "abandon", "note": "No use."})
        assert [again(intervention).status for intervention in interventions] == [
            "answered",
            "open",
            "open",
            "open",
        ]
        batch = response["Location"]
        page = shown(operator, batch)
        assert "3 more of this cause are open" in page
        ids = re.search(r'name="ids" value="([\d,]+)"', page)
        assert ids
        service.answer(interventions[2].pk, Reply("resolve", "By hand."), "bob")
        rest = re.search(r'action="([^"]+/rest/)"', page)
        assert rest
        sent = {"answer": "abandon", "note": "No use.", "ids": ids[1]}
        done = operator.post(rest[1], sent, follow=True)
        assert len(re.findall("data-outcome", done.content.decode())) == 2
        assert [again(intervention).answer for intervention in interventions] == [
            "abandon",
            "abandon",
            "resolve",
            "abandon",
        ]
        assert [again(intervention).answered_by for intervention in interventions] == [
            "olga",
            "olga",
            "bob",
            "olga",
        ]

    def test_a_refused_one_holds_up_no_other(self, operator: Client, run_here: RunHere, order: Graph) -> None:
        interventions = stuck_ones(run_here, order, 3)
        service.answer(interventions[1].pk, Reply("resolve", "By hand."), "bob")
        batch = service.answer_many(
            [intervention.pk for intervention in interventions], Reply("abandon", "No use."), "olga"
        )
        page = shown(operator, reverse("admin:runs_intervention_batch", args=[batch]))
        assert re.findall(r'data-outcome="(\w+)"', page)[1] == "refused"
        assert "bob has already answered: I undid it by hand." in page
        assert "1 refused" in page

    def test_a_missing_note_is_told_before_anything_happens(
        self, operator: Client, intervention: Intervention
    ) -> None:
        address = reverse("admin:runs_intervention_cause", args=[intervention.cause_key])
        response = operator.post(address, {"answer": "resolve"})
        assert response.status_code == 422
        assert "Say what was done" in response.content.decode()
        assert again(intervention).status == "open"

    def test_unknown_ones_are_told(self, operator: Client, intervention: Intervention) -> None:
        nobody = "00000000-0000-0000-0000-000000000000"
        assert operator.get(reverse("admin:runs_intervention_cause", args=["nonsense"])).status_code == 404
        for name in ("batch", "batch_live"):
            address = reverse(f"admin:runs_intervention_{name}", args=[nobody])
            assert operator.get(address).status_code == 404
        service.answer(intervention.pk, Reply("abandon", "No use."), "olga")
        gone = operator.get(
            reverse("admin:runs_intervention_cause", args=[intervention.cause_key]), follow=True
        )
        assert "No intervention of that cause is open" in gone.content.decode()
