"""An operation as a step that calls it: the params of `http_request` to begin with, and its form. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designer.formats.openapi.operations import READING, Operation

NAME_CHARS_MAX = 60
FORMS = ("path", "query", "headers", "json", "form")
ANY_RIGHT_ANSWER = ("2xx",)
EMPTY: Mapping[str, Any] = {"string": "", "boolean": False, "array": []}

Schema = Mapping[str, Any]


def name_of(operation: Operation) -> str:
    """A name for the step, as steps may have them."""
    name = operation.id if operation.id[:1].isalpha() else f"call_{operation.id}"
    return name[:NAME_CHARS_MAX].rstrip("_")


def params_of(operation: Operation) -> dict[str, Any]:
    """The params to begin with: what is required is there, and empty."""
    params: dict[str, Any] = {"method": operation.method, "url": operation.url}
    for place, schema in operation.schema["properties"].items():
        if place == "path":
            params[place] = dict.fromkeys(schema["properties"], "")
        elif place == "text" or _required(schema):
            params[place] = _empty(schema)
    if operation.expect != ANY_RIGHT_ANSWER:
        params["expect"] = list(operation.expect)
    return params


def form_of(operation: Operation) -> dict[str, Any]:
    """The schema of the fields that the document describes; a part in several (`allOf`) is put together."""
    places = operation.schema["properties"]
    return {place: _together(schema) for place, schema in places.items() if place in FORMS}


def undo_of(operation: Operation) -> str | None:
    return "none" if operation.method in READING else None


def missing(form: Mapping[str, Schema], params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Place and name of what is needed and left empty."""
    return [
        (place, name)
        for place, schema in form.items()
        if isinstance(schema.get("required"), list) and isinstance(params.get(place, {}), Mapping)
        for name in schema["required"]
        if _is_empty(params.get(place, {}).get(name), (schema.get("properties") or {}).get(name))
    ]


def _is_empty(value: Any, schema: Any) -> bool:
    """Whether a value says nothing, and the schema does not say that this is right."""
    if value not in ("", None) or not isinstance(schema, Mapping):
        return value in ("", None)
    return value not in (schema.get("enum") or ()) and not (
        value is None and "null" in str(schema.get("type"))
    )


def _together(schema: Schema) -> dict[str, Any]:
    parts = schema.get("allOf")
    if not isinstance(parts, list):
        return dict(schema)
    made = {key: value for key, value in schema.items() if key != "allOf"}
    properties: dict[str, Any] = {}
    required: list[str] = []
    for part in [*map(_together, parts), made]:
        properties |= part.get("properties") or {}
        required += part.get("required") or []
    if not properties:
        return dict(schema)
    return made | {"type": "object", "properties": properties, "required": [*dict.fromkeys(required)]}


def _required(schema: Schema) -> bool:
    """Whether something of it has to be stated, as far as the document says."""
    schema = _together(schema)
    return bool(schema.get("required")) or schema.get("type") not in (None, "object")


def _empty(schema: Schema) -> Any:
    """A value to begin with: what the schema says alone, or empty; null where it has to be given."""
    schema = _together(schema)
    if "default" in schema or "const" in schema:
        return schema.get("const", schema.get("default"))
    kinds = schema.get("type")
    kind = kinds[0] if isinstance(kinds, list) and kinds else kinds
    if kind == "object" or "properties" in schema:
        members = schema.get("properties") or {}
        return {name: _empty(members.get(name) or {}) for name in schema.get("required") or []}
    choices = schema.get("enum")
    if isinstance(choices, list) and len(choices) == 1:
        return choices[0]
    made = EMPTY.get(str(kind))
    return list(made) if isinstance(made, list) else made
