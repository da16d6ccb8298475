"""Readers of a document's fields.

PURE. A reader takes a value, its path and a report function. It returns the value as the graph holds it; if
the value is malformed it reports the problem and returns `INVALID`. `designer.document.document` combines
readers into tables. `null` means "not stated" everywhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from designer.document.limits import DOCUMENT_BYTES_MAX, NAME_LENGTH_MAX
from designer.expressions.expressions import is_expression
from designer.problems import Report, join, suggestion, truncate

NAME = re.compile(rf"[a-z][a-z0-9_]{{0,{NAME_LENGTH_MAX - 1}}}", re.ASCII)

Reader = Callable[[Any, str, Report], Any]
Read = TypeVar("Read", bound=Reader)
Fields = dict[str, Reader]
Schema = dict[str, Any]
"""A JSON Schema (2020-12)."""


class Invalid:
    """Type of `INVALID`: the value was malformed and is reported; use the default."""


INVALID = Invalid()


def described(schema: Schema) -> Callable[[Read], Read]:
    """Gives a reader the schema of what it accepts, of which `designer.document.json_schema` is made."""

    def describe(reader: Read) -> Read:
        vars(reader)["schema"] = schema
        return reader

    return describe


def schema_of(reader: Reader) -> Schema:
    """The schema of a reader; one that says nothing accepts anything."""
    schema: Schema = vars(reader).get("schema", {})
    return schema


def any_schema(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


def stated(field: str) -> Schema:
    """Fits an object that has the field, and not as null."""
    return {"required": [field], "properties": {field: {"not": {"type": "null"}}}}


def exactly_one(fields: Collection[str]) -> Schema:
    return {"oneOf": [stated(field) for field in fields]}


def needs(field: str, other: str) -> Schema:
    """Fits an object that has the first field only beside the other one."""
    return {"if": stated(field), "then": stated(other)}


def object_schema(table: Fields, required: Collection[str] = ()) -> Schema:
    """The schema of an object with the table's fields, of which those that are not required may be null."""
    properties = {
        field: schema_of(reader) if field in required else any_schema(schema_of(reader), {"type": "null"})
        for field, reader in table.items()
    }
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": list(required)} if required else {})


def read_fields(value: object, table: Fields, path: str, report: Report, what: str = "") -> dict[str, Any]:
    """Returns the well-formed fields of an object by name; reports all others."""
    if not isinstance(value, Mapping):
        report("bad_type", path, f"an object is needed here, not {truncate(value)}")
        return {}
    values = {}
    for key, part in value.items():
        place = join(path, key)
        reader = table.get(key)
        if reader is None:
            report("unknown_field", place, f"{truncate(key)} is not a field{what}{suggestion(key, table)}")
        elif part is not None and (read := reader(part, place, report)) is not INVALID:
            values[key] = read
    return values


def require(
    values: Mapping[str, Any],
    names: Collection[str],
    document: object,
    path: str,
    report: Report,
    words: Callable[[str], str] = "'{}' is missing".format,
) -> None:
    """Reports each required field that is absent, in `words`. A malformed one is reported already."""
    given = document if isinstance(document, Mapping) else {}
    for field in names:
        if field not in values and given.get(field) is None:
            report("missing_field", join(path, field), words(field))


def record(make: Callable[..., Any], table: Fields, required: Collection[str] = ()) -> Reader:
    """Reads an object with the table's fields, and builds its value with `make`."""

    @described(object_schema(table, required))
    def read(value: object, path: str, report: Report) -> Any:
        values = read_fields(value, table, path, report)
        if not isinstance(value, Mapping):
            return INVALID
        require(values, required, value, path, report)
        return make(**values) if all(field in values for field in required) else INVALID

    return read


def text(length_max: int, *, empty: bool = True) -> Reader:
    @described({"type": "string", "maxLength": length_max} | ({} if empty else {"pattern": r"\S"}))
    def read(value: object, path: str, report: Report) -> Any:
        if not isinstance(value, str):
            return _wrong(report, path, "a text", value)
        if len(value) > length_max:
            report(
                "too_large", path, f"a text here may have {length_max:,} characters; this has {len(value):,}"
            )
            return INVALID
        if not value.strip() and not empty:
            report("bad_value", path, "the text is empty")
            return INVALID
        return value

    return read


@described({"const": True})
def is_true(value: object, path: str, report: Report) -> Any:
    return value if value is True else _wrong(report, path, "true", value)


def is_text(value: object) -> bool:
    return isinstance(value, str)


@described({"type": "boolean"})
def flag(value: object, path: str, report: Report) -> Any:
    return value if isinstance(value, bool) else _wrong(report, path, "true or false", value)


def one_of(options: Collection[str]) -> Reader:
    @described({"enum": list(options)})
    def read(value: object, path: str, report: Report) -> Any:
        if isinstance(value, str) and value in options:
            return value
        hint = suggestion(value, options) if isinstance(value, str) else ""
        return _wrong(report, path, "one of " + ", ".join(options), value, hint)

    return read


def number(*, least: float = -math.inf, above: float = -math.inf, up_to: float = math.inf) -> Reader:
    """Reads a number that is ≥ `least`, > `above` and ≤ `up_to`."""
    lower = f"above {above:g}" if above > -math.inf else f"from {least:g}"
    limits = {"minimum": least, "exclusiveMinimum": above, "maximum": up_to}
    bounds = {keyword: limit for keyword, limit in limits.items() if math.isfinite(limit)}

    @described({"type": "number"} | bounds)
    def read(value: object, path: str, report: Report) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return _wrong(report, path, "a number", value)
        if not (least <= value <= up_to and value > above):  # NaN is out of every range
            return _out_of_range(report, path, f"{lower} to {up_to:,g}", value)
        return value

    return read


def integer(least: int, up_to: int) -> Reader:
    @described({"type": "integer", "minimum": least, "maximum": up_to})
    def read(value: object, path: str, report: Report) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            return _wrong(report, path, "a whole number", value)
        if not least <= value <= up_to:
            return _out_of_range(report, path, f"from {least:,} to {up_to:,}", value)
        return value

    return read


@described({"type": "string", "pattern": f"^{NAME.pattern}$"})
def name(value: object, path: str, report: Report) -> Any:
    if isinstance(value, str) and NAME.fullmatch(value):
        return value
    report(
        "bad_name",
        path,
        f"{truncate(value)} is not a name: a small letter, then up to 62 small letters, digits "
        "or underscores",
    )
    return INVALID


def matching(pattern: re.Pattern[str], what: str) -> Reader:
    @described({"type": "string", "pattern": f"^(?:{pattern.pattern})$"})
    def read(value: object, path: str, report: Report) -> Any:
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        return _wrong(report, path, what, value)

    return read


@described({"type": "object"})
def json_object(value: object, path: str, report: Report) -> Any:
    return value if isinstance(value, Mapping) else _wrong(report, path, "an object", value)


def list_of(read: Reader, *, least: int = 0, up_to: int) -> Reader:
    """Reads a list of `least` to `up_to` parts, each with `read`; malformed parts are left out."""

    @described({"type": "array", "items": schema_of(read), "minItems": least, "maxItems": up_to})
    def read_list(value: object, path: str, report: Report) -> Any:
        if not isinstance(value, list | tuple):
            return _wrong(report, path, "a list", value)
        if not least <= len(value) <= up_to:
            report("bad_value", path, f"the list must have {least} to {up_to} entries; this has {len(value)}")
            return INVALID
        parts = [read(part, join(path, index), report) for index, part in enumerate(value)]
        return tuple(part for part in parts if part is not INVALID)

    return read_list


def either(is_first: Callable[[object], bool], first: Reader, second: Reader) -> Reader:
    @described(any_schema(schema_of(first), schema_of(second)))
    def read(value: object, path: str, report: Report) -> Any:
        return (first if is_first(value) else second)(value, path, report)

    return read


expression = text(DOCUMENT_BYTES_MAX)
"""Any text. `designer.expressions.expressions` checks expressions, their length included."""


EXPRESSION_SCHEMA: Schema = schema_of(expression) | {"pattern": "^="}


def or_expression(reader: Reader) -> Reader:
    """Reads what `reader` reads, or an expression `=…`."""
    read = either(is_expression, expression, reader)
    return described(any_schema(EXPRESSION_SCHEMA, schema_of(reader)))(read)


def _wrong(report: Report, path: str, expected: str, value: object, hint: str = "") -> Invalid:
    report(
        "bad_value" if isinstance(value, str) else "bad_type",
        path,
        f"{expected} is needed here, not {truncate(value)}{hint}",
    )
    return INVALID


def _out_of_range(report: Report, path: str, bounds: str, value: float) -> Invalid:
    report("bad_value", path, f"the number must be {bounds}, not {truncate(value)}")
    return INVALID
