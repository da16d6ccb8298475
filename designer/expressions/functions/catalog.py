"""The functions that expressions may call: for the compiler, for completion in the designer and for the docs.

PURE. One of the library's own functions cannot be replaced, so the compiler writes the name of a stand-in
where one of `STAND_INS` is called. The library hands over as the first argument what stands before the dot of
a call; so each function with an argument can be written both ways, `size(x)` and `x.size()`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from designer.expressions.functions import arithmetic, rows_of_times, rows_of_values, times
from designer.expressions.functions.signatures import Function
from designer.expressions.rewriting import CALCULATE, COMPARE, NEGATE

GROUPS: Mapping[str, tuple[Function, ...]] = {**rows_of_values.GROUPS, **rows_of_times.GROUPS}
CATALOG: Mapping[str, Function] = {one.name: one for group in GROUPS.values() for one in group}
STAND_INS: Mapping[str, str] = {one.name: f"_{one.name}_" for one in CATALOG.values() if one.call}
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    CALCULATE: arithmetic.calculate,
    COMPARE: arithmetic.compare,
    NEGATE: arithmetic.negate,
    **{stand_in: CATALOG[name] for name, stand_in in STAND_INS.items()},
    STAND_INS[times.NOW]: times.now,
}
"""By the name under which the library calls them."""


def vocabulary() -> dict[str, Any]:
    """The functions as the editor offers them."""
    return {
        "functions": [
            {
                "name": one.name,
                "usage": one.usage,
                "about": one.about,
                "example": one.example,
                "result": one.result,
            }
            for one in CATALOG.values()
        ]
    }
