"""Secrets at rest: sealing values that a schema marks as secret, and masking them. PURE: no Django.

A sealed value is a text that starts with `MARK`; people see the dots of it alone. It holds the place that it
was sealed for, in clear but authenticated (AES-256-GCM with the place as associated data), so it can neither
be moved to another place nor compared with another sealed value. Which places are secret, a schema says
(`config.lib.secret_places`). Texts sealed by older releases (AES-SIV, without a place) can still be opened.
"""

from __future__ import annotations

import os
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha512
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

from config.lib.caches import memoized

MARK = "••••••••:"
DOTS = "••••••••"
VERSION = "~"  # begins what follows the mark, but for texts of older releases
NONCE_BYTES = 12
KEY_BYTES = 32
PURPOSE = b"sagaboard.sealed.v2:"
PURPOSE_OLD = b"sagaboard.sealed.v1:"
REDACTED_CHARS_MIN = 4  # shorter texts are found in too much that is no secret
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=" + VERSION

Place = tuple[str, ...]
"""What a value is sealed for, such as `("input", "order_processing", "/card")`."""


class CannotOpen(Exception):
    """A sealed value was made with another SECRET_KEY; give it again."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


class SealedElsewhere(CannotOpen):
    """A sealed value was sealed for another place; give it again."""


def input_place(workflow: str, path: str) -> Place:
    """A secret of a workflow's input. `path`: a JSON pointer into the input."""
    return "input", workflow, path


def param_place(workflow: str, step: str, slot: str, worker: str, path: str) -> Place:
    """A secret param. `slot`: "" for the step's own worker, or `compensation`, `fallback`, `verify`."""
    return "param", workflow, step, slot, worker, path


def is_sealed(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(MARK)


def seal(value: Any, key: str, place: Place) -> str:
    """Encrypts a JSON value for a place. The same value sealed twice gives two texts."""
    nonce, bound = os.urandom(NONCE_BYTES), orjson.dumps(place)
    sealed = _cipher(key).encrypt(nonce, orjson.dumps(value), bound)
    blob = len(bound).to_bytes(2) + bound + nonce + sealed
    return MARK + VERSION + urlsafe_b64encode(blob).decode()


def unseal(text: str, keys: str | tuple[str, ...], opens: Callable[[Place], bool]) -> Any:
    """Decrypts a sealed text whose place `opens` accepts, with the first key that can.

    Raises CannotOpen or SealedElsewhere.
    """
    for key in (keys,) if isinstance(keys, str) else keys:
        try:
            return _unsealed(text, key, opens)
        except (InvalidTag, ValueError):
            continue
    raise CannotOpen


def _unsealed(text: str, key: str, opens: Callable[[Place], bool]) -> Any:
    """Raises InvalidTag, ValueError, or SealedElsewhere."""
    if not text.startswith(MARK + VERSION):
        return _old_cipher(key).decrypt(_decoded(text[len(MARK) :]), None).decode()
    bound, rest = _parts(text)
    if not opens(tuple(orjson.loads(bound))):
        raise SealedElsewhere
    return orjson.loads(_cipher(key).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], bound))


def resealed(text: str, keys: tuple[str, ...]) -> str:
    """A sealed text under the first key, for its own place. One that this key opens stays as it is.

    Raises CannotOpen where no key opens it, and for texts of older releases, which name no place.
    """
    try:
        unseal(text, keys[0], lambda _: True)
        return text
    except CannotOpen:
        place = place_of(text)
        if place is None:
            raise
        return seal(unseal(text, keys[1:], place.__eq__), keys[0], place)


def sealed_as_given(value: Any, given: Any, place: Place, keys: tuple[str, ...]) -> str:
    """A value under the first key; what was given sealed for its place under that key stays as it is."""
    is_own = is_sealed(given) and place_of(given) == place
    return resealed(given, keys) if is_own else seal(value, keys[0], place)


def place_of(text: str) -> Place | None:
    """The place that a sealed text claims to be for; None if it names none, as those of older releases."""
    try:
        return tuple(orjson.loads(_parts(text)[0])) if text.startswith(MARK + VERSION) else None
    except ValueError:
        return None


def _parts(text: str) -> tuple[bytes, bytes]:
    blob = _decoded(text[len(MARK + VERSION) :])
    end = 2 + int.from_bytes(blob[:2])
    return blob[2:end], blob[end:]


def _decoded(text: str) -> bytes:
    return b64decode(text.encode(), b"-_", validate=True)


@memoized(maxsize=4)
def _cipher(key: str) -> AESGCM:
    return AESGCM(sha512(PURPOSE + key.encode()).digest()[:KEY_BYTES])


@memoized(maxsize=4)
def _old_cipher(key: str) -> AESSIV:
    return AESSIV(sha512(PURPOSE_OLD + key.encode()).digest())


def mask_secrets(text: str) -> str:
    """A text as people see it: sealed values as dots."""
    if MARK not in text:
        return text
    head, *rest = text.split(MARK)
    return head + "".join(DOTS + part.lstrip(_ALPHABET) for part in rest)


def redact(value: Any, secrets: Iterable[Any]) -> Any:
    """Returns a copy of JSON-like `value` with dots for each secret, in keys too.

    `secrets`: values that were sealed; of lists and objects, each text and number in them counts. What has
    fewer than four characters stays.
    """
    texts = {str(part) for secret in secrets for part in _scalars(secret)}
    known = sorted((text for text in texts if len(text) >= REDACTED_CHARS_MIN), key=len, reverse=True)
    return _redacted(value, [(text, _forms(text)) for text in known]) if known else value


def _scalars(value: Any) -> Iterable[str | int | float]:
    if isinstance(value, Mapping):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list | tuple):
        for part in value:
            yield from _scalars(part)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield value


def _forms(secret: str) -> list[str]:
    """A secret as programs write it: as it is, by `repr`, in JSON, HTML and addresses. The longest first."""
    json_text = orjson.dumps(secret).decode()[1:-1]
    escaped = secret.encode("unicode_escape").decode()
    ascii_json = "".join(
        char if char < "\x7f" else "".join(f"\\u{unit:04x}" for unit in _utf16(char)) for char in json_text
    )
    forms = {
        *(secret, repr(secret)[1:-1], escaped),
        *(json_text, json_text.replace("/", "\\/"), ascii_json, ascii_json.replace("/", "\\/")),
        *(
            escape(secret),
            escape(secret, quote=False),
            quote(secret),
            quote(secret, safe=""),
            quote_plus(secret),
        ),
    }
    return sorted(forms, key=len, reverse=True)


def _utf16(char: str) -> Iterable[int]:
    encoded = char.encode("utf-16-be")
    return (int.from_bytes(encoded[at : at + 2]) for at in range(0, len(encoded), 2))


def _redacted(value: Any, secrets: list[tuple[str, list[str]]]) -> Any:
    if isinstance(value, str):
        return _redacted_text(value, secrets)
    if isinstance(value, Mapping):
        return {_redacted(name, secrets): _redacted(part, secrets) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(part, secrets) for part in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return DOTS if is_number and any(str(value) == secret for secret, _ in secrets) else value


def _redacted_text(text: str, secrets: list[tuple[str, list[str]]]) -> str:
    """Replaces secrets in all their forms.

    A text that was too long may have been cut within a secret, so the beginning of one at its end goes too.
    """
    for _, forms in secrets:  # the longest first: one secret may hold another
        for form in forms:
            text = text.replace(form, DOTS)
        for form in forms:
            cut = _overlap(text, form)
            text = text[: len(text) - cut] + DOTS if cut >= REDACTED_CHARS_MIN else text
    return text


def _overlap(text: str, form: str) -> int:
    """The length of the longest proper beginning of `form` that `text` ends with, in linear time.

    It is found as in the search of Knuth, Morris and Pratt: `borders[n]` is the length of the longest proper
    beginning of the first n characters that is their end as well.
    """
    tail = text[-(len(form) - 1) :] if len(form) > 1 else ""
    if tail[-REDACTED_CHARS_MIN:] not in form:  # nearly always
        return 0
    borders = [0, 0]
    for char in form[1:]:
        borders.append(_longer(borders, form, borders[-1], char))
    length = 0
    for char in tail:
        length = _longer(borders, form, length, char)
    return length


def _longer(borders: list[int], form: str, length: int, char: str) -> int:
    while length and form[length] != char:
        length = borders[length]
    return length + 1 if form[length] == char else 0
