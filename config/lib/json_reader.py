"""Reader of JSON that comes from outside: endpoints, forms, files and commands decode it here. PURE.

What it returns can be stored, searched, shown and sent on as it is. Beyond the grammar of RFC 8259 it refuses
what that RFC leaves to each reader (a key that stands twice, numbers without bounds, unpaired surrogates, any
depth), and says where it stands. A byte order mark is skipped.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from dataclasses import dataclass
from email.message import Message
from typing import Any

from config.lib.errors import NotSupported, Unreadable
from config.lib.json import INTEGERS, UNSTORABLE, stores_as_it_is

LEVELS_MAX = 64
PATH_CHARS_MAX = 200
SHOWN_CHARS_MAX = 30
BAD_TEXT = "holds a NUL character or half a character (a lone surrogate); take it out"
LONG_NUMBER = re.compile("[0-9]{19}")  # in texts without one, no whole number is beyond 64 bits
LARGE_NUMBER = re.compile("[eE][+]?[0-9]{3}|[0-9]{200}")  # and without this, no number is infinite
DIGITS_MAX = 20  # of a whole number of 64 bits, with its sign

JSON_TYPES = ("application/json", "text/json")
CHARSETS = ("utf-8", "utf8", "us-ascii")

Path = tuple[str | int, ...]


@dataclass(frozen=True, eq=False)
class Fault:
    """Why a value is refused; while a text is decoded it stands in the value's place."""

    code: str
    message: str


class BadJson(Unreadable):
    """The JSON holds what cannot be kept."""

    status = 422

    def __init__(self, fault: Fault, path: Path = ()) -> None:
        place = json_path(path)
        super().__init__(f"{f'`{place}`' if place else 'The JSON'} {fault.message}.")
        self.code = fault.code
        self.problems = [{"code": fault.code, "path": place, "message": f"this {fault.message}"}]


class NotJson(Unreadable):
    """The text is not JSON."""

    code = "not_json"

    def __init__(self, what: str, line: int, column: int) -> None:
        super().__init__(f"This is not valid JSON: {what} (line {line}, column {column}).")
        self.what, self.line, self.column = what, line, column


def read_json(body: bytes | str, levels_max: int = LEVELS_MAX) -> Any:
    """Decodes a JSON text.

    Raises NotJson for a text that is no JSON, BadJson for JSON that cannot be kept; both are Unreadable.
    """
    text = utf8_text(body) if isinstance(body, bytes) else body.removeprefix("\ufeff")
    faults: list[Fault] = []
    try:
        value = json.loads(
            text,
            object_pairs_hook=lambda pairs: _members(pairs, faults),
            parse_constant=lambda name: _fault(faults, "bad_number", f"is {name}, no JSON number"),
            parse_int=(lambda digits: _integer(digits, faults)) if LONG_NUMBER.search(text) else None,
            parse_float=(lambda digits: _number(digits, faults)) if LARGE_NUMBER.search(text) else None,
        )
    except json.JSONDecodeError as error:
        raise NotJson(error.msg, error.lineno, error.colno) from None
    except RecursionError:
        raise BadJson(_too_deep(levels_max)) from None
    found = (_search(value, levels_max) or (faults[0], ())) if faults else fault_of(value, levels_max)
    if found:
        raise BadJson(*found)
    return value


def fault_of(value: Any, levels_max: int = LEVELS_MAX) -> tuple[Fault, Path] | None:
    """The first reason why a decoded JSON value cannot be kept, and its place; None if it can.

    What can be kept is told by encoders in C, so that a large value costs no walk.
    """
    if not is_deeper(value, levels_max) and stores_as_it_is(value):
        return None
    return _search(value, levels_max)


def is_deeper(value: Any, levels_max: int) -> bool:
    """Whether lists and objects nest in more levels. Looks at whole levels at once, so it is cheap."""
    level = [value] if isinstance(value, dict | list | tuple) else []
    for _ in range(levels_max):
        level = [
            part
            for container in level
            for part in (container.values() if isinstance(container, dict) else container)
            if isinstance(part, dict | list | tuple)
        ]
        if not level:
            return False
    return bool(level)


def check_json_type(content_type: str) -> None:
    """Raises NotSupported unless the header `Content-Type` says JSON in UTF-8, or says nothing."""
    kind = media_type(content_type)
    if not is_json(kind):
        raise NotSupported(f"The body must be JSON ({JSON_TYPES[0]}), not {kind[:SHOWN_CHARS_MAX]}.")
    header = Message()
    header["content-type"] = content_type
    charset = header.get_content_charset("utf-8")
    if charset not in CHARSETS:
        raise NotSupported(f"The body must be JSON in UTF-8, not in {charset[:SHOWN_CHARS_MAX]}.")


def is_json(media_type: str) -> bool:
    return media_type in JSON_TYPES or media_type.endswith("+json")


def media_type(content_type: str) -> str:
    """The media type of a header `Content-Type`, without parameters; JSON where there is none."""
    return content_type.partition(";")[0].strip().lower() or JSON_TYPES[0]


def json_path(path: Path) -> str:
    """A place as people write it: `rows[3].price`."""
    parts = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    text = UNSTORABLE.sub("\ufffd", parts.removeprefix("."))
    return text if len(text) <= PATH_CHARS_MAX else text[:PATH_CHARS_MAX] + "…"


def utf8_text(body: bytes) -> str:
    """Decodes UTF-8, with or without a byte order mark. Raises Unreadable."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("The body is not UTF-8 text.") from error


def _fault(faults: list[Fault], code: str, message: str) -> Any:
    faults.append(Fault(code, message))
    return faults[-1]


def _members(pairs: list[tuple[str, Any]], faults: list[Fault]) -> Any:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
    return _fault(
        faults,
        "duplicate_key",
        f"has the key '{twice[:SHOWN_CHARS_MAX]}', which stands twice; keep one of them",
    )


def _integer(digits: str, faults: list[Fault]) -> Any:
    if len(digits) <= DIGITS_MAX and (number := int(digits)) in INTEGERS:
        return number
    shown = digits[:SHOWN_CHARS_MAX]
    return _fault(faults, "bad_number", f"is {shown}, no whole number of 64 bits; make it a text")


def _number(digits: str, faults: list[Fault]) -> Any:
    number = float(digits)
    if math.isfinite(number):
        return number
    shown = digits[:SHOWN_CHARS_MAX]
    return _fault(faults, "bad_number", f"is {shown}, too large a number; make it a text")


def _too_deep(levels_max: int) -> Fault:
    return Fault("too_deep", f"is nested deeper than {levels_max} levels; flatten it")


Node = tuple[Any, "Node | None", str | int]  # a list or object, the one around it, and its key there


def _search(value: Any, levels_max: int) -> tuple[Fault, Path] | None:
    """Finds the fault that is nested least, level by level. Recursion would end at a depth of its own."""
    if fault := _fault_of_one(value):
        return fault, ()
    level: list[Node] = [(value, None, "")] if isinstance(value, dict | list | tuple) else []
    for _ in range(levels_max):
        below: list[Node] = []
        for node in level:
            container = node[0]
            if isinstance(container, dict) and any(map(UNSTORABLE.search, filter(_is_text, container))):
                return Fault("bad_text", BAD_TEXT), _path_of(node)
            for key, member in container.items() if isinstance(container, dict) else enumerate(container):
                if isinstance(member, dict | list | tuple):
                    below.append((member, node, key))
                elif fault := _fault_of_one(member):
                    return fault, (*_path_of(node), key)
        if not below:
            return None
        level = below
    return (_too_deep(levels_max), _path_of(level[0])) if level else None


def _path_of(node: Node) -> Path:
    path: list[str | int] = []
    around = node[1]
    while around is not None:
        path.append(node[2])
        node, around = around, around[1]
    return tuple(reversed(path))


def _is_text(key: Any) -> bool:
    return isinstance(key, str)


def _fault_of_one(value: Any) -> Fault | None:
    """What is wrong with a value, its members left aside."""
    if isinstance(value, str):
        return Fault("bad_text", BAD_TEXT) if UNSTORABLE.search(value) else None
    if isinstance(value, int):
        is_whole = value in INTEGERS
        return None if is_whole else Fault("bad_number", "is no whole number of 64 bits; make it a text")
    if isinstance(value, float):
        is_number = math.isfinite(value)
        return None if is_number else Fault("bad_number", f"is {value}, no JSON number")
    return value if isinstance(value, Fault) else None
