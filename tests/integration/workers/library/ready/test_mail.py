"""`send_email` against a real SMTP server: messages, refusals by their codes, and once in all."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.workers.library.ready.mail_server import HANG_UP, MailServer, mail_server
from workers.connections import service
from workers.connections.service import ConnectionSpec
from workers.library import records
from workers.library.mail.workers import send_email
from workers.testing import call, fake_step, outcome_of

pytestmark = pytest.mark.django_db(transaction=True)

ORDER = {"name": "Ann & Bo", "order": {"id": 7}}
MAIL = {"to": "ann@example.org", "subject": "Order {{ order.id }}", "text": "Dear {{ name }},\nthank you.\n"}


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.DEFAULT_FROM_EMAIL = "Board <board@example.com>"
        yield running


def send(key: str = "run-1:mail", **params: Any) -> dict[str, Any]:
    step = fake_step(idempotency_key=key)
    return call(send_email, ORDER, params={**MAIL, **params}, step=step)  # type: ignore[no-any-return]


def refused(**params: Any) -> Any:
    outcome = outcome_of(send_email, ORDER, params={**MAIL, **params})
    assert outcome.failure and outcome.kind == "failed"
    return outcome


def test_a_message_arrives_as_it_was_written(server: MailServer) -> None:
    output = send(to=["Ann <ann@example.org>", "bo@example.org"], cc="cy@example.org", bcc="di@example.org",
                  reply_to="help@example.com", html="<p>Dear <b>{{ name }}</b></p>")  # fmt: skip
    [taken] = server.taken
    message = taken.message
    assert taken.sender == "board@example.com"
    assert taken.recipients == ["ann@example.org", "bo@example.org", "cy@example.org", "di@example.org"]
    assert (message["Subject"], message["Reply-To"]) == ("Order 7", "help@example.com")
    assert (message["To"], message["Cc"]) == ("Ann <ann@example.org>, bo@example.org", "cy@example.org")
    assert "di@example.org" not in message.as_string()
    assert message["Auto-Submitted"] == "auto-generated" and message["Date"]
    text, html = message.iter_parts()
    assert text.get_content() == "Dear Ann & Bo,\nthank you.\n"
    assert html.get_content().strip() == "<p>Dear <b>Ann &amp; Bo</b></p>"
    assert output["message_id"] == message["Message-ID"] and output["message_id"].endswith("@example.com>")
    assert (len(output["recipients"]), output["refused"]) == (4, [])


def test_a_message_may_have_html_alone_and_another_sender(server: MailServer) -> None:
    send(text="", html="<p>ü</p>", sender="shop@example.net", values={"order": {"id": "ü"}})
    [taken] = server.taken
    assert taken.message.get_content_type() == "text/html" and "ü" in taken.message.get_content()
    assert (taken.message["Subject"], taken.message["From"]) == ("Order ü", "shop@example.net")


def test_files_are_attached(server: MailServer, files: Path) -> None:
    (files / "bills").mkdir()
    (files / "bills" / "7.csv").write_text("a,b\n")
    (files / "bills" / "7.pdf").write_bytes(b"%PDF\x00")
    send(attachments="bills/7.csv, bills/7.pdf")
    attached = [
        (part.get_filename(), part.get_content_type()) for part in server.taken[0].message.iter_attachments()
    ]
    assert attached == [("7.csv", "text/csv"), ("7.pdf", "application/pdf")]


def test_a_second_attempt_sends_nothing_again(server: MailServer) -> None:
    assert send() == send()
    assert len(server.taken) == 1
    send("run-2:mail")
    first, second = (taken.message["Message-ID"] for taken in server.taken)
    assert first != second


def test_a_message_whose_outcome_is_lost_is_recognised_by_its_id(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*args: Any, **details: Any) -> None:
        raise OSError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(records, "note", lost)
        assert refused().retryable
    call(send_email, ORDER, params=MAIL, step=fake_step(idempotency_key="run-1:step", attempt=2))
    first, second = (taken.message["Message-ID"] for taken in server.taken)
    assert first == second


# --- what the server refuses ---


def test_some_refused_recipients_are_told_and_the_others_have_it(server: MailServer) -> None:
    server.replies["gone@example.org"] = "550 5.1.1 no such\tuser"
    output = send(to="ann@example.org, gone@example.org")
    assert output["refused"] == [
        {"address": "gone@example.org", "code": "smtp_550", "message": "5.1.1 no such user"}
    ]
    assert server.taken[0].recipients == ["ann@example.org"]


@pytest.mark.parametrize(
    ("place", "reply", "retryable"),
    [
        ("ann@example.org", "450 4.2.0 greylisted, come again", True),
        ("ann@example.org", "550 5.1.1 no such user", False),
        ("data", "451 4.3.0 busy", True),
        ("data", "554 5.7.1 spam", False),
    ],
)
def test_what_is_refused_has_the_servers_code(
    server: MailServer, place: str, reply: str, retryable: bool
) -> None:
    server.replies[place] = reply
    outcome = refused()
    assert (outcome.failure.code, outcome.retryable) == (f"smtp_{reply[:3]}", retryable)
    assert outcome.failure.cause == f"smtp_{reply[0]}xx"
    assert reply[4:] in outcome.failure.message and not server.taken
    del server.replies[place]
    send("run-1:step")
    assert len(server.taken) == 1


def test_nobody_knows_whether_a_server_that_hangs_up_has_the_message(server: MailServer) -> None:
    server.replies["data"] = HANG_UP
    outcome = outcome_of(send_email, ORDER, params=MAIL)
    assert outcome.failure and (outcome.kind, outcome.failure.code) == ("unknown", "connection_lost")


def test_a_connection_names_another_server(settings: Any) -> None:
    with mail_server() as running:
        service.put("mails", ConnectionSpec("smtp", f"smtp://127.0.0.1:{running.port}"))
        send(connection="mails")
        assert len(running.taken) == 1
    assert refused(connection="males").failure.code == "unknown_connection"


def test_it_is_tried_again_if_one_of_all_refused_may_be_taken_later(server: MailServer) -> None:
    server.replies |= {"a@example.org": "550 no", "b@example.org": "451 later"}
    outcome = refused(to="a@example.org, b@example.org")
    assert (outcome.failure.code, outcome.retryable) == ("smtp_451", True)


def test_a_server_that_is_away_is_tried_again(settings: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = free.getsockname()
        outcome = refused()
    assert (outcome.failure.code, outcome.retryable) == ("connect", True)


def test_a_server_that_takes_no_password_is_not_tried_again(server: MailServer, settings: Any) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "board", "secret"
    outcome = refused()
    assert (outcome.failure.code, outcome.retryable) == ("smtp_unsupported", False)
    assert "secret" not in outcome.failure.message


# --- what is refused here ---


@pytest.mark.parametrize(
    ("params", "code", "says"),
    [
        ({"to": "ann@example.org\nBcc: eve@example.org"}, "bad_address", "to: "),
        ({"to": "ann"}, "bad_address", "ann@example.org"),
        ({"to": ["ann@example.org, eve@example.org"]}, "bad_address", "no address"),
        ({"to": "ann@exämple.org"}, "bad_address", "to: "),
        ({"to": ""}, "bad_address", "1 to 200 recipients"),
        ({"to": [f"a{number}@example.org" for number in range(201)]}, "bad_address", "1 to 200 recipients"),
        ({"sender": "Board\r\nX: y <board@example.com>"}, "bad_address", "sender: "),
        ({"reply_to": "x\r\ny@example.org"}, "bad_address", "reply_to: "),
        ({"subject": "{{ name }}\nBcc: eve@example.org"}, "bad_header", "in one line"),
        ({"subject": "{{ nothing }}"}, "missing_value", "subject, line 1: 'nothing'"),
        ({"text": "a\n{{ nothing }}"}, "missing_value", "text, line 2: 'nothing'"),
        ({"html": "{{"}, "bad_template", "html, line 1"),
        ({"text": ""}, "bad_params", "state a text, or HTML"),
        ({"attachments": "nothing.pdf"}, "no_file", "nothing.pdf"),
        ({"attachments": "../db.sqlite3"}, "bad_path", "begin with a point"),
    ],
)
def test_what_cannot_be_sent_says_why(
    server: MailServer, params: dict[str, Any], code: str, says: str
) -> None:
    outcome = refused(**params)
    assert (outcome.failure.code, outcome.retryable) == (code, False)
    assert says in outcome.failure.message and not server.taken


def test_a_value_cannot_add_headers(server: MailServer) -> None:
    outcome = outcome_of(send_email, {"order": {"id": "7\nBcc: eve@example.org"}, "name": ""}, params=MAIL)
    assert outcome.failure and outcome.failure.code == "bad_header" and not server.taken


def test_attachments_have_a_limit(server: MailServer, files: Path) -> None:
    with (files / "large").open("wb") as file:
        file.truncate(20_000_001)
    assert refused(attachments="large").failure.code == "too_large"


def test_without_a_mail_server_the_message_goes_where_the_setting_says(
    settings: Any, mailoutbox: Any
) -> None:
    assert send()["refused"] == []
    assert [message.subject for message in mailoutbox] == ["Order 7"]
