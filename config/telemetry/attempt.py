"""The attempt that is carried out here: what its worker's own spans, calls and log lines belong to.

The context is that of the thread or task (`contextvars`), so that attempts side by side do not mix. Where
neither traces nor JSON logs are wanted, nothing is set and the SDK is not loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import NamedTuple

from config.telemetry import ids, options

NOTHING = nullcontext()


class Attempt(NamedTuple):
    """`context`: that of its span; None where no traces are wanted."""

    run: str
    step: str
    number: int
    direction: str
    context: ids.Context | None


_current: ContextVar[Attempt | None] = ContextVar("attempt", default=None)
_caller: ContextVar[ids.Context | None] = ContextVar("caller", default=None)


def is_wanted() -> bool:
    return bool(options.TRACES) or options.JSON_LOGS


def current() -> Attempt | None:
    return _current.get()


def carrying(
    run: str, step: str, number: int, direction: str, context: ids.Context | None
) -> AbstractContextManager[None]:
    """Within it, this attempt is the current one."""
    return _carrying(Attempt(run, step, number, direction, context)) if is_wanted() else NOTHING


@contextmanager
def _carrying(attempt: Attempt) -> Iterator[None]:
    token = _current.set(attempt)
    try:
        if attempt.context is None:
            yield
        else:
            from config.telemetry import provider

            with provider.within(attempt.context):
                yield
    finally:
        _current.reset(token)


def outgoing() -> Mapping[str, str]:
    """Headers by which a service that is called goes on with the trace."""
    attempt = _current.get()
    return {"traceparent": str(attempt.context)} if attempt and attempt.context else {}


# --- who calls this product ---


def caller() -> ids.Context | None:
    """The context that the request under way came with."""
    return _caller.get() if options.TRACES else None


@contextmanager
def called_by(traceparent: str) -> Iterator[None]:
    token = _caller.set(ids.read(traceparent))
    try:
        yield
    finally:
        _caller.reset(token)
