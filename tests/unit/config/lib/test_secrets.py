"""Sealing, secret places of schemas, and masking."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import sha512
from html import escape
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Secret, SecretBytes, SecretStr

from config.lib import secrets
from config.lib.secret_places import map_secrets, sealed_texts, secret_keys, secrets_in
from config.lib.secrets import (
    DOTS,
    MARK,
    CannotOpen,
    SealedElsewhere,
    mask_secrets,
    place_of,
    redact,
    seal,
    unseal,
)
from workers.sdk.params_schema import params_schema

HERE = ("input", "w", "/a")
SECRET: dict[str, Any] = {"writeOnly": True}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(), parts, max_size=3),
    max_leaves=8,
)  # fmt: skip


# --- sealing ---


@given(JSON, st.text())
def test_any_value_comes_back_at_its_place_and_by_its_key_alone(value: Any, key: str) -> None:
    text = seal(value, key, HERE)
    assert unseal(text, key, HERE.__eq__) == value and place_of(text) == HERE
    assert seal(value, key, HERE) != text
    assert mask_secrets(f"<{text}>, {text}") == f"<{DOTS}>, {DOTS}"
    with pytest.raises(SealedElsewhere):
        unseal(text, key, ("input", "w", "/b").__eq__)
    with pytest.raises(CannotOpen, match="another SECRET_KEY"):
        unseal(text, key + "x", HERE.__eq__)


def test_a_place_that_is_changed_in_the_text_opens_nothing() -> None:
    text, other = seal("x", "key", HERE), seal("y", "key", ("input", "w", "/b"))
    blob, foreign = (secrets._decoded(sealed[len(MARK) + 1 :]) for sealed in (text, other))
    end = 2 + int.from_bytes(foreign[:2])
    forged = foreign[:end] + blob[2 + int.from_bytes(blob[:2]) :]
    with pytest.raises(CannotOpen):
        unseal(MARK + "~" + urlsafe_b64encode(forged).decode(), "key", lambda place: True)


@pytest.mark.parametrize("text", [MARK, MARK + "é", MARK + "~", MARK + "~AAAA", MARK + "~%", MARK + "AAAA"])
def test_what_is_no_sealed_value_does_not_open(text: str) -> None:
    with pytest.raises(CannotOpen):
        unseal(text, "key", lambda place: True)
    assert place_of(text) is None


def test_values_of_older_releases_open() -> None:
    cipher = AESSIV(sha512(b"sagaboard.sealed.v1:" + b"key").digest())
    text = MARK + urlsafe_b64encode(cipher.encrypt(b"old", None)).decode()
    assert unseal(text, "key", HERE.__eq__) == "old" and place_of(text) is None
    assert mask_secrets(text) == DOTS


# --- secret places ---


SCHEMAS: dict[str, dict[str, Any]] = {
    "properties": {"properties": {"a": SECRET}},
    "additionalProperties": {"additionalProperties": SECRET},
    "patternProperties": {"patternProperties": {"^a": SECRET}},
    "then": {"if": {"properties": {"k": {"const": 1}}}, "then": {"properties": {"a": SECRET}}},
    "else": {"if": False, "else": {"properties": {"a": SECRET}}},
    "if": {"if": {"properties": {"a": SECRET}}},
    "dependentSchemas": {"dependentSchemas": {"k": {"properties": {"a": SECRET}}}},
    "not": {"not": {"properties": {"a": SECRET}}},
    "allOf": {"allOf": [{}, {"anyOf": [{}, {"oneOf": [{"properties": {"a": SECRET}}]}]}]},
    "many branches": {
        "anyOf": [{"properties": {f"k{n}": {}}} for n in range(900)] + [{"properties": {"a": SECRET}}]
    },
    "a reference": {"$ref": "#/$defs/S", "$defs": {"S": {"properties": {"a": SECRET}}}},
    "a reference with escapes": {
        "$ref": "#/$defs/a~1b~0c%25d",
        "$defs": {"a/b~c%d": {"properties": {"a": SECRET}}},
    },
    "a reference into a list": {"allOf": [{"properties": {"a": SECRET}}], "$ref": "#/allOf/0"},
    "a reference to a circle": {
        "$ref": "#/$defs/L",
        "$defs": {"L": {"anyOf": [{"$ref": "#/$defs/L"}, {"properties": {"a": SECRET}}]}},
    },
    "siblings of a reference": {
        "properties": {"a": {"$ref": "#/$defs/T", "writeOnly": True}},
        "$defs": {"T": {}},
    },
    "a password": {"properties": {"a": {"format": "password"}}},
}
ITEMS: dict[str, dict[str, Any]] = {
    "items": {"items": SECRET},
    "prefixItems": {"prefixItems": [SECRET]},
    "contains": {"contains": SECRET},
    "items after a prefix": {"prefixItems": [{}, {}], "items": SECRET},
}


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("value", ["text", 5, 0.5, True, ["x"], {"x": 1}])
def test_a_secret_member_is_found_wherever_the_schema_marks_it(name: str, value: Any) -> None:
    assert secrets_in({"a": value, "b": "plain"}, SCHEMAS[name])[0] == value
    sealed = map_secrets({"k": 1, "a": value}, SCHEMAS[name], lambda part, path: f"sealed at {path}")
    assert sealed["a"] == "sealed at /a"
    if name != "additionalProperties":
        assert sealed["k"] == 1


@pytest.mark.parametrize("name", ITEMS)
def test_a_secret_item_is_found(name: str) -> None:
    found = secrets_in(["one", "two", "three"], ITEMS[name])
    assert found == {"prefixItems": ["one"], "items after a prefix": ["three"]}.get(
        name, ["one", "two", "three"]
    )


def test_members_that_a_schema_names_are_none_of_the_rest() -> None:
    schema = {"properties": {"a": {}}, "patternProperties": {"^b": {}}, "additionalProperties": SECRET}
    assert secrets_in({"a": "1", "bb": "2", "c": "3"}, schema) == ["3"]


def test_paths_are_json_pointers() -> None:
    schema = {"additionalProperties": {"items": SECRET}}
    found: list[str] = []
    map_secrets({"a/b~": [1, None, "", 2]}, schema, lambda part, path: found.append(path))
    assert found == ["/a~1b~0/0", "/a~1b~0/3"]


def test_a_long_list_under_many_branches_is_walked_once() -> None:
    schema = {"items": {"anyOf": [{"properties": {f"k{n}": SECRET}} for n in range(500)]}}
    value = [{f"k{n % 600}": "x", "plain": n} for n in range(20_000)]
    assert len(secrets_in(value, schema)) == 20_000 - sum(n % 600 >= 500 for n in range(20_000))


@pytest.mark.parametrize(
    "schema",
    [
        {"propertyNames": SECRET},
        {"properties": {"a": {"propertyNames": {"format": "password"}}}},
        {"allOf": [{"additionalProperties": {"propertyNames": {"anyOf": [SECRET]}}}]},
    ],
)
def test_secret_keys_are_told_with_their_path(schema: dict[str, Any]) -> None:
    path = secret_keys(schema)
    assert path is not None and path.endswith("/propertyNames")
    assert secret_keys({"properties": {"propertyNames": {"type": "string"}}}) is None


class Model(BaseModel):
    text: SecretStr
    data: SecretBytes
    generic: Secret[str]
    number: Secret[int] | None = None
    many: list[Secret[str]] = []
    plain: str = ""


def test_all_secret_types_of_pydantic_are_marked() -> None:
    value = {"text": "a", "data": "b", "generic": "c", "number": 4, "many": ["d", "e"], "plain": "f"}
    assert secrets_in(value, params_schema(Model)) == ["a", "b", "c", 4, "d", "e"]


# --- masking ---


AWKWARD = "p\"ä/ss'w\\o <&>\n€𝄞 x"


@pytest.mark.parametrize(
    "form",
    [
        AWKWARD,
        repr(AWKWARD),
        json.dumps(AWKWARD),
        json.dumps(AWKWARD, ensure_ascii=False),
        json.dumps(AWKWARD).replace("/", "\\/"),
        escape(AWKWARD),
        quote(AWKWARD),
        quote(AWKWARD, safe=""),
        f"{AWKWARD.encode('unicode_escape').decode()}",
    ],
)
def test_a_secret_is_masked_in_every_form_that_programs_write(form: str) -> None:
    for text in (f"before {form} after", f"{form}{form}"):
        masked = redact(text, [AWKWARD])
        assert DOTS in masked and "ss'w" not in masked and "ss%27w" not in masked and "x27w" not in masked


def test_numbers_and_parts_of_containers_are_masked_too() -> None:
    secret = {"card": 411111, "names": ["Ada-L", "abc"], "on": True}
    value = {"n": 411111, "t": "no 411111!", "Ada-L": [1, True, "abc"], "f": 0.5}
    assert redact(value, [secret]) == {"n": DOTS, "t": f"no {DOTS}!", DOTS: [1, True, "abc"], "f": 0.5}


@given(st.text("ab", min_size=4, max_size=30), st.integers(4, 30), st.text("ab", max_size=10))
def test_the_beginning_of_a_secret_at_the_end_of_a_cut_text_is_masked(
    secret: str, length: int, before: str
) -> None:
    masked = redact(f"{before}|{secret[:length]}", [secret])
    assert secret[:4] not in masked.rpartition("|")[2] or len(secret[:length]) < 4


@pytest.mark.parametrize("kind", ["one letter", "a period", "random"])
def test_masking_long_secrets_takes_linear_work(kind: str) -> None:
    """Counted, not timed: calls of the search for a cut secret grow with the length alone."""
    counts = []
    step = secrets._longer
    for length in (2_000, 20_000):
        secret = {
            "one letter": "a" * length,
            "a period": "ab" * (length // 2),
            "random": "abcb" * (length // 4),
        }[kind]
        calls = 0

        def counted(*given: Any) -> int:
            nonlocal calls
            calls += 1
            return step(*given)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(secrets, "_longer", counted)
            secrets._overlap(secret[:-1] + "b", secret)
        counts.append(calls)
    assert counts[1] <= 11 * max(counts[0], 1)


def test_sealed_texts_are_found_in_texts_and_keys() -> None:
    text = seal("x", "key", HERE)
    found = list(sealed_texts({"a": [f"Bearer {text}"], text: 1, "b": "plain"}))
    assert [path for path, _ in found] == ["/a/0", ""]
