"""CEL sources as values that can be put together. PURE.

A `Cel` remembers the fields of an object that is written out, so that reading one of them gives that field's
own source instead of `{"a": x}.a`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WHOLE_MAX = 2**63 - 1
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_RESERVED = frozenset(
    [
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    ]
)


@dataclass(frozen=True)
class Cel:
    """`is_atom`: the source can be followed by `.key` or stand beside an operator without brackets.

    `fields` are those that are known, of an object that is written out or merged; `items`
    those of a list that is written out.
    """

    source: str
    is_atom: bool = True
    fields: Mapping[str, Cel] | None = None
    items: tuple[Cel, ...] | None = None

    def __str__(self) -> str:
        return self.source

    @property
    def atom(self) -> str:
        return self.source if self.is_atom else f"({self.source})"

    def key(self, name: str) -> Cel:
        if self.fields is not None and name in self.fields:
            return self.fields[name]
        return Cel(f"{self.atom}.{name}" if is_plain(name) else f"{self.atom}[{text(name)}]")

    def index(self, place: int) -> Cel:
        if self.items is not None and place < len(self.items):
            return self.items[place]
        return Cel(f"{self.atom}[{place}]")


def is_plain(name: str) -> bool:
    """Whether a key can be read as `value.key`."""
    return _PLAIN.fullmatch(name) is not None and name not in _RESERVED


def text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def operation(source: str) -> Cel:
    return Cel(source, is_atom=False)


def call(function: str, *arguments: Cel | str) -> Cel:
    return Cel(f"{function}({', '.join(str(argument) for argument in arguments)})")


def object_of(fields: Mapping[str, Cel]) -> Cel:
    return Cel("{" + ", ".join(f"{text(key)}: {value}" for key, value in fields.items()) + "}", fields=fields)


def list_of(*values: Cel) -> Cel:
    return Cel("[" + ", ".join(map(str, values)) + "]", items=values)


def literal(value: Any) -> Cel:
    """The source of a JSON value."""
    if isinstance(value, Mapping):
        return object_of({key: literal(part) for key, part in value.items()})
    if isinstance(value, list):
        return list_of(*map(literal, value))
    if isinstance(value, str):
        return Cel(text(value))
    is_large = isinstance(value, int) and abs(value) > WHOLE_MAX
    source = json.dumps(float(value) if is_large else value)
    return operation(source) if source.startswith("-") else Cel(source)


NOW = call("format_time", "now()", text("%Y-%m-%dT%H:%M:%S.000Z"))
"""The time as a text in the form that machines know."""

Value = Any
"""A JSON value in which some parts are a `Cel`."""


def as_cel(value: Value) -> Cel:
    if isinstance(value, Cel):
        return value
    if isinstance(value, Mapping):
        return object_of({key: as_cel(part) for key, part in value.items()})
    if isinstance(value, list):
        return list_of(*map(as_cel, value))
    return literal(value)


def written(value: Value) -> Any:
    """The value as a document states it: `=source` for each expression, `==…` for a text that begins so."""
    if isinstance(value, Cel):
        return f"={value.source}"
    if isinstance(value, Mapping):
        return {key: written(part) for key, part in value.items()}
    if isinstance(value, list):
        return [written(part) for part in value]
    return f"={value}" if isinstance(value, str) and value.startswith("=") else value


def field_of(value: Value, key: str) -> Value:
    """A field of a value; of an object that is written out, the field itself."""
    if isinstance(value, Mapping) and key in value:
        return value[key]
    return as_cel(value).key(key)
