"""E-mail about interventions: once when one is opened and once when it is overdue, whatever gets lost."""

from __future__ import annotations

import smtplib
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outgoing
from django.core.mail import EmailMessage
from pytest_django.fixtures import Settings
from rq import Queue

from runs.delivery import queue as run_queue
from runs.interventions import service
from runs.interventions.notifications import TRIES_MAX, send
from runs.interventions.service import Reply
from runs.maintenance.sweep import sweep_once
from runs.models import CaseMail, CasePolicy, Intervention, Severity
from runs.store import reader
from tests.integration.runs.conftest import RunHere, chain, step
from tests.people import person


@pytest.fixture(autouse=True)
def site(settings: Settings) -> None:
    settings.SITE_URL = "https://board.example.org"


@pytest.fixture
def intervention(run_here: RunHere) -> Intervention:
    run = run_here(chain(step("a"), step("b"), step("c")), faults={"c": "critical", "undo_b": True})
    return run.interventions.get()


def pass_by() -> list[Any]:
    """One pass of the sweep, and whatever a worker process is rung for. Returns what was sent."""
    before = len(outgoing.outbox)
    sweep_once()
    queue = Queue("default", connection=run_queue.connection())
    while job := queue.fetch_job(next(iter(queue.get_job_ids()), "")):
        queue.remove(job)
        job.func(*job.args)
    return outgoing.outbox[before:]


def later(intervention: Intervention, about: str) -> None:
    CaseMail.objects.filter(case=intervention, about=about).update(due_at=reader.now() - timedelta(seconds=1))


def test_operators_with_an_address_are_told_once(intervention: Intervention) -> None:
    person("olga", "operator", email="olga@example.org")
    person("viv", "viewer", email="viv@example.org")
    person("otto", "operator")
    (told,) = pass_by()
    assert told.to == ["olga@example.org"]
    assert told.subject == "[Sagaboard] High: the undo of b failed in sample"
    assert f"https://board.example.org/admin/runs/intervention/{intervention.pk}/change/" in told.body
    assert "c had failed, so what was done is being undone" in told.body
    later(intervention, "opened")
    assert pass_by() == []
    assert intervention.acts.get().text == "Opened: 1 person"


def test_the_policys_addresses_come_first(run_here: RunHere) -> None:
    person("olga", "operator", email="olga@example.org")
    CasePolicy.objects.create(mail_to="one@example.org\n two@example.org \n\n")
    run_here(chain(step("a", on_failure="pause")), faults={"a": "critical"})
    (told,) = pass_by()
    assert told.to == ["one@example.org", "two@example.org"]
    assert "a failed in sample" in told.subject


def test_an_overdue_one_is_told_of_when_the_time_has_come(intervention: Intervention) -> None:
    person("olga", "operator", email="olga@example.org")
    pass_by()
    assert pass_by() == []
    service.plan(intervention.pk, "olga", Severity.HIGH, reader.now() - timedelta(minutes=1))
    (told,) = pass_by()
    assert told.subject.startswith("[Sagaboard] Overdue: ")
    assert pass_by() == []


def test_an_answered_one_is_not(intervention: Intervention) -> None:
    person("olga", "operator", email="olga@example.org")
    service.answer(intervention.pk, Reply("abandon", "No use."), "olga")
    later(intervention, "overdue")
    assert pass_by() == []
    assert not CaseMail.objects.filter(ended_at=None).exists()


def test_nobody_to_tell_is_no_trouble(intervention: Intervention) -> None:
    assert pass_by() == []
    assert not CaseMail.objects.filter(about="opened", ended_at=None).exists()


def test_a_ring_that_is_lost_is_rung_again(intervention: Intervention) -> None:
    person("olga", "operator", email="olga@example.org")
    sweep_once()
    Queue("default", connection=run_queue.connection()).empty()
    later(intervention, "opened")
    assert len(pass_by()) == 1


def test_a_mail_server_that_is_away_is_tried_again_and_given_up_at_last(
    intervention: Intervention, monkeypatch: pytest.MonkeyPatch
) -> None:
    person("olga", "operator", email="olga@example.org")

    def refuse(message: EmailMessage) -> int:
        raise smtplib.SMTPServerDisconnected("gone")

    monkeypatch.setattr(EmailMessage, "send", refuse)
    for _ in range(TRIES_MAX):
        assert CaseMail.objects.filter(about="opened", ended_at=None).exists()
        later(intervention, "opened")
        pass_by()
    assert not CaseMail.objects.filter(about="opened", ended_at=None).exists()
    assert not intervention.acts.exists()


def test_a_second_job_for_the_same_mail_does_nothing(intervention: Intervention) -> None:
    person("olga", "operator", email="olga@example.org")
    mail = CaseMail.objects.get(about="opened")
    send(mail.pk)
    send(mail.pk)
    send(10_000)
    assert len(outgoing.outbox) == 1
