"""What people do around an intervention: claims, notes, due times, a second person; and what is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User

from designer.document.graph import Retry
from runs.audit import audit
from runs.delivery import queue
from runs.engine import engine
from runs.errors import AnsweredAlready, UnknownIntervention, Unstorable
from runs.interventions import service
from runs.interventions.facts import Question, sentence_about
from runs.interventions.queries import history_json
from runs.interventions.service import Reply
from runs.machine.errors import Refused
from runs.models import CaseAct, CaseMail, CasePolicy, Intervention, JournalEntry, Run, Severity
from runs.store import reader
from tests.integration.runs.conftest import RunHere, chain, step
from tests.people import person
from workers.cli.local_run import _work_once


@pytest.fixture
def olga() -> User:
    return person("olga", "operator")


@pytest.fixture
def bob() -> User:
    return person("bob", "operator")


@pytest.fixture
def intervention(run_here: RunHere) -> Intervention:
    """The undo of `b` failed; `a` waits behind it."""
    return stuck(run_here)


def stuck(run_here: RunHere, **faults: Any) -> Intervention:
    run = run_here(chain(step("a"), step("b"), step("c")), faults={"c": "critical", "undo_b": True, **faults})
    return run.interventions.get()


def again(intervention: Intervention) -> Intervention:
    return Intervention.objects.get(pk=intervention.pk)


def acts(intervention: Intervention) -> list[str]:
    return [line["act"] for line in history_json(again(intervention))]


def refusal(error: pytest.ExceptionInfo[Refused]) -> str:
    return error.value.code


class TestClaims:
    def test_one_person_works_on_it_until_they_give_it_back(
        self, intervention: Intervention, olga: User, bob: User
    ) -> None:
        service.claim(intervention.pk, olga)
        service.claim(intervention.pk, olga)
        with pytest.raises(Refused, match="olga has claimed it") as error:
            service.claim(intervention.pk, bob)
        assert refusal(error) == "already_claimed"
        with pytest.raises(Refused, match="not you"):
            service.release(intervention.pk, bob)
        service.release(intervention.pk, olga)
        service.release(intervention.pk, olga)
        assert (again(intervention).claimed_by, again(intervention).claimed_at) == ("", None)
        assert acts(intervention) == ["opened", "claimed", "released"]

    def test_it_can_be_taken_over(self, intervention: Intervention, olga: User, bob: User) -> None:
        service.claim(intervention.pk, olga)
        service.claim(intervention.pk, bob, take_over=True)
        assert again(intervention).claimed_by == "bob"
        assert "taken over from olga" in LogEntry.objects.latest("pk").get_change_message()

    def test_an_answered_one_is_claimed_no_more(
        self, intervention: Intervention, olga: User, bob: User
    ) -> None:
        service.answer(intervention.pk, Reply("abandon", "No use."), olga)
        with pytest.raises(AnsweredAlready, match="olga has already answered: Leave what it did"):
            service.claim(intervention.pk, bob)

    def test_there_has_to_be_one(self, olga: User, transactional_db: None) -> None:
        with pytest.raises(UnknownIntervention):
            service.claim(7, olga)


class TestNotes:
    def test_notes_stay_in_order_even_after_the_answer(self, intervention: Intervention, olga: User) -> None:
        service.note(intervention.pk, olga, " Called the bank. ")
        service.answer(intervention.pk, Reply("abandon", "No use."), olga)
        service.note(intervention.pk, olga, "They called back.")
        lines = history_json(again(intervention))
        assert [(line["act"], line["text"]) for line in lines] == [
            ("opened", ""),
            ("noted", "Called the bank."),
            ("answered", "No use."),
            ("noted", "They called back."),
        ]

    @pytest.mark.parametrize("text", ["", "  \n", "x" * 4_001])
    def test_an_empty_or_endless_one_is_refused(
        self, intervention: Intervention, olga: User, text: str
    ) -> None:
        with pytest.raises(Refused):
            service.note(intervention.pk, olga, text)
        assert not CaseAct.objects.exists()

    def test_text_that_cannot_be_stored_is_refused(self, intervention: Intervention, olga: User) -> None:
        with pytest.raises(Unstorable):
            service.note(intervention.pk, olga, "a\x00b")


class TestPolicies:
    def test_a_failed_undo_is_worse_than_a_failed_step_unless_stated(
        self, intervention: Intervention
    ) -> None:
        assert intervention.severity == "high"
        assert intervention.due_at == intervention.opened_at + timedelta(hours=4)

    def test_the_most_specific_policy_counts(self, run_here: RunHere, transactional_db: None) -> None:
        CasePolicy.objects.create(severity=Severity.LOW)
        assert stuck(run_here).severity == "low"
        CasePolicy.objects.create(kind="compensation_failed", severity=Severity.NORMAL)
        assert stuck(run_here).severity == "normal"
        CasePolicy.objects.create(workflow="sample", severity=Severity.HIGH, due_minutes=5)
        found = stuck(run_here)
        assert (found.severity, found.due_at) == ("high", found.opened_at + timedelta(minutes=5))
        CasePolicy.objects.create(
            workflow="sample", kind="compensation_failed", severity=Severity.CRITICAL, due_minutes=None
        )
        assert (stuck(run_here).severity, stuck(run_here).due_at) == ("critical", None)
        CasePolicy.objects.create(workflow="other", severity=Severity.LOW)
        assert stuck(run_here).severity == "critical"

    def test_severity_and_due_time_are_changed(self, intervention: Intervention, olga: User) -> None:
        due = reader.now() + timedelta(hours=1)
        service.plan(intervention.pk, olga, Severity.CRITICAL, due)
        service.plan(intervention.pk, olga, Severity.CRITICAL, due)
        assert (again(intervention).severity, again(intervention).due_at) == ("critical", due)
        assert CaseMail.objects.get(case=intervention, about="overdue").due_at == due
        assert acts(intervention).count("planned") == 1
        service.plan(intervention.pk, olga, Severity.LOW, None)
        assert not CaseMail.objects.filter(case=intervention, about="overdue").exists()


class TestAnswers:
    def test_two_people_one_answer(self, intervention: Intervention, olga: User, bob: User) -> None:
        assert service.answer(intervention.pk, Reply("resolve", "By hand."), olga) == "answered"
        with pytest.raises(AnsweredAlready, match="olga has already answered: I undid it by hand"):
            service.answer(intervention.pk, Reply("retry"), bob)
        assert JournalEntry.objects.filter(type="intervention.answered").count() == 1

    def test_the_patch_is_in_the_journal_and_the_act_in_the_admin_log(
        self, intervention: Intervention, olga: User
    ) -> None:
        service.answer(intervention.pk, Reply("retry", "Fixed.", {"faults": {"undo_b": None}}), olga)
        entry = JournalEntry.objects.get(type="intervention.answered")
        assert (entry.payload, entry.data["by"]) == ({"faults": {"undo_b": None}}, "olga")
        logged = LogEntry.objects.get()
        assert (logged.user, logged.object_id) == (olga, str(intervention.pk))
        assert logged.get_change_message() == "Answered retry: Fixed."

    def test_a_refused_answer_leaves_no_trace(self, intervention: Intervention, olga: User) -> None:
        with pytest.raises(Refused, match="note"):
            service.answer(intervention.pk, Reply("resolve"), olga)
        with pytest.raises(Refused, match="not possible"):
            service.answer(intervention.pk, Reply("skip", "x"), olga)
        assert not LogEntry.objects.exists()
        assert again(intervention).status == "open"


class TestSecondPerson:
    @pytest.fixture(autouse=True)
    def policy(self, transactional_db: None) -> None:
        CasePolicy.objects.create(second_person=True)

    def test_it_is_answered_when_another_one_agrees(
        self, intervention: Intervention, olga: User, bob: User
    ) -> None:
        assert service.answer(intervention.pk, Reply("resolve", "In cash."), olga) == "proposed"
        assert again(intervention).status == "open"
        with pytest.raises(Refused, match="second person") as error:
            service.approve(intervention.pk, olga)
        assert refusal(error) == "same_person"
        assert service.answer(intervention.pk, Reply("resolve", "In cash, today."), olga) == "proposed"
        service.approve(intervention.pk, bob)
        found = again(intervention)
        assert (found.answer, found.answered_by, found.note) == ("resolve", "bob", "In cash, today.")
        assert found.proposal is None
        assert JournalEntry.objects.get(type="intervention.answered").data["proposed_by"] == "olga"
        assert acts(intervention) == ["opened", "proposed", "proposed", "answered"]

    def test_the_same_answer_from_another_one_agrees_too(
        self, intervention: Intervention, olga: User, bob: User
    ) -> None:
        service.answer(intervention.pk, Reply("abandon", "No use."), olga)
        with pytest.raises(Refused, match="olga has proposed abandon") as error:
            service.answer(intervention.pk, Reply("resolve", "By hand."), bob)
        assert refusal(error) == "other_proposal"
        assert service.answer(intervention.pk, Reply("abandon", "Indeed."), bob) == "answered"

    def test_a_proposal_is_rejected_or_overtaken_by_a_retry(
        self, intervention: Intervention, olga: User, bob: User
    ) -> None:
        service.answer(intervention.pk, Reply("abandon", "No use."), olga)
        service.withdraw(intervention.pk, bob, "Try again first.")
        with pytest.raises(Refused, match="Nothing is proposed"):
            service.approve(intervention.pk, bob)
        service.answer(intervention.pk, Reply("abandon", "No use."), olga)
        assert service.answer(intervention.pk, Reply("retry"), bob) == "answered"
        assert again(intervention).proposal is None

    def test_a_proposal_needs_its_note(self, intervention: Intervention, olga: User) -> None:
        with pytest.raises(Refused, match="note"):
            service.answer(intervention.pk, Reply("resolve", " "), olga)
        assert again(intervention).proposal is None

    def test_a_failed_step_needs_one_person_only(self, run_here: RunHere, olga: User) -> None:
        run: Run = run_here(chain(step("a", on_failure="pause")), faults={"a": "critical"})
        assert service.answer(run.interventions.get().pk, Reply("resolve", "Done."), olga) == "answered"


def test_interventions_of_one_error_have_one_cause(run_here: RunHere) -> None:
    first, second = stuck(run_here), stuck(run_here)
    assert first.cause == second.cause != ""
    assert first.cause_key == second.cause_key
    other = run_here(chain(step("a", on_failure="pause")), faults={"a": "critical"}).interventions.get()
    assert other.cause_key != first.cause_key


def test_a_secret_in_a_patch_is_sealed_before_it_is_kept(run_here: RunHere, olga: User) -> None:
    schema = {"type": "object", "properties": {"key": {"type": "string", "writeOnly": True}}}
    graph = chain(step("a", on_failure="pause"), name="secretive", input_schema=schema)
    intervention = run_here(graph, faults={"a": "critical"}, key="old").interventions.get()
    service.answer(intervention.pk, Reply("retry", patch={"key": "s3cret-new", "plain": "x"}), olga)
    entry = JournalEntry.objects.get(type="intervention.answered")
    assert entry.payload is not None and entry.payload["plain"] == "x"
    assert "s3cret-new" not in str(entry.payload)
    now = reader.now()
    lines = audit.lines(now - timedelta(days=1), now + timedelta(days=1))
    exported = b"".join(audit.as_json(lines)).decode()
    assert "s3cret-new" not in exported and entry.payload["key"] not in exported


class TestWhatIsSaid:
    """Sentences that the journal bears out, before and after the answer."""

    def test_how_often_it_was_tried_is_counted_for_each_question(
        self, intervention: Intervention, olga: User
    ) -> None:
        assert sentence_of(intervention) == (
            "c had failed, so what was done is being undone; undo, the undo of b, failed."
        )
        answered(intervention, Reply("retry"), olga)
        second = Intervention.objects.get(status="open")
        assert sentence_of(second) == (
            "c had failed, so what was done is being undone; undo, the undo of b, failed again."
        )
        assert sentence_of(again(intervention)) == (
            "c had failed, so what was done was being undone; undo, the undo of b, failed."
        )

    def test_retries_of_the_policy_count_as_attempts(self, run_here: RunHere, olga: User) -> None:
        graph = chain(step("a", worker="late", on_failure="pause", retry=Retry(max_attempts=3, initial=0.0)))
        first = run_here(graph).interventions.get()
        assert sentence_of(first) == "a failed in 3 attempts, and a person is to say how it goes on."
        answered(first, Reply("retry"), olga)
        second = Intervention.objects.get(status="open")
        assert sentence_of(second) == "a failed again in 3 attempts, and a person is to say how it goes on."
        assert sentence_of(again(first)) == "a failed in 3 attempts, and a person was asked how it goes on."

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            ("retry", "olga had undo tried again for b."),
            ("resolve", "olga said that b is undone by hand."),
            ("abandon", "olga left what b did as it is."),
        ],
    )
    def test_an_answer_is_told_in_the_past(
        self, intervention: Intervention, olga: User, answer: Any, said: str
    ) -> None:
        assert Question(intervention).answered == ""
        service.answer(intervention.pk, Reply(answer, "so be it"), olga)
        assert Question(again(intervention)).answered == said

    def test_what_the_run_itself_closed_was_answered_by_nobody(self, intervention: Intervention) -> None:
        engine.cancel_run(intervention.run_id, "abandon", "olga")
        assert again(intervention).answered_by == ""
        assert Question(again(intervention)).answered == "Nobody answered: the run was ended meanwhile."


def sentence_of(intervention: Intervention) -> str:
    return sentence_about(Question(intervention))


def answered(intervention: Intervention, reply: Reply, user: User) -> None:
    """Gives the answer, and carries out what follows."""
    with queue.collect_dispatches() as dispatches:
        service.answer(intervention.pk, reply, user)
        while _work_once(intervention.run_id, dispatches):
            pass
