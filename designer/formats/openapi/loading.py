"""Reads the text of an OpenAPI document, JSON or YAML, from anybody. PURE.

Sizes are checked before anything is parsed. YAML's events are counted before a value is built, with what its
aliases stand for, since aliases can grow a small text without bounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import yaml

from config.lib.json_reader import fault_of, json_path, read_json
from designer.errors import FormatError

BYTES_MAX = 20_000_000
YAML_VALUES_MAX = 1_000_000
LEVELS_MAX = 100


def load(content: bytes) -> Any:
    """Returns the value of a document's text. Raises FormatError, and Unreadable for JSON that is none."""
    if len(content) > BYTES_MAX:
        raise FormatError("too_large", f"a document may take {BYTES_MAX:,} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FormatError("unreadable", "the document is not UTF-8 text") from None
    if text.lstrip().startswith("{"):
        return read_json(text, LEVELS_MAX)
    return _from_yaml(text)


def _from_yaml(text: str) -> Any:
    try:
        _check_events(yaml.parse(text, Loader=_Loader))
        value = yaml.load(text, Loader=_Loader)  # nosec B506  # a safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise FormatError("not_yaml", f"{error.problem or error.context}{place}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise FormatError("not_yaml", " ".join(str(error).split())[:300]) from None
    if fault := fault_of(value, LEVELS_MAX):
        raise FormatError(fault[0].code, f"{json_path(fault[1]) or 'the document'}: this {fault[0].message}")
    return value


def _check_events(events: Iterable[yaml.Event]) -> None:
    """Refuses what would grow beyond `YAML_VALUES_MAX` values or be deeper than `LEVELS_MAX`.

    Raises FormatError.
    """
    sizes: dict[str, int] = {}
    levels: list[tuple[str | None, int]] = []  # of what is open: its anchor, and the values before it
    count = 0
    for event in events:
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise FormatError("yaml_alias", f"*{event.anchor} stands for nothing, or for itself")
            count += sizes[event.anchor]
        elif isinstance(event, yaml.CollectionStartEvent):
            levels.append((event.anchor, count))
            count += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = levels.pop()
            if anchor is not None:
                sizes[anchor] = count - before
        elif isinstance(event, yaml.ScalarEvent):
            count += 1
            if event.anchor is not None:
                sizes[event.anchor] = 1
        if count > YAML_VALUES_MAX:
            raise FormatError("too_large", f"a YAML document may hold {YAML_VALUES_MAX:,} values")
        if len(levels) > LEVELS_MAX:
            raise FormatError("too_deep", f"at most {LEVELS_MAX} levels are allowed")


class _Loader(yaml.CSafeLoader):
    """Safe YAML of JSON's types, whose keys are texts as they are written: `200` is a status."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        self.flatten_mapping(node)
        return {
            key.value if isinstance(key, yaml.ScalarNode) else str(self.construct_object(key, deep=True)): (
                self.construct_object(value, deep=deep)
            )
            for key, value in node.value
        }


# Of the core schema of YAML 1.2 (10.3.2): `on` and `12:30` are texts, and so is a date.
_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]*)", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
    ("merge", "<<", ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _first)
