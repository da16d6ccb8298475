"""Ids of traces and spans, worked out from what the spans are about. PURE.

A run lives for days and its steps are taken by several processes, so no process keeps an open span. Each of
them works out the same ids from the run, the step and the lease of the attempt, and a span is made when it
has ended. What is sent twice therefore has the same ids.

A context is the text of the W3C header `traceparent`: version, trace, span, flags.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
SAMPLED = 0x01


class Context(NamedTuple):
    """A span that others can be children of. `flags`: bit 0 says that the trace is recorded."""

    trace: int
    span: int
    flags: int = SAMPLED

    @property
    def is_sampled(self) -> bool:
        return bool(self.flags & SAMPLED)

    def __str__(self) -> str:
        return f"00-{self.trace:032x}-{self.span:016x}-{self.flags:02x}"


def read(traceparent: str) -> Context | None:
    """The context that a header holds; None for one that is not valid, which is ignored as W3C asks."""
    found = TRACEPARENT.fullmatch(traceparent.strip())
    if found is None:
        return None
    version, trace, span, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or not int(trace, 16) or not int(span, 16):
        return None
    return Context(int(trace, 16), int(span, 16), int(flags, 16) & SAMPLED)


def trace_of(run: UUID) -> int:
    """The trace of a run that nobody's trace goes on in: its id is that of the run, without hyphens."""
    return run.int


def run_span(run: UUID) -> int:
    return _span(run, "run")


def rollback_span(run: UUID, seq: int) -> int:
    """`seq`: of the entry by which the rollback began."""
    return _span(run, "rollback", seq)


def step_span(run: UUID, step: str) -> int:
    return _span(run, "step", step)


def undo_span(run: UUID, step: str, rollback: int) -> int:
    return _span(run, "undo", step, rollback)


def attempt_span(run: UUID, step: str, lease: int) -> int:
    """`lease`: its number among all attempts of the step, those of its undo included."""
    return _span(run, "attempt", step, lease)


def _span(run: UUID, *parts: str | int) -> int:
    key = "/".join(map(str, (run, *parts))).encode()
    return int.from_bytes(blake2b(key, digest_size=8).digest()) or 1  # 0 is no id
