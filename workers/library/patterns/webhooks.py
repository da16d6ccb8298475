"""Standard fields of an event, read from an envelope or from what a webhook really brings. PURE.

An envelope says its type itself (`{id, type, source, data}`, CloudEvents). Webhooks of GitHub and
others bring bare data: type and id of the delivery stand in headers, which a trigger hands on under
`headers`. An event whose type is said nowhere is not readable: what it means would be a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from config.lib.json_reader import read_json
from workers.library.clock import now_text
from workers.library.measures import is_number
from workers.library.patterns.models import VALUE_CHARS_MAX

Event = dict[str, Any]

# Header with the type of an event, the sender's name, and the header with the delivery's id.
SENDERS: tuple[tuple[str, str, str], ...] = (
    ("x-gitea-event", "gitea", "x-gitea-delivery"),  # sends GitHub's headers as well, as do the next two
    ("x-forgejo-event", "forgejo", "x-forgejo-delivery"),
    ("x-gogs-event", "gogs", "x-gogs-delivery"),
    ("x-github-event", "github", "x-github-delivery"),
    ("x-gitlab-event", "gitlab", "idempotency-key"),
    ("x-shopify-topic", "shopify", "x-shopify-webhook-id"),
    ("x-event-key", "bitbucket", "x-request-uuid"),
    ("ce-type", "", "ce-id"),
)
TYPE_KEYS = ("type", "event_type")
FORM_FIELD = "payload"  # GitHub's default content type is a form with the JSON in this field


class NoType(ValueError):
    """The event says its type neither in a field `type` nor in a header such as X-GitHub-Event."""

    def __init__(self) -> None:
        super().__init__(self.__doc__ or "")


def unwrapped(event: Event) -> Any:
    """The JSON of a form's only field `payload`; any other event as it is. Raises Unreadable."""
    if event.keys() == {FORM_FIELD} and isinstance(event[FORM_FIELD], str):
        return read_json(event[FORM_FIELD])
    return event


def standard_fields(event: Event, headers: Any) -> Event:
    """event_id, event_type, timestamp, source, data and metadata of an event. Raises NoType."""
    by_name = _by_lower_name(headers)
    header, sender, id_header = next((row for row in SENDERS if by_name.get(row[0])), ("", "", ""))
    own_type = next((text for key in TYPE_KEYS if (text := text_of(event.get(key)))), "")
    is_envelope = bool(own_type) and ("data" in event or not header)
    event_type = own_type if is_envelope else _type_of(by_name.get(header, ""), event)
    if not event_type:
        raise NoType
    own_id = text_of(event.get("id")) if is_envelope else ""
    return {
        "event_id": own_id or by_name.get(id_header) or uuid4().hex[:8],
        "event_type": event_type,
        "timestamp": event.get("timestamp") or event.get("time") or now_text(),
        "source": text_of(event.get("source")) or by_name.get("ce-source") or sender or "unknown",
        "data": event.get("data", {}) if is_envelope else event,
        "metadata": event.get("metadata", {}) if is_envelope else {},
    }


def text_of(value: Any) -> str:
    """Text of an identifier or a name; empty for any other value."""
    is_plain = isinstance(value, str) or is_number(value)
    return str(value).strip()[:VALUE_CHARS_MAX] if is_plain else ""


def _by_lower_name(headers: Any) -> dict[str, str]:
    if not isinstance(headers, Mapping):
        return {}
    return {str(name).lower(): text for name, value in headers.items() if (text := text_of(value))}


def _type_of(name: str, event: Event) -> str:
    """The type as webhooks name it: `issues` with the action `opened` is `issues.opened`."""
    action = text_of(event.get("action"))
    return f"{name}.{action}"[:VALUE_CHARS_MAX] if name and action else name
