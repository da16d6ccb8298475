"""Reads and writes workflows as JSON, YAML and Python, without loss.

Reading returns documents as they stand; `designer.document.document` and `designer.validation.workflow` find
their problems. A text that is no document at all raises FormatError. Texts may come from anybody: sizes are
checked before anything is parsed, and YAML's events are checked for depth, aliases and tags before a value is
built, since aliases can grow a small text without bounds. Python files are run by
`designer.formats.python_scripts`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from config.lib.errors import Unreadable
from config.lib.json_reader import BadJson, read_json
from designer.document.document import dump
from designer.document.graph import Graph
from designer.document.limits import DOCUMENT_BYTES_MAX
from designer.document.shape import DEPTH_MAX, VALUES_MAX
from designer.errors import DocumentUnreadable, FormatError
from designer.formats.asl.export.exporting import export_machine
from designer.formats.python_scripts import run_script
from designer.formats.python_source import to_python
from designer.problems import truncate

YAML_WIDTH = 110
SUFFIXES = (".json", ".yaml", ".yml", ".py")


def to_json(graph: Graph) -> str:
    return json_of(dump(graph))


def json_of(document: Any) -> str:
    """JSON of a document as it stands, indented."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def to_yaml(graph: Graph) -> str:
    return yaml_of(dump(graph))


def yaml_of(document: Any) -> str:
    """YAML of a document as it stands, which may have problems."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=YAML_WIDTH)


def to_asl(graph: Graph) -> str:
    """A state machine of Amazon States Language; its Comment tells what it cannot say."""
    return json.dumps(export_machine(graph)[0], ensure_ascii=False, indent=2) + "\n"


WRITERS: Mapping[str, Callable[[Graph], str]] = {"json": to_json, "yaml": to_yaml, "python": to_python}
"""Ways to write a workflow that are read back as the same."""
EXPORTS: Mapping[str, Callable[[Graph], str]] = {**WRITERS, "asl": to_asl}


def load_file(path: Path) -> list[Any]:
    """Returns the documents in a file; a Python file may build several. Raises FormatError."""
    if path.suffix not in SUFFIXES:
        raise FormatError("unknown_format", f"a workflow's file ends in {', '.join(SUFFIXES)}")
    if path.suffix == ".py":
        read_text(path)
        return [dump(graph) for graph in run_script(path)]
    return [(from_json if path.suffix == ".json" else from_yaml)(read_text(path))]


def from_json(text: str) -> Any:
    """Returns the value of a JSON text. Raises FormatError, also for a key that stands twice in an object."""
    _check_size(len(text))
    try:
        return read_json(text)
    except BadJson as error:
        raise DocumentUnreadable(error) from None
    except Unreadable as error:
        raise FormatError("not_json", str(error)) from None


def from_yaml(text: str) -> Any:
    """Returns the value of a YAML text. Raises FormatError, also for aliases, tags and duplicate keys."""
    _check_size(len(text))
    try:
        _check_events(yaml.parse(text, Loader=_Loader))
        return yaml.load(text, Loader=_Loader)  # nosec B506  # a safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise FormatError("not_yaml", f"{error.problem or error.context}{place}") from None
    except yaml.YAMLError as error:
        raise FormatError("not_yaml", " ".join(str(error).split())) from None
    except ValueError:
        raise FormatError("not_yaml", "a number has too many digits; make it a text") from None


def read_text(path: Path) -> str:
    """Returns the text of a file. Raises FormatError."""
    try:
        _check_size(path.stat().st_size)
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise FormatError("unreadable", error.strerror or str(error)) from None
    except UnicodeDecodeError:
        raise FormatError("unreadable", "the file is not UTF-8 text") from None


def _check_size(size: int) -> None:
    if size > DOCUMENT_BYTES_MAX:
        raise FormatError(
            "too_large", f"a workflow may take {DOCUMENT_BYTES_MAX:,} bytes; this file has {size:,}"
        )


def _check_events(events: Iterable[yaml.Event]) -> None:
    """Refuses, before any value is built, what could grow without bounds or exhaust the stack.

    Raises FormatError.
    """
    depth = 0
    for count, event in enumerate(events):
        if count > 2 * VALUES_MAX:
            raise FormatError("too_large", f"at most {VALUES_MAX:,} values are allowed")
        if isinstance(event, yaml.AliasEvent):
            raise FormatError(
                "yaml_alias", f"aliases are not supported; write out what *{event.anchor} stands for"
            )
        tag = getattr(event, "tag", None)
        if tag not in (None, "tag:yaml.org,2002:str"):
            raise FormatError("yaml_tag", f"tags are not supported; remove {truncate(tag)}")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEPTH_MAX:
                raise FormatError("too_deep", f"at most {DEPTH_MAX} levels are allowed")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Loader(yaml.CSafeLoader):
    """Safe YAML in which dates stay texts and keys are unique texts.

    A key such as `on`, which YAML 1.1 reads as true, is the text that it looks like, as in YAML 1.2.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:bool" and key.value.lower() not in ("true", "false"):
                key.tag = "tag:yaml.org,2002:str"
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        not_text = next((key for key in keys if not isinstance(key, str)), None)
        if not_text is not None or None in keys:  # `null` is a key as well
            problem = f"the key {not_text!r} is not a text; put it in quotes"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        if len(set(keys)) < len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            problem = f"the key '{twice[:60]}' stands twice"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        return super().construct_mapping(node, deep=deep)


# JSON has no dates, default values (`=`) or merges (`<<`): these scalars stay the texts that they are.
NOT_IN_JSON = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value", "tag:yaml.org,2002:merge")
NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


def _without_sixties(tag: str, pattern: re.Pattern[str]) -> re.Pattern[str]:
    """A pattern of numbers without those to the base of sixty (`12:30`), which YAML 1.2 has given up.

    People mean times by them, and PyYAML reads a long one in quadratic time.
    """
    return re.compile(rf"(?![^:]*:)(?:{pattern.pattern})", pattern.flags) if tag in NUMBERS else pattern


_Loader.yaml_implicit_resolvers = {
    first: [(tag, _without_sixties(tag, pattern)) for tag, pattern in resolvers if tag not in NOT_IN_JSON]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class _Dumper(yaml.CSafeDumper):
    """Writes a value that occurs twice out twice: aliases are not read back."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
