"""Secrets at rest: sealing texts that a schema marks as secret, and masking them. PURE: no Django.

A place is secret if its schema says `writeOnly: true` or `format: password`, as pydantic's `SecretStr` does.
Sealing is deterministic (AES-SIV, RFC 5297): the same text and key give the same sealed text, so that a
document that is saved twice does not change. A sealed text starts with `MARK`, and people see the dots of it
alone.
"""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha512
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from config.lib.caches import memoized

MARK = "••••••••:"
DOTS = "••••••••"
PURPOSE = b"sagaboard.sealed.v1:"
REDACTED_CHARS_MIN = 4  # shorter texts are found in too much that is no secret
REFERENCES_MAX = 20

Change = Callable[[str], str]
Schema = Mapping[str, Any]


class CannotOpen(Exception):
    """A sealed value was made with another SECRET_KEY; give it again."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def seal(text: str, key: str) -> str:
    """Encrypts a text. One that is sealed already, and an empty one, stay as they are."""
    if not text or text.startswith(MARK):
        return text
    return MARK + urlsafe_b64encode(_cipher(key).encrypt(text.encode(), None)).decode()


def unseal(text: str, key: str) -> str:
    """Decrypts a sealed text; any other stays as it is. Raises CannotOpen."""
    if not text.startswith(MARK):
        return text
    try:
        return (
            _cipher(key).decrypt(b64decode(text[len(MARK) :].encode(), b"-_", validate=True), None).decode()
        )
    except (InvalidTag, ValueError):
        raise CannotOpen from None


@memoized(maxsize=4)
def _cipher(key: str) -> AESSIV:
    return AESSIV(sha512(PURPOSE + key.encode()).digest())


def map_secrets(value: Any, schema: Schema | None, change: Change) -> Any:
    """Returns a copy of `value` with `change` applied to each text at a secret place of `schema`."""
    return _mapped(value, [schema], schema, change) if schema else value


def secrets_in(value: Any, schema: Schema | None) -> list[str]:
    """Returns the texts of `value` at secret places of `schema`."""
    texts: list[str] = []

    def collect(text: str) -> str:
        texts.append(text)
        return text

    map_secrets(value, schema, collect)
    return texts


def has_secrets(schema: Schema | None) -> bool:
    """Whether the schema marks any place; a cheap check that errs on the side of yes."""
    text = str(schema)
    return "writeOnly" in text or "'format': 'password'" in text


def _mapped(value: Any, schemas: Iterable[Any], root: Schema, change: Change) -> Any:
    """`schemas`: all that may describe the value. The place is secret if one of them says so."""
    branches = list(_branches(schemas, root))
    if isinstance(value, str):
        return change(value) if any(map(_is_secret, branches)) else value
    if isinstance(value, Mapping):
        return {
            name: _mapped(part, _key_schemas(branches, name), root, change) for name, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [_mapped(part, _item_schemas(branches, at), root, change) for at, part in enumerate(value)]
    return value


def _is_secret(schema: Schema) -> bool:
    return schema.get("writeOnly") is True or schema.get("format") == "password"


def _branches(schemas: Iterable[Any], root: Schema) -> Iterable[Schema]:
    """The schemas and those that they refer to (`$ref`) or combine.

    Bounded, as references may form a cycle.
    """
    waiting, count = [schema for schema in schemas if isinstance(schema, Mapping)], 0
    while waiting and count < REFERENCES_MAX * 10:
        schema, count = waiting.pop(), count + 1
        yield schema
        combined = [part for word in ("anyOf", "oneOf", "allOf") for part in _list(schema.get(word))]
        further = [_target(schema.get("$ref"), root), *combined]
        waiting += [part for part in further if isinstance(part, Mapping)]


def _target(reference: Any, root: Schema) -> Any:
    """What a reference within the document points at, such as `#/$defs/Card`; None for any other."""
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return None
    target: Any = root
    for name in reference[2:].split("/")[:REFERENCES_MAX]:
        target = target.get(name) if isinstance(target, Mapping) else None
    return target


def _key_schemas(branches: list[Schema], name: str) -> list[Any]:
    schemas = []
    for schema in branches:
        stated = schema.get("properties")
        properties = stated if isinstance(stated, Mapping) else {}
        schemas.append(properties.get(name, schema.get("additionalProperties")))
    return schemas


def _item_schemas(branches: list[Schema], at: int) -> list[Any]:
    schemas = []
    for schema in branches:
        prefix = _list(schema.get("prefixItems"))
        schemas.append(prefix[at] if at < len(prefix) else schema.get("items"))
    return schemas


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def redact(value: Any, secrets: Iterable[str]) -> Any:
    """Returns a copy of JSON-like `value` with dots for each secret, in keys too.

    Secrets of fewer than four characters stay.
    """
    known = sorted({text for text in secrets if len(text) >= REDACTED_CHARS_MIN}, key=len, reverse=True)
    return _redacted(value, known) if known else value


def _redacted(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, str):
        return _redacted_text(value, secrets)
    if isinstance(value, Mapping):
        return {_redacted(name, secrets): _redacted(part, secrets) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(part, secrets) for part in value]
    return value


def _redacted_text(text: str, secrets: list[str]) -> str:
    """Replaces secrets, also as `repr` writes them.

    A text that was too long may have been cut within a secret, so the beginning of one at its end goes too.
    """
    for secret in secrets:  # the longest first: one secret may hold another
        for form in {secret, repr(secret)[1:-1], secret.encode("unicode_escape").decode()}:
            text = text.replace(form, DOTS)
        cut = next((n for n in range(len(secret) - 1, 3, -1) if text.endswith(secret[:n])), 0)
        text = text[: len(text) - cut] + DOTS if cut else text
    return text


def mask_secrets(text: str) -> str:
    """A text as people see it: sealed values as dots."""
    if MARK not in text:
        return text
    head, *rest = text.split(MARK)
    return head + "".join(DOTS + part.lstrip(_ALPHABET) for part in rest)


_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_="
