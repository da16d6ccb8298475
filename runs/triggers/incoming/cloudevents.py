"""Parsers of incoming requests: CloudEvents, and the bodies of webhooks. PURE: no Django.

Format: CloudEvents 1.0 (CNCF), HTTP protocol binding, structured, batched and binary mode. The short form
`{id, type, source, data}` is accepted as well.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from config.lib.errors import NotSupported, Unreadable
from config.lib.json_reader import (
    check_json_type,
    fault_of,
    is_json,
    media_type,
    read_json,
    utf8_text,
)
from designer.document.limits import EVENT_TYPE_LENGTH_MAX
from designer.document.waits import EVENT_TYPE

ATTRIBUTE_CHARS_MAX = 500
ATTRIBUTES_MAX = 50
FIELDS_MAX = 1_000
EVENTS_AT_ONCE_MAX = 1_000
STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
FORM = "application/x-www-form-urlencoded"
REQUIRED = ("id", "source", "type")
A_MARK = "ce-"
PAYLOAD = "payload"  # the one field of a form in which GitHub and Slack send JSON


@dataclass(frozen=True)
class CloudEvent:
    """An event. `attributes` has all context attributes, also id, source and type; `data` may be None."""

    id: str
    source: str
    type: str
    attributes: Mapping[str, Any]
    data: Any = None


def read_events(headers: Mapping[str, str], body: bytes) -> tuple[list[CloudEvent], bool]:
    """The events of a request, and whether they came as a list. Header names are in lower case.

    Raises Unreadable or NotSupported; of a list, the message says at which place.
    """
    content_type = headers.get("content-type", "")
    kind = media_type(content_type)
    if kind.startswith("application/cloudevents") and kind not in (STRUCTURED, BATCHED):
        raise NotSupported(f"Events come as JSON ({STRUCTURED} or {BATCHED}), not as {kind}.")
    if kind not in (STRUCTURED, BATCHED) and any(name.startswith(A_MARK) for name in headers):
        attributes = {name[3:]: unquote(text) for name, text in headers.items() if name.startswith(A_MARK)}
        return [_event(attributes, _data_of(kind, body))], False
    if not is_json(kind):
        raise NotSupported(f"An event is JSON ({STRUCTURED}), or has {A_MARK}* headers; this one is {kind}.")
    check_json_type(content_type)
    document = read_json(body)
    if kind != STRUCTURED and isinstance(document, list):
        return _batch(document), True
    if kind == BATCHED:
        raise Unreadable("A batch of events is a JSON list.")
    return [_structured(document)], False


def _batch(documents: list[Any]) -> list[CloudEvent]:
    if not 0 < len(documents) <= EVENTS_AT_ONCE_MAX:
        raise Unreadable(f"A list has 1 to {EVENTS_AT_ONCE_MAX:,} events.")
    events = []
    for place, document in enumerate(documents):
        try:
            events.append(_structured(document))
        except (Unreadable, NotSupported) as error:
            raise Unreadable(f"[{place}]: {error}") from error
    return events


def _structured(document: Any) -> CloudEvent:
    if not isinstance(document, dict):
        raise Unreadable(f"An event is a JSON object with {', '.join(REQUIRED)} and data.")
    attributes = {name: value for name, value in document.items() if name not in ("data", "data_base64")}
    return _event(attributes, _structured_data(document))


def read_body(headers: Mapping[str, str], body: bytes) -> Any:
    """The value of a webhook's body; None if it is empty. Raises Unreadable or NotSupported.

    A form whose one field `payload` is JSON stands for that JSON.
    """
    content_type = headers.get("content-type", "")
    kind = media_type(content_type)
    if not body.strip():
        return None
    if kind == FORM:
        form = _form(utf8_text(body))
        payload = form.get(PAYLOAD)
        is_wrapped = form.keys() == {PAYLOAD} and isinstance(payload, str) and payload.lstrip()[:1] in "{["
        return read_json(str(payload)) if is_wrapped and payload else form
    if not is_json(kind):
        raise NotSupported(f"A webhook takes JSON or a form ({FORM}), not {kind}.")
    check_json_type(content_type)
    return read_json(body)


def input_of(value: Any, key: str, otherwise: str) -> dict[str, Any]:
    """A run's input: the value under `key`; without a key an object itself, else it under `otherwise`."""
    if key:
        return {key: value}
    if value is None:
        return {}
    return value if isinstance(value, dict) else {otherwise: value}


def _event(attributes: dict[str, Any], data: Any) -> CloudEvent:
    if len(attributes) > ATTRIBUTES_MAX:
        raise Unreadable(f"An event has {ATTRIBUTES_MAX} attributes at most.")
    if not str(attributes.get("specversion", "1.0")).startswith("1."):
        raise NotSupported(f"CloudEvents 1.0 are understood, not {attributes['specversion']}.")
    for name in REQUIRED:
        value = attributes.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= ATTRIBUTE_CHARS_MAX or fault_of(value):
            raise Unreadable(
                f"The event's {name} must be a text of 1 to {ATTRIBUTE_CHARS_MAX} characters: "
                "an event is known by its id and source, and starts runs by its type."
            )
    if not EVENT_TYPE.fullmatch(attributes["type"]):
        raise Unreadable(
            f"The event's type must have 1 to {EVENT_TYPE_LENGTH_MAX} characters without spaces: no workflow "
            "can wait for another one."
        )
    return CloudEvent(attributes["id"], attributes["source"], attributes["type"], attributes, data)


def _structured_data(document: Mapping[str, Any]) -> Any:
    if "data_base64" not in document:
        return document.get("data")
    if "data" in document:
        raise Unreadable("An event has data or data_base64, not both.")
    try:
        raw = base64.b64decode(document["data_base64"], validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise Unreadable(f"The event's data_base64 is not base64: {error}") from error
    kind = media_type(str(document.get("datacontenttype", "")))
    return _data_of(kind, raw)


def _data_of(kind: str, raw: bytes) -> Any:
    """JSON as its value, other UTF-8 as text, and other bytes as base64."""
    if not raw:
        return None
    if is_json(kind):
        return read_json(raw)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return base64.b64encode(raw).decode()


def _form(text: str) -> dict[str, Any]:
    """A form as an object; a field that occurs several times is a list."""
    by_name: dict[str, list[str]] = {}
    try:
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except (ValueError, UnicodeDecodeError) as error:
        raise Unreadable(f"The form cannot be read: {error}") from error
    for name, value in fields:
        by_name.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in by_name.items()}
