"""The budget of evaluations: what a value weighs, and how much may be read. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from designer.errors import ExpressionError

WORK_MAX = 5_000_000
"""Number of values that one evaluation may read, or all that share a budget: about 2 seconds."""
RESULT_WEIGHT_MAX = 500_000
"""Largest weight of the result of an expression, of a loop or of a function (see `weight`)."""
TEXT_UNIT = 16
TOO_MUCH = (
    "the expression reads too much data, alone or with those that are evaluated with it; "
    "prepare the data in a worker's step"
)


@dataclass
class Budget:
    """The work that may still be done. What is refused is not done, and so costs little.

    `copy`: what the last evaluation leaves for the next one.
    """

    left: int
    copy: Any = None

    def spend(self, work: int) -> None:
        """Raises ExpressionError if more is asked for than is left."""
        if work > self.left:
            raise ExpressionError(TOO_MUCH)
        self.left -= work

    def weigh(self, value: Any, times: int = 1) -> int:
        """Returns the weight of a value. Raises ExpressionError if reading it so many times is too much."""
        limit = max(0, self.left) // times
        try:
            return weight(value, limit)
        except ExpressionError:
            self.left -= limit // 2  # for weighing it
            raise


_shared: ContextVar[Budget | None] = ContextVar("shared_budget", default=None)


class SharedBudget:
    """All evaluations inside have one budget together, so that their number does not matter.

    Conditions that read the same values one after the other share the library's copy of them. Inside another
    shared budget, that one counts.
    """

    def __enter__(self) -> Budget:
        outer = _shared.get()
        self._budget = outer or Budget(WORK_MAX)
        self._token = None if outer else _shared.set(self._budget)
        return self._budget

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            _shared.reset(self._token)
            # The library's objects take no part in garbage collection, and this one is in a circle.
            self._budget.copy = None


def pay(work: int) -> None:
    """Takes work off the budget of the evaluation under way. Raises ExpressionError before it is done."""
    budget = _shared.get()
    if budget is not None:
        budget.spend(work)


def make_room(weight: int) -> None:
    """Pays for a result before it is made. Raises ExpressionError if it is too large."""
    if weight > RESULT_WEIGHT_MAX:
        raise ExpressionError(TOO_MUCH)
    pay(weight)


def weight_of_text(length: int) -> int:
    """What a text of so many characters weighs."""
    return 1 + length // TEXT_UNIT


def weight(value: Any, limit: int) -> int:
    """Size of a JSON-like value: its values, keys, and text in units of `TEXT_UNIT` characters.

    Raises ExpressionError as soon as it passes `limit`; so a huge value costs no more than the limit.
    """
    total, todo = 0, [value]
    while todo:
        part = todo.pop()
        total += 1
        if isinstance(part, str | bytes):
            total += len(part) // TEXT_UNIT
        elif isinstance(part, Mapping):
            total += len(part)
            todo.extend(part.values())
        elif isinstance(part, list):
            todo.extend(part)
        if total + len(todo) > limit:
            raise ExpressionError(TOO_MUCH)
    return total
