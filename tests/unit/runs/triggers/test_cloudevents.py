"""What an event or a body is read as, and what is said of one that cannot be read."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from config.lib.errors import NotSupported, SagaboardError, Unreadable
from runs.triggers.incoming.cloudevents import input_of, read_body, read_events

JSON = {"content-type": "application/json"}
CLOUD = {"content-type": "application/cloudevents+json; charset=utf-8"}
ID = {"id": "1", "source": "/shop", "type": "order.placed"}
BINARY = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/shop", "ce-type": "order.placed"}


def body_of(**fields: Any) -> bytes:
    return json.dumps(ID | fields).encode()


@pytest.mark.parametrize(
    ("headers", "body", "data"),
    [
        (JSON, body_of(data={"a": 1}), {"a": 1}),
        ({}, body_of(data=[1]), [1]),
        (CLOUD, body_of(specversion="1.0", data="text"), "text"),
        (CLOUD, body_of(specversion="1.0"), None),
        (CLOUD, body_of(data_base64=base64.b64encode(b'{"a": 1}').decode()), {"a": 1}),
        (CLOUD, body_of(data_base64=base64.b64encode(b"x").decode(), datacontenttype="text/plain"), "x"),
        (BINARY | JSON, b'{"a": 1}', {"a": 1}),
        (BINARY, b"", None),
        (BINARY | {"content-type": "text/plain"}, b"hello", "hello"),
        (BINARY | {"content-type": "image/png"}, b"\x89PNG", base64.b64encode(b"\x89PNG").decode()),
    ],
)
def test_events_in_every_mode(headers: dict[str, str], body: bytes, data: Any) -> None:
    (event,), _ = read_events(headers, body)
    assert (event.id, event.source, event.type, event.data) == ("1", "/shop", "order.placed", data)


def test_attributes_in_headers_are_percent_encoded() -> None:
    (event,), _ = read_events(BINARY | {"ce-source": "/caf%C3%A9", "ce-shop": "north"}, b"")
    assert event.source == "/café" and event.attributes["shop"] == "north"


@pytest.mark.parametrize(
    ("headers", "body", "kind", "said"),
    [
        (JSON, b"{", Unreadable, "not valid JSON"),
        (JSON, b"\xff", Unreadable, "not UTF-8"),
        (JSON, b"[]", Unreadable, "1 to 1,000 events"),
        (JSON, b"[1]", Unreadable, r"\[0\]: An event is a JSON object with id, source, type"),
        (JSON, b"7", Unreadable, "a JSON object with id, source, type"),
        (JSON, b'{"id": NaN}', Unreadable, "NaN"),
        (JSON, b"[" * 100_000, Unreadable, "deeper than 64 levels"),
        (JSON, body_of(id=7), Unreadable, "The event's id must be a text"),
        (JSON, body_of(source=""), Unreadable, "The event's source"),
        (JSON, body_of(type="x" * 501), Unreadable, "The event's type"),
        (JSON, body_of(type="a\0b"), Unreadable, "`type` holds a NUL"),
        (BINARY | {"ce-type": "a%00b"}, b"", Unreadable, "The event's type"),
        (JSON, body_of(specversion="0.3"), NotSupported, "not 0.3"),
        (JSON, body_of(data=1, data_base64="AA=="), Unreadable, "not both"),
        (JSON, body_of(data_base64="?"), Unreadable, "not base64"),
        (JSON, body_of(data_base64=7), Unreadable, "not base64"),
        (JSON, body_of(**{f"a{n}": 1 for n in range(60)}), Unreadable, "50 attributes"),
        (BINARY | {"ce-id": ""}, b"", Unreadable, "The event's id"),
        ({"ce-id": "1"}, b"", Unreadable, "The event's source"),
        (BINARY | JSON, b"{", Unreadable, "not valid JSON"),
        ({"content-type": "application/cloudevents-batch+json"}, b"{}", Unreadable, "a JSON list"),
        ({"content-type": "application/cloudevents+avro"}, b"", NotSupported, "as JSON"),
        ({"content-type": "text/xml"}, b"<a/>", NotSupported, "text/xml"),
    ],
)
def test_what_is_no_event(
    headers: dict[str, str], body: bytes, kind: type[SagaboardError], said: str
) -> None:
    with pytest.raises(kind, match=said):
        read_events(headers, body)


@pytest.mark.parametrize(
    ("kind", "body", "value"),
    [
        ("application/json", b'{"a": 1}', {"a": 1}),
        ("application/vnd.github+json", b"[1]", [1]),
        ("", b"7", 7),
        ("", b" \n", None),
        ("application/x-www-form-urlencoded", b"a=1&b=x%20y&a=2&c=", {"a": ["1", "2"], "b": "x y", "c": ""}),
    ],
)
def test_bodies(kind: str, body: bytes, value: Any) -> None:
    assert read_body({"content-type": kind}, body) == value


@pytest.mark.parametrize(
    ("kind", "body", "error"),
    [
        ("application/json", b"{", Unreadable),
        ("application/x-www-form-urlencoded", b"a=%ff", Unreadable),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 1001), Unreadable),
        ("multipart/form-data; boundary=x", b"--x--", NotSupported),
        ("text/plain", b"hello", NotSupported),
    ],
)
def test_bodies_that_cannot_be_read(kind: str, body: bytes, error: type[SagaboardError]) -> None:
    with pytest.raises(error):
        read_body({"content-type": kind}, body)


@pytest.mark.parametrize(
    ("value", "key", "input"),
    [
        ({"a": 1}, "", {"a": 1}),
        ({"a": 1}, "raw", {"raw": {"a": 1}}),
        ([1], "", {"body": [1]}),
        (None, "", {}),
        (None, "raw", {"raw": None}),
    ],
)
def test_inputs(value: Any, key: str, input: dict[str, Any]) -> None:
    assert input_of(value, key, "body") == input
