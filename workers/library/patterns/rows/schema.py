"""Validates rows against JSON Schema (draft 2020-12) or against a plain `{field: type name}`. PURE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable

from workers import CriticalFailure

REASONS_MAX = 5
REASON_CHARS_MAX = 200

TEXT = {"type": ["string", "number", "boolean", "null"]}
NUMBER = {"type": ["number", "string", "null"], "minimum": 0}
FILM_NUMBERS = (
    "US Gross", "Worldwide Gross", "US DVD Sales", "Production Budget", "Running Time min",
    "Rotten Tomatoes Rating", "IMDB Rating", "IMDB Votes",
)  # fmt: skip

# Any object is a row. If a row has a field of a film record, as in the sample data, its value must fit.
ROW_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Row",
    "version": "1.0",
    "type": "object",
    "minProperties": 1,
    "properties": {
        "Title": TEXT,
        "Release Date": {"type": ["string", "number", "null"]},
        "Director": TEXT,
        "Distributor": TEXT,
        "Source": TEXT,
        "Major Genre": TEXT,
        "Creative Type": TEXT,
        "MPAA Rating": TEXT,
        **dict.fromkeys(FILM_NUMBERS, NUMBER),
        "Rotten Tomatoes Rating": {**NUMBER, "maximum": 100},
        "IMDB Rating": {**NUMBER, "maximum": 10},
    },
}

TYPES: Mapping[str, tuple[type, ...]] = {
    "str": (str,), "string": (str,), "text": (str,),
    "int": (int,), "integer": (int,),
    "float": (int, float), "number": (int, float),
    "bool": (bool,), "boolean": (bool,),
    "list": (list,), "array": (list,),
    "dict": (dict,), "object": (dict,),
    "null": (type(None),), "none": (type(None),),
    "any": (object,),
}  # fmt: skip


def is_json_schema(schema: Mapping[str, Any]) -> bool:
    """Whether a schema is JSON Schema, and not a plain mapping of field names to type names."""
    return (
        "$schema" in schema
        or isinstance(schema.get("properties"), dict)
        or isinstance(schema.get("required"), list)
        or schema.get("type") == "object"
    )


def validator_of(schema: Mapping[str, Any]) -> Draft202012Validator:
    """Returns a validator that never fetches a schema. Raises CriticalFailure for an invalid schema."""
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise CriticalFailure(f"schema: {error.message:.{REASON_CHARS_MAX}}") from error
    registry: Registry[Any] = Registry()
    return Draft202012Validator(schema, registry=registry)


def reasons(validator: Draft202012Validator, value: Any) -> list[str]:
    """Reasons why the value does not fit, `REASONS_MAX` at most.

    Raises CriticalFailure for an open reference.
    """
    try:
        errors = sorted(validator.iter_errors(value), key=lambda error: list(map(str, error.absolute_path)))
    except Unresolvable as error:
        raise CriticalFailure(f"schema: {error}; a schema must be complete in itself") from error
    return [reason(error) for error in errors[:REASONS_MAX]]


def reason(error: Any) -> str:
    path = ".".join(map(str, error.absolute_path))
    return f"{path}: {error.message}"[:REASON_CHARS_MAX] if path else str(error.message)[:REASON_CHARS_MAX]


def field_problems(data: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """The plain check: yields the fields that are missing or of another type."""
    for field, type_name in fields_of(schema).items():
        if field not in data:
            yield f"Missing required field: {field}"
        elif not is_of_type(data[field], type_name):
            yield f"Invalid type for {field}: expected {type_name}"


def fields_of(schema: Mapping[str, Any]) -> dict[str, str]:
    """Type names by field; `version` is the schema's own unless it names a type. Raises CriticalFailure."""
    fields = {key: value for key, value in schema.items() if key != "version" or is_type_name(value)}
    for field, type_name in fields.items():
        if not is_type_name(type_name):
            raise CriticalFailure(
                f"schema: {field} has the unknown type {type_name!r:.80}; use JSON Schema, or one of "
                + ", ".join(TYPES)
            )
    return fields


def is_type_name(value: object) -> bool:
    return isinstance(value, str) and value in TYPES


def is_of_type(value: Any, type_name: str) -> bool:
    if isinstance(value, bool):
        return type_name in ("bool", "boolean", "any")
    return isinstance(value, TYPES[type_name])


def numeric_fields(schema: Mapping[str, Any]) -> frozenset[str]:
    """The properties that the schema says are numbers; text in them is read as a number."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return frozenset()
    return frozenset(name for name, rule in properties.items() if isinstance(rule, dict) and is_numeric(rule))


def is_numeric(rule: Mapping[str, Any]) -> bool:
    """Whether a rule allows numbers alone, or also texts with bounds, which stand for numbers."""
    types = rule.get("type")
    names = {name for name in (types if isinstance(types, list) else [types]) if isinstance(name, str)}
    is_bounded = "minimum" in rule or "maximum" in rule
    return bool(names & {"number", "integer"}) and (is_bounded or names <= {"number", "integer", "null"})
