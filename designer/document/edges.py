"""Edges, and the graphs that steps have inside. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from designer.document.calls import matches_any

if TYPE_CHECKING:
    from designer.document.steps import Step


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from one step to another. With `on: failed` it is an error edge, which only a failure takes.

    `errors`: patterns of the error codes that an error edge catches; empty for all.
    """

    source: str
    target: str
    when: str | None = None
    otherwise: bool = False
    on: Literal["failed"] | None = None
    errors: tuple[str, ...] = ()

    @property
    def is_error(self) -> bool:
        return self.on is not None

    @property
    def is_choice(self) -> bool:
        """Whether it is one of the alternatives after a step that has ended well."""
        return not self.is_error and (self.when is not None or self.otherwise)

    def catches(self, codes: tuple[str, ...]) -> bool:
        """Whether an error with these codes is one that this edge is for; its `when` is not looked at."""
        return self.is_error and (not self.errors or matches_any(self.errors, codes))


@dataclass(frozen=True)
class Body:
    """The graph inside a group, a map or a loop; it runs as a child run. Names inside are its own."""

    steps: tuple[Step, ...] = ()
    edges: tuple[Edge, ...] = ()
    layout: Mapping[str, tuple[float, float]] = field(default_factory=dict)
