"""Payload templates (Parameters, ResultSelector, ItemSelector, …) and the values of JSONata fields. PURE.

What no expression can say is evaluated by a worker that the draft shows as missing (`Scope.elsewhere`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designer.formats.asl.expressions.cel import Cel, Value, as_cel, literal
from designer.formats.asl.expressions.intrinsics import is_intrinsic, read_intrinsic
from designer.formats.asl.expressions.jsonata import is_jsonata, read_jsonata
from designer.formats.asl.expressions.paths import read_path
from designer.formats.asl.expressions.scope import Scope, Untranslatable
from designer.problems import truncate


def dynamic(source: object, scope: Scope) -> Value:
    """The value of a path or an intrinsic function, as it stands behind `.$`. `null` is an empty object."""
    if source is None:
        return {}
    if not isinstance(source, str):
        scope.say(f"{truncate(source)} is no path and is taken as it stands")
        return source
    try:
        return (
            read_intrinsic(source, scope)
            if is_intrinsic(source)
            else read_path(_variable(source, scope), scope)
        )
    except Untranslatable as why:
        return _elsewhere("evaluate_jsonpath", source, str(why), scope)


def _variable(source: str, scope: Scope) -> str:
    """A path of a variable, `$name.key`, as a path of the context object, where variables are kept."""
    is_variable = source[:1] == "$" and source[1:2].isalpha()
    return f"$$.Variables.{source[1:]}" if is_variable else source


def template(value: Any, scope: Scope) -> Value:
    """The value of a payload template: its `key.$` fields are dynamic."""
    if isinstance(value, Mapping):
        return {
            key.removesuffix(".$"): dynamic(part, scope) if key.endswith(".$") else template(part, scope)
            for key, part in value.items()
        }
    return [template(part, scope) for part in value] if isinstance(value, list) else value


def jsonata(value: Any, scope: Scope) -> Value:
    """A JSON value with its `{% … %}` texts translated."""
    if isinstance(value, Mapping):
        return {key: jsonata(part, scope) for key, part in value.items()}
    if isinstance(value, list):
        return [jsonata(part, scope) for part in value]
    if not is_jsonata(value):
        return value
    try:
        return read_jsonata(value, scope)
    except Untranslatable as why:
        return _elsewhere("evaluate_jsonata", value, str(why), scope)


def _elsewhere(worker: str, source: str, why: str, scope: Scope) -> Cel:
    if scope.elsewhere is None:
        raise Untranslatable(why)
    scope.say(f"{truncate(source)} is left to the worker {worker}, which you write: {why}")
    return scope.elsewhere(worker, source, str(as_cel(scope.data)))


def merged(first: Value, second: Value) -> Value:
    return second if not isinstance(first, dict) or not isinstance(second, dict) else {**first, **second}


__all__ = ["dynamic", "jsonata", "literal", "merged", "template"]
