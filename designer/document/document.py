"""The workflow document (`schema: 1`) to and from a `Graph`: fields, types, sizes and names.

PURE. Tables of field readers, so that all problems are found at once, each with its path.
What a well-formed graph must obey besides is in `designer.validation.workflow`; how a document is
written in a file in `designer.formats.formats`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from typing import Any

from designer.document.graph import (
    COMPENSATION_ORDERS,
    IRREVERSIBLE,
    KINDS,
    NO_UNDO,
    ON_FAILURE,
    SCHEMA,
    STEPS_MAX,
    Action,
    Defaults,
    Edge,
    Graph,
    Retry,
    Step,
)
from designer.document.readers import (
    INVALID,
    Fields,
    Reader,
    either,
    expression,
    flag,
    integer,
    json_object,
    matching,
    name,
    number,
    one_of,
    or_expression,
    read_fields,
    record,
    require,
    text,
)
from designer.document.shape import check_shape
from designer.errors import DocumentRefused
from designer.problems import Problem, Problems, Report, TooManyProblemsError, errors, join, truncate

EDGES_MAX = 20_000
TITLE_LENGTH_MAX = 200
TEXT_LENGTH_MAX = 10_000
WORKER_LENGTH_MAX = 200
QUEUE_LENGTH_MAX = 60
SECONDS_MAX = 366 * 24 * 3600
ATTEMPTS_MAX = 1_000
MAP_ITEMS_MAX = 1_000_000
VERSIONS_MAX = 1_000_000
COORDINATE_MAX = 1_000_000

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}", re.ASCII)
_SIGNAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", re.ASCII)

_title = text(TITLE_LENGTH_MAX)
_long_text = text(TEXT_LENGTH_MAX)
_seconds = number(above=0, up_to=SECONDS_MAX)
_worker = text(WORKER_LENGTH_MAX, empty=False)
_queue = text(QUEUE_LENGTH_MAX, empty=False)
_on_failure = one_of(ON_FAILURE)

_retry = record(
    Retry,
    {
        "max_attempts": integer(1, ATTEMPTS_MAX),
        "initial": number(least=0, up_to=SECONDS_MAX),
        "factor": number(least=1, up_to=1_000),
        "max": number(least=0, up_to=SECONDS_MAX),
        "jitter": number(least=0, up_to=1),
        "asks_max": integer(0, ATTEMPTS_MAX),
    },
)
_action = record(
    Action,
    {"worker": _worker, "params": json_object, "timeout": _seconds, "retry": _retry, "queue": _queue},
    required=("worker",),
)
_defaults = record(Defaults, {"timeout": _seconds, "retry": _retry, "on_failure": _on_failure})
_undo = either(lambda value: isinstance(value, Mapping), _action, one_of((NO_UNDO, IRREVERSIBLE)))


def _moment(value: object, path: str, report: Report) -> Any:
    """A time with its zone, as in `2026-01-31T09:00:00Z`; kept as the text that it is."""
    try:
        if isinstance(value, str) and datetime.fromisoformat(value).tzinfo:
            return value
    except ValueError:
        pass
    report(
        "bad_value",
        path,
        f"a time with its zone is needed here, as 2026-01-31T09:00:00Z, not {truncate(value)}",
    )
    return INVALID


_STEP: Fields = {
    "name": name,
    "kind": one_of(KINDS),
    "title": _title,
    "notes": _long_text,
    "when": expression,
    "on_failure": _on_failure,
    "output_key": matching(_KEY, "a name of letters, digits and underscores"),
    "pivot": flag,
}
_TIMED: Fields = {"timeout": _seconds}
_WORKED: Fields = {
    "worker": _worker,
    "params": json_object,
    "compensation": _undo,
    "verify": _action,
    "fallback": _action,
    "retry": _retry,
    "queue": _queue,
}
STEP_FIELDS: Mapping[str, Fields] = {
    "task": _STEP | _TIMED | _WORKED | {"dynamic": flag},
    "map": _STEP
    | _TIMED
    | _WORKED
    | {
        "items": expression,
        "batch_size": integer(1, MAP_ITEMS_MAX),
        "max_concurrency": integer(1, MAP_ITEMS_MAX),
        "tolerate": integer(0, MAP_ITEMS_MAX),
    },
    "workflow": _STEP
    | {"workflow": name, "version": integer(1, VERSIONS_MAX), "input": json_object, "compensation": _undo},
    "wait": _STEP
    | _TIMED
    | {
        "seconds": or_expression(number(least=0, up_to=SECONDS_MAX)),
        "until": or_expression(_moment),
        "signal": matching(_SIGNAL, "a signal's name (letters, digits, '_', '.', '-')"),
    },
    "approval": _STEP | _TIMED | {"message": or_expression(_long_text)},
}
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "task": ("name", "worker"),
    "map": ("name", "worker", "items"),
    "workflow": ("name", "workflow"),
    "wait": ("name",),
    "approval": ("name",),
}
WAITS = ("seconds", "until", "signal")
_EDGE: Fields = {"from": name, "to": name, "when": expression, "otherwise": flag}


def parse(document: object) -> tuple[Graph | None, list[Problem]]:
    """The graph of a document, or None and every reason why there is none."""
    graph, problems = salvage(document)
    return (None if errors(problems) else graph), problems


def salvage(document: object) -> tuple[Graph, list[Problem]]:
    """What can be made of a document, wrong parts left out, and every problem of its shape.

    Steps and edges keep their places, so that paths of later checks stay right.
    """
    refusal = refused(document)
    if refusal or not isinstance(document, Mapping):
        return Graph(""), [
            refusal or Problem("bad_type", "", f"an object is needed, not {truncate(document)}")
        ]
    problems = Problems()
    found: dict[str, Any] = {}
    try:
        found = read_fields(document, _GRAPH, "", problems.error, " of a workflow")
        require(found, ("schema", "name"), document, "", problems.error)
    except TooManyProblemsError:
        pass
    found.pop("schema", None)
    return Graph(**{"name": "", **found}), problems.found


def parse_step(document: object, path: str = "") -> Step:
    """One step from its part of a document; raises `DocumentRefused` with everything wrong in it."""
    refusal = check_shape(document, path)
    if refusal:
        raise DocumentRefused([refusal], "The step is wrong:")
    problems = Problems()
    step = read_step(document, path, problems.error)
    if problems.found:
        raise DocumentRefused(problems.found, "The step is wrong:")
    return step


def refused(document: object) -> Problem | None:
    """Why a document may not even be kept as a draft, or None."""
    if isinstance(document, Mapping):
        for key, limit in (("steps", STEPS_MAX), ("edges", EDGES_MAX)):
            part = document.get(key)
            if isinstance(part, list | tuple) and len(part) > limit:
                said = f"a workflow may have {limit:,} {key}; this one has {len(part):,}"
                return Problem(f"too_many_{key}", key, said)
    return check_shape(document)


def read_step(value: object, path: str, report: Report) -> Step:
    """A step from its part of a document; what is wrong is reported and left at its default."""
    kind = value.get("kind") if isinstance(value, Mapping) else None
    table = STEP_FIELDS.get(kind if isinstance(kind, str) else "", STEP_FIELDS["task"])
    if kind is not None and kind not in KINDS:
        table = {**_STEP, **dict.fromkeys(_ALL_STEP_FIELDS - _STEP.keys(), _ignored)}
    found = read_fields(value, table, path, report, f" of a {kind} step" if kind in KINDS else " of a step")
    if isinstance(value, Mapping):
        required = (
            REQUIRED.get(kind or "task", ("name",)) if kind is None or isinstance(kind, str) else ("name",)
        )
        require(found, required, value, path, report)
        if kind == "wait" and sum(value.get(field) is not None for field in WAITS) != 1:
            report("bad_wait", path, "a wait step has exactly one of 'seconds', 'until' and 'signal'")
    return Step(**{"name": "", **found})


def _read_edge(value: object, path: str, report: Report) -> Edge:
    found = read_fields(value, _EDGE, path, report, " of an edge")
    if isinstance(value, Mapping):
        require(found, ("from", "to"), value, path, report)
        if found.get("otherwise") and "when" in found:
            report("otherwise_with_when", path, "an edge has a condition or is the 'otherwise' one, not both")
    ends = {"source": found.pop("from", ""), "target": found.pop("to", "")}
    return Edge(**ends, **found)


def _read_schema(value: object, path: str, report: Report) -> Any:
    if value == SCHEMA and not isinstance(value, bool):
        return value
    report(
        "unknown_schema", path, f"this version of the product reads schema {SCHEMA}, not {truncate(value)}"
    )
    return INVALID


def _read_layout(value: object, path: str, report: Report) -> Any:
    if not isinstance(value, Mapping):
        return json_object(value, path, report)
    places = {step: _read_place(place, join(path, step), report) for step, place in value.items()}
    return {step: place for step, place in places.items() if place is not INVALID}


def _read_place(value: object, path: str, report: Report) -> Any:
    if isinstance(value, list | tuple) and len(value) == 2 and all(_is_coordinate(part) for part in value):
        return tuple(value)
    report("bad_value", path, f"a place is a list of two numbers [x, y], not {truncate(value)}")
    return INVALID


def _is_coordinate(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -COORDINATE_MAX <= value <= COORDINATE_MAX


def _listed(read: Callable[[object, str, Report], Any]) -> Reader:
    def read_list(value: object, path: str, report: Report) -> Any:
        if isinstance(value, list | tuple):
            return tuple(read(part, join(path, index), report) for index, part in enumerate(value))
        report("bad_type", path, f"a list is needed here, not {truncate(value)}")
        return INVALID

    return read_list


def _ignored(value: object, path: str, report: Report) -> Any:
    """A field of some kind, while the step's own kind is not known."""
    return INVALID


_ALL_STEP_FIELDS = frozenset(field for table in STEP_FIELDS.values() for field in table)
_GRAPH: Fields = {
    "schema": _read_schema,
    "name": name,
    "title": _title,
    "description": _long_text,
    "input_schema": json_object,
    "sample_input": json_object,
    "defaults": _defaults,
    "compensation_order": one_of(COMPENSATION_ORDERS),
    "continue_compensating": flag,
    "timeout": _seconds,
    "steps": _listed(read_step),
    "edges": _listed(_read_edge),
    "layout": _read_layout,
}


def dump(graph: Graph) -> dict[str, Any]:
    """The document of a graph, without what equals the default; `parse` gives the graph back."""
    return {"schema": SCHEMA, **_dump(graph)}


def dump_step(step: Step) -> dict[str, Any]:
    return _dump(step)


_EDGE_KEYS = {"source": "from", "target": "to"}


def _dump(part: Any) -> dict[str, Any]:
    stated = ((key, getattr(part, key), default) for key, default in _DEFAULTS[type(part)].items())
    return {_EDGE_KEYS.get(key, key): _json(value) for key, value, default in stated if value != default}


def _defaults_of(kind: type) -> dict[str, Any]:
    """The default of each field; `MISSING`, which equals nothing, where there is none."""
    return {
        field.name: field.default if field.default_factory is MISSING else field.default_factory()
        for field in fields(kind)
    }


_DEFAULTS = {kind: _defaults_of(kind) for kind in (Graph, Step, Edge, Action, Retry, Defaults)}


def _json(value: Any) -> Any:
    if is_dataclass(value):
        return _dump(value)
    if isinstance(value, tuple):
        return [_json(part) for part in value]
    if isinstance(value, Mapping):
        return {key: _json(part) for key, part in value.items()}
    return value
