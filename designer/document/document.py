"""The workflow document (`schema: 1`) to and from a `Graph`: fields, types, sizes and names.

PURE. Tables of field readers walk the document, so that all problems are found at once, each with its path.
The rules for a well-formed graph are in `designer.validation.workflow`; files are read and written by
`designer.formats.formats`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from designer.document.calls import Action, Retry
from designer.document.fields import error_patterns, long_text, on_failure, retry, seconds, title
from designer.document.flow import Concurrency, Debounce, Rate, concurrency, debounce, rate
from designer.document.graph import COMPENSATION_ORDERS, SCHEMA, Body, Defaults, Edge, Graph, RollBack
from designer.document.kinds import COMMON_FIELDS, KINDS, StepKind, row_of
from designer.document.limits import COORDINATE_MAX, EDGES_MAX, STEPS_MAX
from designer.document.readers import (
    INVALID,
    Fields,
    Reader,
    described,
    expression,
    flag,
    json_object,
    name,
    one_of,
    read_fields,
    record,
    require,
    schema_of,
)
from designer.document.shape import check_shape
from designer.document.steps import Step
from designer.document.wording import FIELD_WORDS, called
from designer.errors import DocumentRefused
from designer.problems import Problem, Problems, Report, TooManyProblemsError, errors, join, truncate

EDGE_FIELDS: Fields = {
    "from": name,
    "to": name,
    "when": expression,
    "otherwise": flag,
    "on": one_of(("failed",)),
    "errors": error_patterns,
}

_EDGE_WORDS = {
    "from": "the edge needs the step that it starts at",
    "to": "the edge needs the step it leads to",
}


def parse(document: object) -> tuple[Graph | None, list[Problem]]:
    """Returns the graph of a document and its problems; the graph is None if one of them is an error."""
    graph, problems = salvage(document)
    return (None if errors(problems) else graph), problems


def salvage(document: object) -> tuple[Graph, list[Problem]]:
    """Returns what can be read of a graph, without malformed parts, and every problem of the shape.

    Steps and edges keep their positions, so that the paths of later checks are right.
    """
    refusal = storage_problem(document)
    if refusal or not isinstance(document, Mapping):
        return Graph(""), [
            refusal or Problem("bad_type", "", f"an object is needed, not {truncate(document)}")
        ]
    problems = Problems()
    values: dict[str, Any] = {}
    try:
        values = read_fields(document, GRAPH_FIELDS, "", problems.error, " of a workflow")
        require(values, ("name",), document, "", problems.error)
        if document.get("schema") is None:
            problems.warn("schema_filled_in", "schema", f"'schema: {SCHEMA}' was missing and is filled in")
    except TooManyProblemsError:
        pass
    values.pop("schema", None)
    return Graph(**{"name": "", **values}), problems.reported


def with_schema(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the schema that it is read as, where it states none."""
    if document.get("schema") is not None:
        return dict(document)
    return {"schema": SCHEMA, **{key: part for key, part in document.items() if key != "schema"}}


def parse_step(document: object, path: str = "") -> Step:
    """Reads one step of a document; raises `DocumentRefused` with all its problems."""
    refusal = check_shape(document, path)
    if refusal:
        raise DocumentRefused([refusal], "The step is wrong:")
    problems = Problems()
    step = read_step(document, path, problems.error)
    if problems.reported:
        raise DocumentRefused(problems.reported, "The step is wrong:")
    return step


def storage_problem(document: object) -> Problem | None:
    """Why a document cannot be stored even as a draft, or None. Bounds its size before anything reads it."""
    if isinstance(document, Mapping):
        for key, limit in (("steps", STEPS_MAX), ("edges", EDGES_MAX)):
            part = document.get(key)
            if isinstance(part, list | tuple) and len(part) > limit:
                message = f"a workflow may have {limit:,} {key}; this one has {len(part):,}"
                return Problem(f"too_many_{key}", key, message)
    return check_shape(document)


@described({"$ref": "#/$defs/step"})
def read_step(value: object, path: str, report: Report) -> Step:
    """Reads a step of a document. Malformed fields are reported and get their defaults."""
    kind = value.get("kind") if isinstance(value, Mapping) else None
    row = row_of(kind)
    owner = f" of a {kind} step" if row and kind else " of a step"
    given = _without_blanks(value, row) if isinstance(value, Mapping) else value
    values = read_fields(given, row.readers if row else _ANY_KIND, path, report, owner)
    if isinstance(given, Mapping):
        title = called(given)
        require(
            values,
            row.required if row else ("name",),
            given,
            path,
            report,
            lambda field: f"{title} needs {FIELD_WORDS.get(field, field)}",
        )
        if row:
            _check_alternatives(given, row, path, report)
    return Step(**{"name": "", **{FIELD_OF.get(key, key): part for key, part in values.items()}})


def _without_blanks(step: Mapping[str, Any], row: StepKind | None) -> Mapping[str, Any]:
    """The step without needed fields that are still empty, as of one that was just put on the canvas."""
    needed = {*row.required, "worker", "workflow"} & {*row.required, *row.one_of} if row else set()
    return {key: part for key, part in step.items() if not (key in needed and part == "")}


def _check_alternatives(step: Mapping[str, Any], row: StepKind, path: str, report: Report) -> None:
    """Reports a step that states none of the fields of which it has exactly one, or several of them."""
    code = f"bad_{step.get('kind')}"
    stated = [field for field in row.one_of if step.get(field) is not None]
    if row.one_of and not stated:
        options = [FIELD_WORDS.get(field, field) for field in row.one_of]
        place = join(path, row.one_of[0])
        report(code, place, f"{called(step)} needs {', '.join(options[:-1])} or {options[-1]}")
    elif len(stated) > 1:
        options = [FIELD_WORDS.get(field, field) for field in stated]
        report(code, path, f"{called(step)} has {' and '.join(options)}; keep one of them")
    if step.get("match") is not None and "event" in row.one_of and step.get("event") is None:
        report(code, path, "'match' belongs to an 'event'")


def read_body(value: object, path: str, report: Report) -> Any:
    """Reads the graph inside a step. Malformed parts are reported, as those of a whole workflow are."""
    if not isinstance(value, Mapping):
        return json_object(value, path, report)
    return Body(**read_fields(value, BODY_FIELDS, path, report, " of a body"))


@described({"$ref": "#/$defs/edge"})
def _read_edge(value: object, path: str, report: Report) -> Edge:
    values = read_fields(value, EDGE_FIELDS, path, report, " of an edge")
    if isinstance(value, Mapping):
        require(values, ("from", "to"), value, path, report, _EDGE_WORDS.__getitem__)
        if values.get("otherwise") and "when" in values:
            report("otherwise_with_when", path, "an edge has a condition or is the 'otherwise' one, not both")
        if values.get("otherwise") and "on" in values:
            report("otherwise_on_failed", path, "an edge for failures is not the 'otherwise' one; remove one")
        if "errors" in values and "on" not in values:
            report("errors_without_on", path, "only an edge with 'on: failed' names the errors it is for")
    return Edge(
        **{"source": "", "target": "", **{FIELD_OF.get(key, key): part for key, part in values.items()}}
    )


_PLACE = {
    "type": "array",
    "items": {"type": "number", "minimum": -COORDINATE_MAX, "maximum": COORDINATE_MAX},
    "minItems": 2,
    "maxItems": 2,
}


@described({"const": SCHEMA})
def _read_schema(value: object, path: str, report: Report) -> Any:
    if value == SCHEMA and not isinstance(value, bool):
        return value
    report(
        "unknown_schema", path, f"this version of the product reads schema {SCHEMA}, not {truncate(value)}"
    )
    return INVALID


@described({"type": "object", "additionalProperties": _PLACE})
def _read_layout(value: object, path: str, report: Report) -> Any:
    if not isinstance(value, Mapping):
        return json_object(value, path, report)
    places = {step: _read_place(place, join(path, step), report) for step, place in value.items()}
    return {step: place for step, place in places.items() if place is not INVALID}


def _read_place(value: object, path: str, report: Report) -> Any:
    if isinstance(value, list | tuple) and len(value) == 2:
        numbers = [part for part in value if isinstance(part, int | float) and not isinstance(part, bool)]
        if len(numbers) == 2 and all(-COORDINATE_MAX <= number <= COORDINATE_MAX for number in numbers):
            return tuple(value)
    report("bad_value", path, f"a place is a list of two numbers [x, y], not {truncate(value)}")
    return INVALID


def _listed(read: Reader) -> Reader:
    @described({"type": "array", "items": schema_of(read)})
    def read_list(value: object, path: str, report: Report) -> Any:
        if isinstance(value, list | tuple):
            return tuple(read(part, join(path, index), report) for index, part in enumerate(value))
        report("bad_type", path, f"a list is needed here, not {truncate(value)}")
        return INVALID

    return read_list


def _ignored(value: object, path: str, report: Report) -> Any:
    """Reads a field that some kind has, in a step of unknown kind: neither checked nor reported."""
    return INVALID


_ANY_KIND: Fields = {field: _ignored for row in KINDS.values() for field in row.fields} | COMMON_FIELDS
BODY_FIELDS: Fields = {"steps": _listed(read_step), "edges": _listed(_read_edge), "layout": _read_layout}
GRAPH_FIELDS: Fields = {
    "schema": _read_schema,
    "name": name,
    "title": title,
    "description": long_text,
    "input_schema": json_object,
    "sample_input": json_object,
    "defaults": record(Defaults, {"timeout": seconds, "retry": retry, "on_failure": on_failure}),
    "compensation_order": one_of(COMPENSATION_ORDERS),
    "continue_compensating": flag,
    "timeout": seconds,
    "concurrency": concurrency,
    "rate": rate,
    "debounce": debounce,
    **BODY_FIELDS,
}


def dump(graph: Graph) -> dict[str, Any]:
    """The document of a graph, without fields that equal their default. `parse` is the inverse."""
    return {"schema": SCHEMA, **_dump(graph)}


def dump_step(step: Step) -> dict[str, Any]:
    return _dump(step)


KEY_OF = {"source": "from", "target": "to", "while_": "while"}
FIELD_OF = {key: field for field, key in KEY_OF.items()}
"""Where a document's key is a word of Python."""


def _dump(part: Any) -> dict[str, Any]:
    stated = ((key, getattr(part, key), default) for key, default in _DEFAULTS[type(part)].items())
    return {KEY_OF.get(key, key): _json(value) for key, value, default in stated if value != default}


# The default of each field; `MISSING`, which equals no value, for a required field.
_DEFAULTS: dict[type, dict[str, Any]] = {
    kind: {
        field.name: field.default if field.default_factory is MISSING else field.default_factory()
        for field in fields(kind)
        if field.name != "variables"
    }
    for kind in (Graph, Body, Step, Edge, Action, RollBack, Retry, Defaults, Concurrency, Rate, Debounce)
}


def _json(value: Any) -> Any:
    if is_dataclass(value):
        return _dump(value)
    if isinstance(value, tuple):
        return [_json(part) for part in value]
    if isinstance(value, Mapping):
        return {key: _json(part) for key, part in value.items()}
    return value
