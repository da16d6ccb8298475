"""What functions of expressions take, and what is said where they get something else. PURE.

A signature is written as in `text: text, separator: text, limit?: whole, more*: any`: names and kinds; `?`
marks what may be left out, `*` any number of further values. A value passes as its kind, whole numbers
written `2.0` and times written as texts included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.lib.caches import memoized
from designer.errors import ExpressionError
from designer.expressions.functions import texts, times
from designer.expressions.functions.arithmetic import is_number, is_whole
from designer.problems import truncate

MANY_MAX = 200
ORDINALS = ("first", "second", "third", "fourth")


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    kind: str
    is_optional: bool = False
    is_many: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function as people read of it. `call` is None where the library's own serves.

    `result` is what `example` gives, as JSON.
    """

    name: str
    signature: str
    about: str
    example: str
    result: str
    call: Callable[..., Any] | None = None

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return parameters_of(self.signature)

    @property
    def usage(self) -> str:
        """The call with the names of what it takes: `split(text, separator)`."""
        names = [f"{one.name}, …" if one.is_many else one.name for one in self.parameters]
        needed = sum(not one.is_optional for one in self.parameters)
        optional = "".join(
            f"[, {name}]" if place else f"[{name}]" for place, name in enumerate(names[needed:], needed)
        )
        return f"{self.name}({', '.join(names[:needed])}{optional})"

    def check_count(self, count: int) -> None:
        """Raises ExpressionError if the function cannot be called with so many values."""
        least = sum(not one.is_optional for one in self.parameters)
        most = MANY_MAX if any(one.is_many for one in self.parameters) else len(self.parameters)
        if not least <= count <= most:
            numbers = f"{least}" if least == most else f"{least} to {most}"
            words = "argument" if numbers == "1" else "arguments"
            raise ExpressionError(f"'{self.name}' takes {numbers} {words}, not {count}: {self.usage}")

    def check_texts(self, given: list[str | None]) -> None:
        """Raises ExpressionError for a text as it is written that is no unit, zone, pattern and so on."""
        for parameter, text in zip(self.parameters, given, strict=False):
            if text is not None and parameter.kind in CHECKS:
                CHECKS[parameter.kind](text)

    def __call__(self, *values: Any) -> Any:
        """The value for checked arguments. Raises ExpressionError."""
        if self.call is None:
            raise AssertionError(f"'{self.name}' is the library's")
        self.check_count(len(values))
        parameters = self.parameters
        taken = []
        for place, value in enumerate(values):
            parameter = parameters[min(place, len(parameters) - 1)]
            words, passes = KINDS[parameter.kind]
            try:
                taken.append(passes(value))
            except TypeError:
                ordinal = ORDINALS[place] if place < len(ORDINALS) else f"{place + 1}th"
                raise ExpressionError(
                    f"'{self.name}' needs {words} as its {ordinal} argument, not {truncate(value)}: "
                    f"{self.usage}"
                ) from None
        return self.call(*taken)


@memoized()
def parameters_of(signature: str) -> tuple[Parameter, ...]:
    """Cached for the signatures of the catalog."""
    pairs = [part.split(": ") for part in signature.split(", ") if part]
    return tuple(
        Parameter(name.rstrip("?*"), kind, name.endswith(("?", "*")), name.endswith("*"))
        for name, kind in pairs
    )


def _only(kind: type | tuple[type, ...]) -> Callable[[Any], Any]:
    def passes(value: Any) -> Any:
        if isinstance(value, kind):
            return value
        raise TypeError

    return passes


def _number(value: Any) -> Any:
    if is_number(value):
        return value
    raise TypeError


def _whole(value: Any) -> int:
    if is_whole(value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise TypeError


def _time(value: Any) -> datetime:
    return times.timestamp(value if isinstance(value, datetime) else _only(str)(value))


CHECKS: Mapping[str, Callable[[str], object]] = {
    "unit": times.unit_of,
    "zone": times.zone_of,
    "zone_of_part": times.zone_of,
    "pattern": times.check_pattern,
    "regex": texts.check_regex,
    "separators": texts.check_separators,
}
"""What texts of these kinds are held to, before anything is evaluated."""
KINDS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "any": ("a value", lambda value: value),
    "text": ("a text", _only(str)),
    "data": ("a text or bytes", _only((str, bytes))),
    "number": ("a number", _number),
    "whole": ("a whole number", _whole),
    "list": ("a list", _only(list)),
    "sequence": ("a text or a list", _only((str, list))),
    "group": ("a text, a list or an object", _only((str, list, dict))),
    "object": ("an object", _only(dict)),
    "time": ("a time", _time),
    **{kind: ("a text", _only(str)) for kind in CHECKS},
    "zone_of_part": ("a value", lambda value: value),  # the function says more
}
