"""The worker that sends mail."""

from __future__ import annotations

from typing import Any

from workers import StepHandle, worker
from workers.library import records
from workers.library.faults import simulated
from workers.library.mail.messages import MailParams, message_of
from workers.library.mail.sending import send

CATEGORY = "Mail"


@worker(
    "send_email",
    title="Send e-mail",
    category=CATEGORY,
    timeout=120,
    retry={"max_attempts": 5, "initial": 30, "factor": 4, "max": 3_600},
    compensation="irreversible",
    rehearsal="record",
    stub={"message_id": "rehearsal", "recipients": [], "refused": []},
)
@simulated
def send_email(context: dict[str, Any], params: MailParams, step: StepHandle) -> dict[str, Any]:
    """Sends an e-mail, with texts from templates and files attached.

    Gives `message_id`, `recipients` and of them `refused`, those that the mail server did not take.
    """
    record = records.begin(step)
    sent: dict[str, Any] | None = record.details.get("sent")
    if sent is not None:  # by an attempt whose outcome was lost
        return sent
    message = message_of(params, context, step.idempotency_key)
    refused = send(message, params.connection, step)
    output = {
        "message_id": message.extra_headers["Message-ID"],
        "recipients": message.recipients(),
        "refused": refused,
    }
    records.note(record, sent=output)
    return output
