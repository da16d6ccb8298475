"""Guards and conditions of edges, as a run decides them. PURE.

A step that failed and was passed over may leave out what a condition reads. The author has said that the run
goes on without it, so such a condition does not hold; it does not fail the run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

from designer.errors import ExpressionError
from designer.expressions.expressions import compile_expression, condition
from runs.machine.states import StepStatus

REFERENCE = re.compile(r"\b(?:context|input|steps|outcomes)(?:\.[A-Za-z_]\w*)+")
VALUE_CHARS_MAX = 80
REFERENCES_SHOWN_MAX = 10


def holds(source: str, bindings: Mapping[str, Any]) -> bool | None:
    """Returns whether a condition is true; None if a failure that was passed over left it without a value.

    Raises ExpressionError if it cannot be evaluated for any other reason.
    """
    try:
        return condition(source, bindings)
    except ExpressionError:
        if reads_failed(source, bindings):
            return None
        raise


def reads_failed(source: str, bindings: Mapping[str, Any]) -> bool:
    """Whether an expression reads the context, or a step by name, after a failure that was passed over."""
    failed = {
        name for name, outcome in bindings["outcomes"].items() if outcome["status"] == StepStatus.FAILED
    }
    code = compile_expression(source).code
    if not failed:
        return False
    if "context" in code.variables:
        return True
    read = [code.keys.get(name) for name in ("steps", "outcomes") if name in code.variables]
    return any(names is None or bool(names & failed) for names in read)


def values_compared(source: str, bindings: Mapping[str, Any]) -> str:
    """Lists the values of an expression's first plain references, for messages: `context.a.b = 3`."""
    names = dict.fromkeys(match.group() for match in REFERENCE.finditer(source))
    values = {name: _look_up(bindings, name.split(".")) for name in islice(names, REFERENCES_SHOWN_MAX)}
    return ", ".join(f"{name} = {_beginning(value)}" for name, value in values.items())


def _beginning(value: Any) -> str:
    """The beginning of a value as JSON. It may be large, so no more of it is encoded than is shown."""
    if isinstance(value, str):
        return json.dumps(value[:VALUE_CHARS_MAX])[:VALUE_CHARS_MAX]
    text = ""
    for part in json.JSONEncoder(default=str).iterencode(value):
        text += part[: VALUE_CHARS_MAX - len(text)]
        if len(text) >= VALUE_CHARS_MAX:
            break
    return text


def _look_up(value: Any, path: list[str]) -> Any:
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return "(missing)"
        value = value[key]
    return value
