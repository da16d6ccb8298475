"""Texts of OpenAPI documents: JSON and YAML, and what is refused before it takes memory or time."""

from __future__ import annotations

from typing import Any

import pytest

from config.lib.errors import SagaboardError
from designer.formats.openapi import loading
from designer.formats.openapi.loading import load

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 10)
)


def test_json_and_yaml_give_the_same() -> None:
    assert load(b'\xef\xbb\xbf{"paths": {"200": [1, true, null]}}') == load(b"paths: {200: [1, true, ~]}")


def test_yaml_is_that_of_its_second_version() -> None:
    text = (
        b"responses: {200: ok}\nvalues: [on, yes, 12:30, 2020-01-01, 0x10, 1e3, -2]\n'y': {<<: {b: 1}, c: 2}"
    )
    assert load(text) == {
        "responses": {"200": "ok"},
        "values": ["on", "yes", "12:30", "2020-01-01", "0x10", 1000.0, -2],
        "y": {"b": 1, "c": 2},
    }


def test_aliases_stand_for_what_they_name() -> None:
    assert load(b"a: &x {b: 1}\nc: *x\n") == {"a": {"b": 1}, "c": {"b": 1}}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (BOMB, "too_large"),
        ("a: &x [*x]", "yaml_alias"),
        ("[" * 101 + "]" * 101, "too_deep"),
        ("a: [1", "not_yaml"),
        ("a: !!python/object:os.system x", "not_yaml"),
        ("a: 1\n---\nb: 2\n", "not_yaml"),
        ("\x00", "not_yaml"),
        ("a: " + "9" * 5_000, "not_yaml"),
        ('{"a": 1', "not_json"),
        ('{"a": ' + "[" * 200 + "]" * 200 + "}", "too_deep"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, code: str) -> None:
    with pytest.raises(SagaboardError) as refused:
        load(text.encode())
    assert refused.value.code == code


def test_what_is_no_text_or_too_large_is_refused(monkeypatch: Any) -> None:
    monkeypatch.setattr(loading, "BYTES_MAX", 10)
    with pytest.raises(SagaboardError, match="UTF-8"):
        load(b"\xff\xfe")
    with pytest.raises(SagaboardError, match="10 bytes"):
        load(b"x" * 11)
