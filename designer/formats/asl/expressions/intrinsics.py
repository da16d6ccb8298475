"""Intrinsic functions such as `States.Format('{} of {}', $.a, $.b)` → CEL. PURE."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from designer.formats.asl.expressions.cel import Cel, Value, as_cel, call, list_of, literal, operation, text
from designer.formats.asl.expressions.paths import read_path
from designer.formats.asl.expressions.scope import Scope, Untranslatable

NESTED_MAX = 10
_NAME = re.compile(r"\s*(States\.\w+)\s*\(")
_TEXT = re.compile(r"\s*'((?:[^'\\]|\\.)*)'", re.DOTALL)
_NUMBER = re.compile(r"\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?=\s*[,)])")


def is_intrinsic(value: str) -> bool:
    return _NAME.match(value) is not None


def read_intrinsic(source: str, scope: Scope) -> Value:
    """The expression of an intrinsic function. Raises Untranslatable."""
    value, end = _call(source, 0, scope, 0)
    if source[end:].strip():
        raise Untranslatable(f"{source[:80]} goes on after its end")
    return value


def _call(source: str, start: int, scope: Scope, depth: int) -> tuple[Value, int]:
    found = _NAME.match(source, start)
    if found is None or depth > NESTED_MAX:
        raise Untranslatable(f"{source[:80]} is no intrinsic function")
    arguments: list[Value] = []
    position = found.end()
    while source[position:].lstrip()[:1] != ")":
        value, position = _argument(source, position, scope, depth)
        arguments.append(value)
        rest = source[position:].lstrip()
        position = len(source) - len(rest)
        if rest[:1] == ",":
            position += 1
        elif rest[:1] != ")":
            raise Untranslatable(f"{source[:80]} has no end")
    end = len(source) - len(source[position:].lstrip()) + 1
    return _apply(found[1].removeprefix("States."), arguments, scope), end


def _argument(source: str, start: int, scope: Scope, depth: int) -> tuple[Value, int]:
    if found := _TEXT.match(source, start):
        return _Template(found[1]), found.end()
    if found := _NUMBER.match(source, start):
        return literal(_json(found[1])), found.end()
    if _NAME.match(source, start):
        return _call(source, start, scope, depth + 1)
    end = _path_end(source, start)
    return read_path(source[start:end].strip(), scope), end


class _Template(str):
    """A quoted argument, its escapes not yet read."""

    @property
    def plain(self) -> str:
        return re.sub(r"\\(.)", r"\1", self)


def _path_end(source: str, start: int) -> int:
    depth = 0
    for position in range(start, len(source)):
        char = source[position]
        if char in "([":
            depth += 1
        elif char in ")]" and depth:
            depth -= 1
        elif char in ",)" and not depth:
            return position
    raise Untranslatable(f"{source[:80]} has no end")


def _json(word: str) -> Any:
    known = {"true": True, "false": False, "null": None}
    return known[word] if word in known else float(word) if re.search(r"[.eE]", word) else int(word)


def _apply(name: str, arguments: list[Value], scope: Scope) -> Value:
    if name == "Format" and arguments and isinstance(arguments[0], _Template):
        return _format(arguments[0], [_cel(argument) for argument in arguments[1:]])
    rule = FUNCTIONS.get(name)
    if rule is None:
        raise Untranslatable(f"States.{name} has no counterpart")
    least, most, build = rule
    if not least <= len(arguments) <= most:
        raise Untranslatable(f"States.{name} with {len(arguments)} arguments")
    if name == "StringSplit" and arguments[0] == scope.machine.get("Execution.Id") is not None:
        return _arn_parts(scope)
    is_alike = name == "StringSplit" and len(set(str(arguments[1]))) == 1
    if (words := DIFFERENCES.get(name)) and not is_alike:
        scope.say(words)
    return build(*map(_cel, arguments))


def _arn_parts(scope: Scope) -> Cel:
    """The parts of an execution's ARN, which a run's id does not have."""
    scope.say("a run's id is no ARN: its parts are the workflow's name and, at the end, the run's id")
    run, name = (as_cel(scope.machine[key]) for key in ("Execution.Id", "StateMachine.Name"))
    return list_of(*map(literal, ("arn", "aws", "states", "", "", "execution")), name, run, run)


def _cel(value: Value) -> Cel:
    return literal(value.plain) if isinstance(value, _Template) else as_cel(value)


def _format(template: str, values: list[Cel]) -> Cel:
    pieces = re.split(r"(\\.|\{\})", template)
    parts: list[str] = []
    words, place = "", 0
    for piece in pieces:
        if piece != "{}":
            words += piece[1] if piece.startswith("\\") and len(piece) == 2 else piece
            continue
        if place >= len(values):
            raise Untranslatable("States.Format has more {} than values")
        parts += [text(words)] if words else []
        parts.append(f"string({values[place]})")
        words, place = "", place + 1
    parts += [text(words)] if words or not parts else []
    return Cel(" + ".join(parts), is_atom=len(parts) == 1)


def _hash(data: Cel, algorithm: Cel) -> Cel:
    if algorithm.source != '"SHA-256"':
        raise Untranslatable(f"States.Hash with {algorithm}")
    return call("sha256", data)


def _merge(first: Cel, second: Cel, deep: Cel) -> Cel:
    if deep.source != "false":
        raise Untranslatable("States.JsonMerge of nested objects")
    return call("merge", first, second)


def _add(first: Cel, second: Cel) -> Cel:
    return operation(f"{first.atom} + {second.atom}")


FUNCTIONS: Mapping[str, tuple[int, int, Callable[..., Cel]]] = {
    "StringToJson": (1, 1, lambda value: call("from_json", value)),
    "JsonToString": (1, 1, lambda value: call("to_json", value)),
    "Array": (0, 100, list_of),
    "ArrayPartition": (2, 2, lambda items, size: call("chunk", items, size)),
    "ArrayContains": (2, 2, lambda items, value: operation(f"{value.atom} in {items.atom}")),
    "ArrayRange": (3, 3, lambda first, last, step: call("range", first, last, step)),
    "ArrayGetItem": (2, 2, lambda items, place: Cel(f"{items.atom}[{place}]")),
    "ArrayLength": (1, 1, lambda items: call("size", items)),
    "ArrayUnique": (1, 1, lambda items: call("distinct", items)),
    "Base64Encode": (1, 1, lambda value: call("base64", value)),
    "Base64Decode": (1, 1, lambda value: call("base64_decode", value)),
    "Hash": (2, 2, _hash),
    "JsonMerge": (3, 3, _merge),
    "MathAdd": (2, 2, _add),
    "StringSplit": (2, 2, lambda value, by: call("split", value, by)),
    "UUID": (0, 0, lambda: operation('run.id + "-" + string(now())')),
}
"""By name: the least and the most arguments, and the expression."""

DIFFERENCES: Mapping[str, str] = {
    "UUID": "States.UUID is the run's id and the time here: unique, but no random UUID",
    "StringSplit": "States.StringSplit splits at each character of its separator, split at the whole text",
}
