"""The normal form of text that is searched: what the index holds, and what a person looks for. PURE.

An input is written like JSON, but each text as it is, without escapes: so quotes, backslashes and line breaks
are found as they are typed. Both sides are in one Unicode form (NFC), case-folded as Unicode says, with one
blank in place of all white space in a row. Databases then compare letter by letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import orjson

TEXT_LENGTH_MAX = 10_000  # characters of an input
WHITE_SPACE = re.compile(r"\s+")


def normal_form(text: str) -> str:
    """A text as it is compared."""
    if text.isascii():
        return WHITE_SPACE.sub(" ", text.lower())
    folded = unicodedata.normalize("NFC", text).casefold()
    return WHITE_SPACE.sub(" ", unicodedata.normalize("NFC", folded))


def text_of(value: Any) -> str:
    """The beginning of a JSON value as searched text."""
    parts, length = [], 0
    for part in _parts(value):
        parts.append(part[:TEXT_LENGTH_MAX])
        length += len(part)
        if length > TEXT_LENGTH_MAX:
            break
    return normal_form("".join(parts))[:TEXT_LENGTH_MAX]


def _parts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield f'"{value}"'
    elif isinstance(value, dict):
        for index, (key, member) in enumerate(value.items()):
            yield f'{"," if index else "{"}"{key}":'
            yield from _parts(member)
        yield "}" if value else "{}"
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield "," if index else "["
            yield from _parts(item)
        yield "]" if value else "[]"
    else:
        yield orjson.dumps(value).decode()
