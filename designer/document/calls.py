"""Worker calls of a step beside its own, retry policies, and the values of an undo slot. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

OnFailure = Literal["compensate", "continue", "pause"]
NO_UNDO: Literal["none"] = "none"
IRREVERSIBLE: Literal["irreversible"] = "irreversible"

ON_FAILURE: tuple[OnFailure, ...] = ("compensate", "continue", "pause")


@dataclass(frozen=True, slots=True)
class Retry:
    """Retry policy. Delay in seconds before attempt n+1: `min(max, initial * factor**(n-1))`, then jittered.

    `asks_max` bounds the "retry_needed" answers of a worker. `designer.document.resolve` sets it to
    `max_attempts - 1` where the step or its worker states `max_attempts`, so that the two agree. `only` and
    `never` are patterns of error codes: the policy fits an error that one of `only` matches (left out: any),
    and none of `never`.
    """

    max_attempts: int = 3
    initial: float = 1.0
    factor: float = 2.0
    max: float = 30.0
    jitter: float = 0.1
    asks_max: int = 10
    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()

    def fits(self, codes: Iterable[str]) -> bool:
        """Whether the policy is one for an error with these codes."""
        codes = tuple(codes)
        return (not self.only or matches_any(self.only, codes)) and not matches_any(self.never, codes)


Retries = Retry | tuple[Retry, ...]
"""A policy, or several: the first that fits an error counts."""


def policies(retry: Retries | None) -> tuple[Retry, ...]:
    """Returns the policies in their order; the product's own where none is stated."""
    return (Retry(),) if retry is None else retry if isinstance(retry, tuple) else (retry,)


def matches_any(patterns: Iterable[str], codes: Iterable[str]) -> bool:
    """Whether a pattern, in which `*` stands for any characters, matches one of the codes.

    Patterns have been read by `fields.error_patterns`, so `*` is the only character that `fnmatch` expands.
    """
    return any(fnmatchcase(code, pattern) for pattern in patterns for code in codes)


@dataclass(frozen=True, slots=True)
class Action:
    """A worker call beside a step's own: a compensation, a fallback or a verification."""

    worker: str
    params: Mapping[str, Any] = field(default_factory=dict)
    timeout: float | None = None
    retry: Retries | None = None
    queue: str | None = None
    limit: str | None = None


@dataclass(frozen=True, slots=True)
class RollBack:
    """An undo slot that rolls back the run that a `detached` step has started."""

    rollback: Literal[True]


Undo = Action | RollBack | Literal["none", "irreversible"] | None
