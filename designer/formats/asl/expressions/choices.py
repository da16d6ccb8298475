"""Rules of a Choice → conditions. PURE."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from designer.formats.asl.expressions.cel import Cel, as_cel, call, literal, operation, text
from designer.formats.asl.expressions.paths import is_present
from designer.formats.asl.expressions.scope import Scope, Untranslatable
from designer.formats.asl.expressions.templates import dynamic, jsonata

NESTED_MAX = 20
NOT_COMPARED = ("Variable", "Next", "Comment", "Assign", "Output")
_COMPARISON = re.compile(
    r"(String|Numeric|Timestamp|Boolean)(Equals|LessThanEquals|LessThan|GreaterThanEquals|GreaterThan)(Path)?"
)
_SIGNS = {
    "Equals": "==",
    "LessThan": "<",
    "LessThanEquals": "<=",
    "GreaterThan": ">",
    "GreaterThanEquals": ">=",
}
_TIME = r'"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})$"'


def condition(rule: Mapping[str, Any], scope: Scope, depth: int = 0) -> Cel:
    """The condition of a rule. Raises Untranslatable."""
    if depth > NESTED_MAX:
        raise Untranslatable("the rule is nested too deep")
    if "Condition" in rule:
        value = rule["Condition"]
        return as_cel(jsonata(value, scope))
    for key, sign in (("And", "&&"), ("Or", "||")):
        if isinstance(rule.get(key), list) and rule[key]:
            parts = [condition(part, scope, depth + 1) for part in rule[key]]
            return parts[0] if len(parts) == 1 else operation(f" {sign} ".join(part.atom for part in parts))
    if isinstance(rule.get("Not"), Mapping):
        return operation(f"!{condition(rule['Not'], scope, depth + 1).atom}")
    operator = next((key for key in rule if key not in NOT_COMPARED), None)
    if operator is None or not isinstance(rule.get("Variable"), str):
        raise Untranslatable("a rule without a comparison")
    return _comparison(rule["Variable"], operator, rule[operator], scope)


def _comparison(variable: str, operator: str, value: Any, scope: Scope) -> Cel:
    if operator == "IsPresent":
        present = is_present(variable, scope)
        return present if value is True else operation(f"!{present.atom}")
    left = as_cel(dynamic(variable, scope))
    if operator in _TESTS:
        test = _TESTS[operator](left)
        return test if value is True else operation(f"!{test.atom}")
    if operator == "StringMatches" and isinstance(value, str):
        if "*" not in value and "\\" not in value:
            return operation(f"{left.atom} == {text(value)}")
        return call(f"{left.atom}.matches", text(_pattern(value)))
    found = _COMPARISON.fullmatch(operator)
    if found is None:
        raise Untranslatable(f"the comparison {operator}")
    kind, comparison, is_path = found.groups()
    right = as_cel(dynamic(value, scope)) if is_path else literal(value)
    if kind == "Timestamp":
        left, right = call("timestamp", left), call("timestamp", right)
    if kind == "Boolean" and not is_path and comparison == "Equals":
        return operation(f"{left.atom} == {right}")
    return operation(f"{left.atom} {_SIGNS[comparison]} {right.atom}")


def leftover(rule: Mapping[str, Any]) -> list[str]:
    """What a rule states beside its first comparison, in words for the report."""
    known = ("And", "Or", "Not", "Condition")
    operators = [key for key in rule if key not in NOT_COMPARED]
    used = next((key for key in known if key in rule), operators[0] if operators else None)
    return [f"{key} of a rule is left out" for key in operators if key != used]


_TESTS: Mapping[str, Callable[[Cel], Cel]] = {
    "IsNull": lambda value: operation(f"{value.atom} == null"),
    "IsString": lambda value: operation(f"type({value}) == string"),
    "IsBoolean": lambda value: operation(f"type({value}) == bool"),
    "IsNumeric": lambda value: operation(f"(type({value}) == int || type({value}) == double)"),
    "IsTimestamp": lambda value: operation(f"(type({value}) == string && {value.atom}.matches({_TIME}))"),
}


def _pattern(wildcards: str) -> str:
    """The regular expression of a text in which `*` stands for anything and `\\*` for a star."""
    pieces = re.split(r"(\\.|\*)", wildcards)
    parts = (
        ".*" if piece == "*" else _escaped(piece[1:] if piece[:1] == "\\" else piece) for piece in pieces
    )
    return f"^{''.join(parts)}$"


def _escaped(words: str) -> str:
    return re.sub(r"([.^$*+?()\[\]{}|\\])", r"\\\1", words)


def any_of(conditions: list[Cel]) -> Cel:
    return conditions[0] if len(conditions) == 1 else operation(" || ".join(each.atom for each in conditions))
