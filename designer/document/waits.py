"""What approvals and waits wait for: its readers, and the parts of a wait for the first of several. PURE."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from designer.document import fields
from designer.document.limits import (
    ANY_OF_MAX,
    ASSIGNEE_LENGTH_MAX,
    ASSIGNEES_MAX,
    EVENT_TYPE_LENGTH_MAX,
)
from designer.document.readers import (
    EXPRESSION_SCHEMA,
    INVALID,
    Fields,
    any_schema,
    described,
    exactly_one,
    expression,
    matching,
    name,
    needs,
    number,
    object_schema,
    one_of,
    or_expression,
    read_fields,
    schema_of,
    text,
)
from designer.expressions.expressions import is_expression
from designer.problems import Report, join, truncate
from workers.sdk.limits import SECONDS_MAX

OnTimeout = Literal["fail", "approve", "reject"]
ON_TIMEOUT: tuple[OnTimeout, ...] = ("fail", "approve", "reject")
Assignees = str | tuple[str, ...]
"""Usernames and `group:NAME`, each of them or the list as a whole possibly an expression."""

GROUP = "group:"
ANSWER_KEYS = ("approved", "by", "comment")
"""Keys of an approval's output that every approval has; its form cannot ask for them."""

EVENT_TYPE = re.compile(rf"\S{{1,{EVENT_TYPE_LENGTH_MAX}}}")
event_type = matching(EVENT_TYPE, f"a type of event (1 to {EVENT_TYPE_LENGTH_MAX} characters without spaces)")
PART_KINDS = ("signal", "event", "timeout", "until")
"""What a part of `any_of` waits for; it has exactly one of them."""

on_timeout = one_of(ON_TIMEOUT)
_assignee = text(ASSIGNEE_LENGTH_MAX, empty=False)


@described(
    any_schema(
        EXPRESSION_SCHEMA,
        {"type": "array", "items": schema_of(_assignee), "minItems": 1, "maxItems": ASSIGNEES_MAX},
    )
)
def assignees(value: object, path: str, report: Report) -> Any:
    """Reads a list of usernames and groups, or an expression that gives one."""
    if is_expression(value):
        return expression(value, path, report)
    if not isinstance(value, list | tuple):
        report(
            "bad_type",
            path,
            f"a list of usernames and {GROUP}NAME, or an expression, is needed here, not {truncate(value)}",
        )
        return INVALID
    if not 0 < len(value) <= ASSIGNEES_MAX:
        report("bad_value", path, f"1 to {ASSIGNEES_MAX} assignees are needed here, not {len(value)}")
        return INVALID
    read = [
        (expression if is_expression(name) else _assignee)(name, join(path, place), report)
        for place, name in enumerate(value)
    ]
    return INVALID if INVALID in read else tuple(read)


def defaults_of(form: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the answer to a form that nobody has filled in: the default of each property that has one."""
    properties = form.get("properties")
    parts = properties.items() if isinstance(properties, Mapping) else ()
    return {key: part["default"] for key, part in parts if isinstance(part, Mapping) and "default" in part}


Part = Mapping[str, Any]
"""`{signal}`, `{event, match}`, `{timeout}` or `{until}`, and perhaps a `name`."""

_PART: Fields = {
    "name": name,
    "signal": fields.signal,
    "event": event_type,
    "match": expression,
    "timeout": or_expression(number(least=0, up_to=SECONDS_MAX)),
    "until": or_expression(fields.moment),
}


@described(object_schema(_PART) | {"allOf": [exactly_one(PART_KINDS), needs("match", "event")]})
def _part(value: object, path: str, report: Report) -> Part:
    read = read_fields(value, _PART, path, report, " of what is waited for")
    if isinstance(value, Mapping):
        if sum(value.get(kind) is not None for kind in PART_KINDS) != 1:
            report("bad_wait", path, f"it has exactly one of {', '.join(map(repr, PART_KINDS))}")
        if value.get("match") is not None and value.get("event") is None:
            report("bad_wait", path, "'match' belongs to an 'event'")
    return read


@described({"type": "array", "items": schema_of(_part), "minItems": 2, "maxItems": ANY_OF_MAX})
def any_of(value: object, path: str, report: Report) -> Any:
    """Reads the parts of a wait that ends with the first of them."""
    if not isinstance(value, list | tuple) or not 2 <= len(value) <= ANY_OF_MAX:
        report("bad_wait", path, f"a list of 2 to {ANY_OF_MAX} things to wait for is needed here")
        return INVALID
    return tuple(_part(part, join(path, place), report) for place, part in enumerate(value))


class Waiting(Protocol):
    """What is needed of a step here."""

    @property
    def signal(self) -> str | None: ...
    @property
    def event(self) -> str | None: ...
    @property
    def match(self) -> str | None: ...
    @property
    def any_of(self) -> tuple[Part, ...] | None: ...


def parts_of(step: Waiting) -> Sequence[Part]:
    """Returns all that a step waits for, as parts; a wait for seconds or until a time has none."""
    if step.any_of is not None:
        return step.any_of
    if step.signal is not None:
        return ({"signal": step.signal},)
    return () if step.event is None else ({"event": step.event, "match": step.match},)


def signals_of(step: Waiting) -> list[str]:
    return [part["signal"] for part in parts_of(step) if part.get("signal") is not None]


def events_of(step: Waiting) -> list[str]:
    return [part["event"] for part in parts_of(step) if part.get("event") is not None]


def event_types(document: object) -> set[str]:
    """Returns the types of events that any wait of a document waits for, in bodies too."""
    types: set[str] = set()
    pending = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, Mapping):
            if value.get("kind") == "wait":
                parts = [value, *(value.get("any_of") or ())]
                types |= {part["event"] for part in parts if isinstance(part.get("event"), str)}
            pending.extend(value.get(key) for key in ("steps", "body"))
        elif isinstance(value, list | tuple):
            pending.extend(value)
    return types
