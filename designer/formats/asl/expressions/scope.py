"""What the expressions of one state can read, and what could not be translated. PURE."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from designer.errors import DesignerError
from designer.formats.asl.expressions.cel import Cel, Value


class Untranslatable(DesignerError):
    """There is no expression that says the same."""


@dataclass(frozen=True)
class Scope:
    """`data` is `$`; `machine` is the context object `$$` by its dotted names. `say` puts a difference into
    the report; `elsewhere` has a worker evaluate what cannot be translated, and returns where its answer is.
    """

    data: Value
    machine: Mapping[str, Value] = field(default_factory=dict)
    states: Mapping[str, Value] = field(default_factory=dict)
    say: Callable[[str], None] = lambda words: None
    elsewhere: Callable[[str, str, str], Cel] | None = None

    def on(self, data: Value) -> Scope:
        """The same with another `$`."""
        return replace(self, data=data)
