"""Sends a message, and says what the mail server said: of the whole, and of each recipient.

Django's backend drops which recipients a server refuses, so a message is given to its SMTP connection here.
"""

from __future__ import annotations

import smtplib
from collections.abc import Mapping
from typing import Any

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend

from workers import CriticalFailure, StepHandle, TemporaryFailure, UnknownOutcome
from workers.connections.mail import mail_backend
from workers.connections.opening import open_connection

Refusals = Mapping[str, tuple[int, bytes]]
REPLY_CHARS_MAX = 300


def send(message: EmailMessage, connection: str, step: StepHandle) -> list[dict[str, Any]]:
    """Sends a message. Returns the recipients that were refused, as `{address, code, message}`.

    `connection`: the name of a mail server; empty for that of the settings. It is a success if the server
    took the message for one recipient: another attempt would reach that one twice. Raises TemporaryFailure
    with the code `connect`, or `smtp_` and the server's code from 400 to 499; CriticalFailure for those
    above; UnknownOutcome with the code `connection_lost`.
    """
    backend = server_of(connection, step)
    if not isinstance(backend, EmailBackend):
        backend.send_messages([message])
        return []
    try:
        connect(backend)
        return given_to(backend, message)
    except smtplib.SMTPRecipientsRefused as error:
        raise of_all(error.recipients) from None
    except smtplib.SMTPResponseException as error:
        raise failure(error.smtp_code, told(error.smtp_error)) from None
    except smtplib.SMTPNotSupportedError as error:
        raise CriticalFailure(str(error), code="smtp_unsupported") from None
    finally:
        close(backend)


def server_of(connection: str, step: StepHandle) -> Any:
    """The mail server of a connection, or that of the settings. Raises CriticalFailure."""
    return mail_backend(open_connection(connection, "smtp", step)) if connection else get_connection()


def connect(backend: EmailBackend) -> None:
    try:
        backend.open()
    except (smtplib.SMTPResponseException, smtplib.SMTPNotSupportedError):
        raise
    except (smtplib.SMTPException, OSError) as error:
        reason = f"the mail server cannot be reached: {type(error).__name__}: {error}"
        raise TemporaryFailure(reason, code="connect") from None


def given_to(backend: EmailBackend, message: EmailMessage) -> list[dict[str, Any]]:
    assert backend.connection is not None
    content = message.message().as_bytes()
    try:
        return refusals(backend.connection.sendmail(message.from_email, message.recipients(), content))
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        if isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected):
            raise
        reason = f"the connection was lost while the message was sent: {type(error).__name__}: {error}"
        raise UnknownOutcome(reason, code="connection_lost") from None


def close(backend: EmailBackend) -> None:
    """Ends the connection. What the server says to that is about no message."""
    try:
        backend.close()
    except (smtplib.SMTPException, OSError):
        return


def of_all(refused: Refusals) -> CriticalFailure | TemporaryFailure:
    """The failure where every recipient was refused: for good only if each of them was."""
    code = min(code for code, _ in refused.values())
    return failure(code, "; ".join(f"{one['address']}: {one['message']}" for one in refusals(refused)))


def refusals(refused: Refusals) -> list[dict[str, Any]]:
    return [
        {"address": address, "code": f"smtp_{code}", "message": told(reply)}
        for address, (code, reply) in refused.items()
    ]


def failure(code: int, message: str) -> CriticalFailure | TemporaryFailure:
    kind = TemporaryFailure if code < 500 else CriticalFailure
    reason = f"the mail server answered {code}: {message}"
    return kind(reason, code=f"smtp_{code}", cause=f"smtp_{code // 100}xx")


def told(reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return " ".join(text.split())[:REPLY_CHARS_MAX]
