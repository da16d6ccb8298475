"""Makes messages: addresses and headers checked, texts rendered, files attached."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping
from email.utils import formataddr, getaddresses
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.validators import validate_email
from pydantic import BaseModel, ConfigDict, Field, model_validator

from workers import CriticalFailure
from workers.connections.fields import SmtpConnection
from workers.library.data_folder import existing
from workers.library.forms import LINES, TextList
from workers.library.text.rendering import rendered

RECIPIENTS_MAX = 200
SUBJECT_CHARS_MAX = 500
ATTACHMENTS_MAX = 20
ATTACHMENTS_BYTES_MAX = 20_000_000  # more than that, few mail servers take
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class MailParams(BaseModel):
    """The message."""

    model_config = ConfigDict(extra="forbid")
    to: TextList = Field(title="To", description="Addresses, with commas between them")
    subject: str = Field(title="Subject", description="One line, with {{ values }} in it")
    text: str = Field(
        "",
        title="Text",
        description="The message as plain text, with {{ values }} in it",
        json_schema_extra=LINES,
    )
    html: str = Field(
        "",
        title="HTML",
        description="The same for readers that show HTML; values are escaped. One of both will do",
        json_schema_extra=LINES,
    )
    cc: TextList = Field([], title="Copy to", description="Addresses that all recipients see")
    bcc: TextList = Field([], title="Blind copy to", description="Addresses that nobody sees")
    reply_to: TextList = Field(
        [], title="Reply to", description="Where answers go; left empty, to the sender"
    )
    sender: str = Field("", title="Sender", description="Left empty, the setting EMAIL_FROM")
    attachments: TextList = Field(
        [], title="Attachments", description="Names of files in the folder files/ of the data folder"
    )
    connection: SmtpConnection = Field(
        "",
        title="Mail server",
        description="As it is named on the page Connections; left empty, that of the setting EMAIL_URL",
    )
    values: dict[str, Any] | None = Field(
        None, title="Values", description="What the texts may use; left empty, the whole context"
    )

    @model_validator(mode="after")
    def _says_something(self) -> MailParams:
        if not self.text and not self.html:
            raise ValueError("state a text, or HTML")
        return self


def message_of(params: MailParams, context: Mapping[str, Any], key: str) -> EmailMessage:
    """Returns the message of a step. `key` determines its Message-ID, by which a second one is recognised.

    Raises CriticalFailure with the code `bad_address`, `bad_header`, `bad_path`, `no_file` or `too_large`, or
    one of `rendered`.
    """
    values = context if params.values is None else params.values
    sender = one_address(params.sender or settings.DEFAULT_FROM_EMAIL, "sender")
    people = {name: addresses(getattr(params, name), name) for name in ("to", "cc", "bcc", "reply_to")}
    if not 0 < sum(len(people[name]) for name in ("to", "cc", "bcc")) <= RECIPIENTS_MAX:
        raise CriticalFailure(f"a message has 1 to {RECIPIENTS_MAX} recipients", code="bad_address")
    text = rendered(params.text, values, name="text")
    html = rendered(params.html, values, html=True, name="html")
    message = EmailMultiAlternatives(
        subject=subject_of(params.subject, values),
        body=text or html,
        from_email=sender,
        headers={"Message-ID": message_id(key, sender), "Auto-Submitted": "auto-generated"},
        to=people["to"],
        cc=people["cc"],
        bcc=people["bcc"],
        reply_to=people["reply_to"],
    )
    if html and text:
        message.attach_alternative(html, "text/html")
    elif html:
        message.content_subtype = "html"
    attach(message, params.attachments)
    return message


def subject_of(template: str, values: Mapping[str, Any]) -> str:
    subject = rendered(template, values, name="subject")
    if CONTROL.search(subject) or not 0 < len(subject) <= SUBJECT_CHARS_MAX:
        raise CriticalFailure(
            f"subject: it has 1 to {SUBJECT_CHARS_MAX} characters in one line, not {subject!r:.120}",
            code="bad_header",
        )
    return subject


def addresses(texts: list[str], field: str) -> list[str]:
    """Returns addresses as they stand in a header. Raises CriticalFailure."""
    return [one_address(text, field) for text in texts]


def one_address(text: str, field: str) -> str:
    parsed = [] if CONTROL.search(text) else getaddresses([text])
    try:
        [(name, address)] = parsed
        validate_email(address)
        address.encode("ascii")
    except (ValueError, ValidationError):
        message = f"{field}: {text!r:.120} is no address such as ann@example.org or Ann <ann@example.org>"
        raise CriticalFailure(message, code="bad_address") from None
    return formataddr((name, address))


def message_id(key: str, sender: str) -> str:
    domain = sender.rpartition("@")[2].rstrip(">")
    return f"<{sha256(key.encode()).hexdigest()[:40]}@{domain}>"


def attach(message: EmailMessage, names: list[str]) -> None:
    if len(names) > ATTACHMENTS_MAX:
        raise CriticalFailure(f"a message takes {ATTACHMENTS_MAX} files", code="too_large")
    paths = [existing(name) for name in names]
    if sum(path.stat().st_size for path in paths) > ATTACHMENTS_BYTES_MAX:
        raise CriticalFailure(
            f"the attachments have more than {ATTACHMENTS_BYTES_MAX:,} bytes", code="too_large"
        )
    for path in paths:
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        message.attach(path.name, path.read_bytes(), kind)
