"""The types of events that subscriptions can be told of, and their payloads. PURE.

A payload is small whatever it is about: inputs and outputs are not in it, and texts are cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

import orjson

from config.lib.json import iso
from config.lib.secrets import mask_secrets

Json = dict[str, Any]

TYPES: dict[str, str] = {
    "run.completed": "a run has completed",
    "run.failed": "a run has failed",
    "run.compensated": "a run was undone",
    "run.cancelled": "a run was cancelled",
    "run.blocked": "a run stands still until somebody answers",
    "intervention.opened": "a question to a person was opened",
    "intervention.overdue": "a question was not answered in time",
    "intervention.answered": "a question was answered",
    "approval.waiting": "a step waits for an approval",
    "approval.overdue": "an approval was not given in time",
    "failures.repeated": "runs fail again and again for one cause",
    "queue.stalled": "nothing is taken from a queue any more",
    "workers.none": "no worker process is online",
}
"""Every type, in words for people."""
FLEET = frozenset({"queue.stalled", "workers.none"})
"""Types that concern no workflow."""
TEST = "subscription.test"

PAYLOAD_BYTES_MAX = 64_000
MESSAGE_CHARS_MAX = 2_000
CODE_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class Event:
    """What happened. `key` is the same however often it is found; `not_before`: when it is to be told."""

    type: str
    key: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)
    workflow: str | None = None
    not_before: datetime | None = None


def payload_of(event: Event) -> Json:
    """What is sent: `id`, `type`, `timestamp` and `data`, at most PAYLOAD_BYTES_MAX as JSON."""
    data = dict(event.data)
    payload = {"id": f"msg_{uuid4().hex}", "type": event.type, "timestamp": iso(event.at), "data": data}
    if len(orjson.dumps(payload)) > PAYLOAD_BYTES_MAX:
        data.pop("labels", None)
    return payload


def error_of(error: Any) -> Json | None:
    """Code and message of an error, without secrets."""
    if not isinstance(error, Mapping) or not error:
        return None
    code, message = (str(error.get(name) or "") for name in ("code", "message"))
    return {
        "code": mask_secrets(code)[:CODE_CHARS_MAX],
        "message": mask_secrets(message)[:MESSAGE_CHARS_MAX],
    }


def sentence(payload: Json) -> str:
    """An event in one line, for chats and subjects of mails."""
    data, kind = payload["data"], payload["type"]
    if kind == TEST:
        return f"A test of the subscription {data['subscription']}"
    what = TYPES[kind]
    if kind == "failures.repeated":
        return f"{data['count']} runs have failed in {data['minutes']} minutes: {data['cause']}"
    if kind == "queue.stalled":
        return f"Nothing is taken from the queue {data['queue']} any more: {data['waiting']} wait"
    if kind == "workers.none":
        return "No worker process is online"
    step = f" at {data['step']}" if data.get("step") else ""
    return f"{data['workflow']}{step}: {what}"


def text_of(payload: Json) -> str:
    """An event in a few lines: what happened, the error, and where to look."""
    data = payload["data"]
    error = data.get("error") or {}
    lines = [
        sentence(payload),
        ": ".join(filter(None, (error.get("code"), error.get("message")))),
        data["url"],
    ]
    return "\n".join(filter(None, lines))
