"""The functions that expressions may call. PURE.

One of the library's own functions cannot be replaced, so the compiler writes the name of a stand-in where one
of `STAND_INS` is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from designer.expressions.functions import arithmetic, texts, times
from designer.expressions.rewriting import CALCULATE, COMPARE, NEGATE

OF_LIBRARY = frozenset(
    {
        "contains",
        "startsWith",
        "endsWith",
        "string",
        "int",
        "uint",
        "double",
        "bytes",
        "duration",
        "type",
        "dyn",
    }
)
OWN: Mapping[str, Callable[..., Any]] = {
    "size": texts.size,
    "matches": texts.matches,
    "timestamp": times.timestamp,
}
NAMES = OF_LIBRARY | OWN.keys() | times.PARTS.keys()
STAND_INS: Mapping[str, str] = {name: f"_{name}_" for name in OWN}
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    CALCULATE: arithmetic.calculate,
    COMPARE: arithmetic.compare,
    NEGATE: arithmetic.negate,
    **{STAND_INS[name]: function for name, function in OWN.items()},
    **{part: times.part_in_zone(part) for part in times.PARTS},
}
"""By the name under which the library calls them."""
