"""Resolves the references of a document into schemas that stand by themselves. PURE.

A schema may refer to itself, and large ones to hundreds of others, so depth and size are bounded: what lies
deeper becomes a schema that takes anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEPTH_MAX = 8
NODES_MAX = 2_000  # of one resolved schema
KEPT = frozenset(
    {
        *("type", "title", "description", "default", "enum", "const", "format", "pattern"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
        *("required", "properties", "additionalProperties", "items", "anyOf", "oneOf", "allOf"),
    }
)
DESCRIPTION_CHARS_MAX = 300
ENUM_MAX = 200


class Resolver:
    """Resolves schemas of one document; `missing` collects references that lead nowhere."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self.missing: set[str] = set()

    def target(self, value: Any, seen: frozenset[str] = frozenset()) -> Any:
        """What a value is, or refers to; {} where that leads nowhere or in a circle."""
        if not isinstance(value, Mapping):
            return value
        reference = value.get("$ref")
        if not isinstance(reference, str):
            return value
        if reference in seen or not reference.startswith("#/"):
            self.missing.add(reference)
            return {}
        found: Any = self._document
        for part in reference[2:].split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            found = found.get(key) if isinstance(found, Mapping) else None
        if found is None:
            self.missing.add(reference)
            return {}
        return self.target(found, seen | {reference})

    def schema(self, value: Any) -> dict[str, Any]:
        """A JSON Schema 2020-12 that stands by itself."""
        return _Walk(self).schema(value, 0)


class _Walk:
    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._nodes = 0

    def schema(self, value: Any, depth: int) -> dict[str, Any]:
        self._nodes += 1
        source = self._resolver.target(value)
        if not isinstance(source, Mapping) or depth > DEPTH_MAX or self._nodes > NODES_MAX:
            return {}
        made = {key: self._part(key, part, depth) for key, part in source.items() if key in KEPT}
        _shorten(made)
        _from_30(made, source)
        return made

    def _part(self, key: str, part: Any, depth: int) -> Any:
        if key == "properties":
            members = part if isinstance(part, Mapping) else {}
            return {str(name): self.schema(member, depth + 1) for name, member in members.items()}
        if key == "items" or (key == "additionalProperties" and not isinstance(part, bool)):
            return self.schema(part, depth + 1)
        if key in ("anyOf", "oneOf", "allOf"):
            return [self.schema(member, depth + 1) for member in part] if isinstance(part, list) else []
        return part


def _shorten(schema: dict[str, Any]) -> None:
    if isinstance(schema.get("description"), str):
        schema["description"] = shortened(schema["description"])
    if isinstance(schema.get("enum"), list) and len(schema["enum"]) > ENUM_MAX:
        del schema["enum"]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key) == []:
            del schema[key]


def shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= DESCRIPTION_CHARS_MAX else line[: DESCRIPTION_CHARS_MAX - 1] + "…"


def _from_30(schema: dict[str, Any], source: Mapping[str, Any]) -> None:
    """Says in the words of 2020-12 what OpenAPI 3.0 says in its own: `nullable`, exclusive bounds."""
    if source.get("nullable") is True and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if schema.get(exclusive) is True and bound in schema:
            schema[exclusive] = schema.pop(bound)
        elif isinstance(schema.get(exclusive), bool):
            del schema[exclusive]
