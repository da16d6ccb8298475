"""Problems of a document: a code, a path, and a message that a person can act on.

PURE. A problem of level `error` prevents publishing; a `warning` does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from typing import Literal

Level = Literal["error", "warning"]
Report = Callable[[str, str, str], None]

PROBLEMS_MAX = 200
SUGGESTION_LENGTH_MAX = 64
KEY_SHOWN_MAX = 100
JSON_NAMES: dict[object, str] = {None: "null", True: "true", False: "false"}


@dataclass(frozen=True, slots=True)
class Problem:
    """`path` is like `steps[2].compensation.worker` or `edges[0].when`; empty for the whole document."""

    code: str
    path: str
    message: str
    level: Level = "error"

    def as_json(self) -> dict[str, str]:
        return asdict(self)

    def __str__(self) -> str:
        return ": ".join(part for part in (self.path, self.code, self.message) if part)


class TooManyProblemsError(Exception):
    """There are more problems than anybody would read."""


class Problems:
    """Collects up to `PROBLEMS_MAX` problems; the next one raises `TooManyProblemsError`."""

    def __init__(self) -> None:
        self.reported: list[Problem] = []
        self._path = ""

    def error(self, code: str, path: str, message: str) -> None:
        self._add(Problem(code, path, message))

    def warn(self, code: str, path: str, message: str) -> None:
        self._add(Problem(code, path, message, "warning"))

    def within(self, path: str) -> Problems:
        """Returns a collector of problems of the part at `path`, which adds them to this one."""
        part = Problems()
        part.reported, part._path = self.reported, self._path + path
        return part

    def _add(self, problem: Problem) -> None:
        if len(self.reported) >= PROBLEMS_MAX:
            raise TooManyProblemsError
        if self._path:
            place = f"{self._path}.{problem.path}" if problem.path else self._path
            problem = replace(problem, path=place)
        self.reported.append(problem)


def errors(problems: Iterable[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.level == "error"]


def join(path: str, key: str | int) -> str:
    """The path of a part: `join("steps", 2)` is `steps[2]`, `join("a", "b")` is `a.b`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if len(key) > KEY_SHOWN_MAX:
        key = key[:KEY_SHOWN_MAX] + "…"
    return f"{path}.{key}" if path else key


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` if a known word is similar, else the empty text."""
    if len(word) > SUGGESTION_LENGTH_MAX:
        return ""
    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


def truncate(value: object, length_max: int = 60) -> str:
    """A value for a message: bounded in length; objects and lists are only named as such."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str) and len(value) > length_max:
        return repr(value[:length_max]) + "…"
    return JSON_NAMES.get(value, repr(value)) if value is None or isinstance(value, bool) else repr(value)
