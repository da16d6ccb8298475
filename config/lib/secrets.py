"""Secrets at rest: a text at a place that a schema marks as secret is kept encrypted. PURE: no Django.

A place is secret if its schema says `writeOnly: true` or `format: password`, as pydantic's `SecretStr` does.
The same text and key give the same sealed text, so that a document which is saved twice stays the same
(AES-SIV, RFC 5297).
"""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from hashlib import sha512
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

MARK = "••••••••:"
DOTS = "••••••••"
PURPOSE = b"sagaboard.sealed.v1:"
SCRUBBED_CHARS_MIN = 4
REFERENCES_MAX = 20

Change = Callable[[str], str]
Schema = Mapping[str, Any]


class CannotOpen(Exception):
    """A sealed value was made with another SECRET_KEY; give it again."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def seal(text: str, key: str) -> str:
    """What is sealed already, and an empty text, stay as they are."""
    if not text or text.startswith(MARK):
        return text
    return MARK + urlsafe_b64encode(_cipher(key).encrypt(text.encode(), None)).decode()


def opened(text: str, key: str) -> str:
    """The plain text of a sealed one; any other stays. Raises CannotOpen."""
    if not text.startswith(MARK):
        return text
    try:
        return (
            _cipher(key).decrypt(b64decode(text[len(MARK) :].encode(), b"-_", validate=True), None).decode()
        )
    except (InvalidTag, ValueError):
        raise CannotOpen from None


@lru_cache(maxsize=4)
def _cipher(key: str) -> AESSIV:
    return AESSIV(sha512(PURPOSE + key.encode()).digest())


def at_secrets(value: Any, schema: Schema | None, change: Change) -> Any:
    """A copy of `value` with `change` applied to each text at a secret place of `schema`."""
    return _changed(value, [schema], schema, change) if schema else value


def secrets_in(value: Any, schema: Schema | None) -> list[str]:
    """The texts at secret places of `schema`."""
    found: list[str] = []

    def note(text: str) -> str:
        found.append(text)
        return text

    at_secrets(value, schema, note)
    return found


def has_secrets(schema: Schema | None) -> bool:
    """Whether the schema marks any place; a cheap look that may say yes too often."""
    text = str(schema)
    return "writeOnly" in text or "'format': 'password'" in text


def _changed(value: Any, schemas: Iterable[Any], root: Schema, change: Change) -> Any:
    branches = list(_branches(schemas, root))
    if isinstance(value, str):
        return change(value) if any(map(_is_secret, branches)) else value
    if isinstance(value, Mapping):
        return {name: _changed(part, _of_key(branches, name), root, change) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_changed(part, _of_place(branches, at), root, change) for at, part in enumerate(value)]
    return value


def _is_secret(schema: Schema) -> bool:
    return schema.get("writeOnly") is True or schema.get("format") == "password"


def _branches(schemas: Iterable[Any], root: Schema) -> Iterable[Schema]:
    """The schemas and all that they refer to or choose from."""
    waiting, seen = [part for part in schemas if isinstance(part, Mapping)], 0
    while waiting and seen < REFERENCES_MAX * 10:
        part, seen = waiting.pop(), seen + 1
        yield part
        target = _target(part.get("$ref"), root)
        more = [target, *(choice for word in ("anyOf", "oneOf", "allOf") for choice in _list(part.get(word)))]
        waiting += [choice for choice in more if isinstance(choice, Mapping)]


def _target(reference: Any, root: Schema) -> Any:
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return None
    found: Any = root
    for name in reference[2:].split("/")[:REFERENCES_MAX]:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _of_key(branches: list[Schema], name: str) -> list[Any]:
    found = []
    for schema in branches:
        stated = schema.get("properties")
        properties = stated if isinstance(stated, Mapping) else {}
        found.append(properties.get(name, schema.get("additionalProperties")))
    return found


def _of_place(branches: list[Schema], at: int) -> list[Any]:
    found = []
    for schema in branches:
        first = _list(schema.get("prefixItems"))
        found.append(first[at] if at < len(first) else schema.get("items"))
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def scrubbed(value: Any, secrets: Iterable[str]) -> Any:
    """A copy of JSON-like `value` in which each secret of four characters or more is dots, in keys too."""
    known = sorted({text for text in secrets if len(text) >= SCRUBBED_CHARS_MIN}, key=len, reverse=True)
    return _scrubbed(value, known) if known else value


def _scrubbed(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, str):
        return _without(value, secrets)
    if isinstance(value, Mapping):
        return {_scrubbed(name, secrets): _scrubbed(part, secrets) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_scrubbed(part, secrets) for part in value]
    return value


def _without(text: str, secrets: list[str]) -> str:
    """Also at the end, where a text that was too long may have been cut within a secret."""
    for secret in secrets:
        for form in {secret, repr(secret)[1:-1], secret.encode("unicode_escape").decode()}:
            text = text.replace(form, DOTS)
        cut = next((n for n in range(len(secret) - 1, 3, -1) if text.endswith(secret[:n])), 0)
        text = text[: len(text) - cut] + DOTS if cut else text
    return text


def mask_secrets(text: str) -> str:
    """A text as people see it: of sealed values only the dots."""
    if MARK not in text:
        return text
    head, *rest = text.split(MARK)
    return head + "".join(DOTS + part.lstrip(_ALPHABET) for part in rest)


_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_="
