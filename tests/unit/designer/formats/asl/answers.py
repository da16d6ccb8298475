"""Answers with which workers let a machine go on: what its paths read is there, and a rule holds if asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from designer.formats.asl.expressions.paths import parts_of
from designer.formats.asl.expressions.scope import Untranslatable
from designer.formats.asl.machine import Machine

TEXT = "a/b/c/d/e.f.g.h.i-j-k-l-m:n:o:p:q_r_s_t::u::v::w"
TIME = "2030-01-01T00:00:00Z"
_PATH = re.compile(r"\$(?:\.[A-Za-z_][\w-]*|\.?\[[^\]]+\])+")
_JSONATA = re.compile(r"\$states\.(?:input|result)((?:\.\w+|\[\d+\])+)")
_ITEM = re.compile(r"\$\$\.Map\.Item\.Value((?:\.\w+)+)")
_LIST = re.compile(r"States\.Array(?:Length|GetItem|Partition|Contains|Unique)\((\$[\w.]+)")
_SLICE = re.compile(r"(\$[\w.]+)\[\d*:")
_JSON = re.compile(r"States\.StringToJson\((\$[\w.]*)")
_NUMBER = re.compile(r"States\.(?:MathAdd|ArrayRange)\(([^)]*)\)")

Tree = dict[str, Any]


def rules_of(machine: Machine) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """Each rule of each Choice, and each Default, by the path of its state."""
    for state in machine.every():
        if state.type == "Choice":
            for rule in state.fields["Choices"]:
                yield state.path, rule
            if "Default" in state.fields:
                yield state.path, None


def answer_for(machine: Any, rule: Mapping[str, Any] | None) -> Tree:
    """What every worker returns, and what the run starts with, so that the rule holds."""
    text = json.dumps(machine).replace('\\"', '"')
    plain = _grown({}, text, [])
    tree = _grown({}, text, [plain, plain])
    for path in _JSON.findall(text):
        _put(tree, path, json.dumps(plain))
    if rule is not None:
        _force(tree, rule, True)
    return tree


def _grown(tree: Tree, text: str, items: list[Any]) -> Tree:
    paths = [*_PATH.findall(text), *(f"${path}" for path in [*_JSONATA.findall(text), *_ITEM.findall(text)])]
    for path in sorted(paths, key=len, reverse=True):
        _put_ends(tree, path, TEXT, is_default=True)
    for path in sorted(paths, key=len, reverse=True):
        _put_whole(tree, path, TEXT, is_default=True)
    lists = re.findall(r'"Items": "\{% \$states\.input((?:\.\w+)+)', text)
    for path in [
        *_LIST.findall(text),
        *_fields(text, "ItemsPath"),
        *(f"${path}" for path in lists),
        *_SLICE.findall(text),
    ]:
        _put(tree, path, items)
    for path in [path for found in _NUMBER.findall(text) for path in _PATH.findall(found)]:
        _put(tree, path, 1)
    for path in [*_fields(text, "SecondsPath"), *re.findall(r'"Variable": "(\$[^"]*)", "Numeric', text)]:
        _put(tree, path, 1)
    narrowed = [*_fields(text, "InputPath"), *_fields(text, "OutputPath")]
    for path in [path for path in narrowed if not re.search(r"\[\d*:\d*\]$|\.Payload$", path)]:
        _put(tree, path, dict(items[0]) if items else {})
    for name in re.findall(r"\$number\(\$(\w+)\)", text):
        _put(tree, f"$.{name}", 1)
    for path in re.findall(r"\$states\.result((?:\.\w+)+)\s*[+*-]", text):
        _put(tree, f"${path}", 1)
    for path in _fields(text, "TimestampPath"):
        _put(tree, path, TIME)
    return tree


def _fields(text: str, key: str) -> list[str]:
    return re.findall(rf'"{key}": "(\$[^"$]+)"', text)


def _put(tree: Tree, path: str, value: Any) -> None:
    """Puts a value at a path, and at each of its ends, since services wrap what workers return."""
    _put_ends(tree, path, value)
    _put_whole(tree, path, value)


def _put_ends(tree: Tree, path: str, value: Any, is_default: bool = False) -> None:
    parts = _parts(path)
    for start in range(len(parts) - 1, 0, -1):
        if parts[start][0] == "key":
            _put_at(tree, parts[start:], value, is_default)


def _put_whole(tree: Tree, path: str, value: Any, is_default: bool = False) -> None:
    if (parts := _parts(path)) and parts[0][0] == "key":
        _put_at(tree, parts, value, is_default)


def _parts(path: str) -> list[tuple[str, str]]:
    try:
        return [(part.kind, part.value) for part in parts_of(path) if part.kind in ("key", "index", "all")]
    except Untranslatable:
        return []


def _put_at(node: Any, parts: list[tuple[str, str]], value: Any, is_default: bool) -> None:
    (_, key), *rest = parts
    if rest and rest[0][0] in ("index", "all"):
        place = int(rest[0][1]) if rest[0][0] == "index" else 0
        items = node.get(key)
        items = node[key] = items if isinstance(items, list) else []
        items += [{} for _ in range(place + 1 - len(items))]
        if len(rest) == 1:
            items[place] = value if not (is_default and items[place]) else items[place]
        elif isinstance(items[place], dict):
            _put_at(items[place], rest[1:], value, is_default)
    elif rest:
        inner = node.get(key)
        node[key] = inner if isinstance(inner, dict) else {}
        _put_at(node[key], rest, value, is_default)
    elif value is None:
        node.pop(key, None)
    elif not (is_default and key in node):
        node[key] = value


def _force(tree: Tree, rule: Mapping[str, Any], holds: bool) -> None:
    for part in rule.get("And", []) if holds else rule.get("And", [])[:1]:
        _force(tree, part, holds)
    for part in rule.get("Or", [])[:1] if holds else rule.get("Or", []):
        _force(tree, part, holds)
    if "Not" in rule:
        _force(tree, rule["Not"], not holds)
    for path, value in re.findall(r"\$states\.input((?:\.\w+)+) = '([^']*)'", str(rule.get("Condition", ""))):
        _put(tree, f"${path}", value if holds else "other")
    if isinstance(variable := rule.get("Variable"), str):
        operator = next(key for key in rule if key not in ("Variable", "Next", "Comment"))
        found, value = _value(operator, rule[operator], holds)
        if found:
            _put(tree, variable, value)


def _value(operator: str, wanted: Any, holds: bool) -> tuple[bool, Any]:
    """Whether a value has to be put, and the value; None stands for nothing."""
    if operator == "IsPresent":
        return wanted is not holds, None
    if operator == "StringMatches":
        return True, re.sub(r"\\(.)", r"\1", wanted.replace("*", "x")) if holds else "other"
    if operator == "StringEquals":
        return True, wanted if holds else "other"
    if operator == "BooleanEquals":
        return True, wanted is holds
    if operator.startswith("Numeric") and not operator.endswith("Path"):
        sign = -1 if ("Less" in operator) is holds else 1
        is_equal = operator == "NumericEquals" and holds
        return True, wanted if is_equal else wanted + sign
    return False, None
