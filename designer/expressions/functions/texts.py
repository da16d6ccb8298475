"""Functions on texts in expressions, which are counted in characters. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.lib import patterns
from config.lib.patterns import BadPattern, TooMuchToSearch
from designer.errors import ExpressionError
from designer.expressions.budget import pay
from designer.problems import truncate

SEARCH_PER_VALUE = 25
"""Instructions of a pattern × characters that take as long as reading one value."""


def size(value: Any) -> int:
    if isinstance(value, str | bytes | list | Mapping):
        return len(value)
    raise ExpressionError("'size' cannot be used on these values: it takes a text, a list or an object")


def matches(text: Any, pattern: Any) -> bool:
    """Whether a regular expression matches anywhere in a text."""
    if not isinstance(text, str) or not isinstance(pattern, str):
        raise ExpressionError("'matches' needs a text and a regular expression")
    try:
        work = patterns.work_of(pattern, text) // SEARCH_PER_VALUE
        pay(work + patterns.compile_pattern(pattern).programsize)
        return patterns.matches(pattern, text)
    except BadPattern:
        raise ExpressionError(
            f"{truncate(pattern)} is not a regular expression that 'matches' knows, or it is too large"
        ) from None
    except TooMuchToSearch as error:
        raise ExpressionError(f"'matches': {error}") from None
