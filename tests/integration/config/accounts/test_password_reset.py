"""Forgotten passwords: the link by mail, and that nothing tells whether an account has an address."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.accounts import mail
from tests.people import person

pytestmark = pytest.mark.django_db(transaction=True)
RIGHT = "a-right-password-42"
KNOWN, UNKNOWN, BARRED, WITHOUT = (
    "olga@example.org",
    "nobody@example.org",
    "gone@example.org",
    "bot@example.org",
)
may_send = threading.Event()


class SlowMail(EmailBackend):
    """A mail server that answers when the test lets it, and tells in which thread it was asked."""

    threads: list[str] = []

    def send_messages(self, messages):
        self.threads.append(threading.current_thread().name)
        assert may_send.wait(30)
        return super().send_messages(messages)


@pytest.fixture(autouse=True)
def people():
    """Accounts with a password, deactivated, and without a password."""
    for name, address in {"olga": KNOWN, "gone": BARRED, "bot": WITHOUT}.items():
        user = person(name, "operator", email=address, is_active=address != BARRED)
        if address != WITHOUT:
            user.set_password(RIGHT)
        user.save()


def ask(address: str) -> Any:
    return Client().post(reverse("password_reset"), {"email": address}, follow=True)


def wait_for_mail() -> None:
    mail.sender.submit(lambda: None).result(30)


def test_a_forgotten_password_is_replaced_by_mail_once(mailoutbox):
    asked = ask(KNOWN)
    wait_for_mail()
    assert "Look into your mail" in asked.content.decode()
    found = re.search(r"https?://[^/]+(/accounts/reset/\S+)", mailoutbox[0].body)
    assert found
    link = found[1]
    assert "olga" in mailoutbox[0].body
    client = Client()
    form = client.get(link, follow=True)
    url = form.redirect_chain[-1][0]
    weak = client.post(url, {"new_password1": "password1234", "new_password2": "password1234"})
    assert "too common" in weak.content.decode()
    sent = {"new_password1": "another-word-77", "new_password2": "another-word-77"}
    assert "Your password is set" in client.post(url, sent, follow=True).content.decode()
    assert try_in(RIGHT).status_code == 200
    assert try_in("another-word-77").status_code == 302
    assert "does not hold" in Client().get(link, follow=True).content.decode()


def try_in(password: str) -> Any:
    return Client().post(reverse("login"), {"username": "olga", "password": password})


def test_every_address_gets_the_same_answer_by_the_same_queries(mailoutbox):
    """The request looks nobody up and sends nothing: what it does cannot depend on the address."""
    seen = []
    for address in (KNOWN, UNKNOWN, BARRED, WITHOUT):
        with CaptureQueriesContext(connection) as queries:
            answer = ask(address)
        assert "Look into your mail" in answer.content.decode()
        seen.append(([query["sql"] for query in queries], [answer.redirect_chain, answer.status_code]))
    wait_for_mail()
    assert all(one == seen[0] for one in seen)
    assert not [sql for sql in seen[0][0] if "auth_user" in sql]
    assert [message.to for message in mailoutbox] == [[KNOWN]]


def test_no_answer_waits_for_the_mail_server(settings):
    settings.EMAIL_BACKEND = f"{__name__}.SlowMail"
    SlowMail.threads.clear()
    may_send.clear()
    try:
        assert ask(KNOWN).status_code == 200
        assert not django_mail.outbox
    finally:
        may_send.set()
    wait_for_mail()
    assert [message.to for message in django_mail.outbox] == [[KNOWN]]
    assert SlowMail.threads == ["account-mail_0"]


def test_mails_that_wait_are_bounded_and_a_failed_one_keeps_none_from_the_next(caplog):
    sent = []

    def fail() -> None:
        raise OSError("no mail server")

    def wait() -> None:
        assert may_send.wait(30)

    may_send.clear()
    calls: list[Callable[[], None]] = [wait, fail, *[lambda: sent.append(1)] * mail.PENDING_MAX]
    for call in calls:
        mail.send_later(call)
    may_send.set()
    wait_for_mail()
    assert len(sent) == mail.PENDING_MAX - 2
    assert [record.message for record in caplog.records if record.name == mail.__name__] == [
        "a mail about an account is dropped, as 100 wait already",
        "a mail about an account is dropped, as 100 wait already",
        "a mail about an account could not be made",
    ]
    mail.send_later(lambda: sent.append(2))
    wait_for_mail()
    assert sent[-1] == 2
