"""Context processors: a notice about an outage, how much waits for the person, and the command line's name.

What costs a query is a callable, so that a page that does not show it costs none.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

from django.http import HttpRequest

from config.installation import PROGRAM
from config.lib.caches import register
from config.operations import redis_probe
from runs.delivery import worker_processes
from runs.queries import inbox
from runs.queries.tally import Tally

CACHED_S = 3.0
REDIS_TIMEOUT_S = 0.5
NO_REDIS = "Redis does not answer. Runs pause, nothing is lost, and they go on by themselves when it is back."
SLOW_REDIS = "Runs go on slowly, as steps are found in the database; nothing is lost. Give Redis more memory."
NO_WORKERS = "No worker process is running. Steps wait, and go on by themselves when one starts."

_known: tuple[float, str] = (0.0, "")


def outage(request: HttpRequest) -> dict[str, Callable[[], str]]:
    """`outage`: a sentence about what is unavailable, empty if nothing is."""
    return {"outage": outage_text}


def waiting(request: HttpRequest) -> dict[str, Callable[[], Tally]]:
    """`inbox_count`: how much waits for the person; counted once, however often a page shows it."""
    return {"inbox_count": cache(lambda: inbox.count(request.user))}


def program(request: HttpRequest) -> dict[str, str]:
    """`program`: what the command line is called, for pages that name a command."""
    return {"program": PROGRAM}


def outage_text() -> str:
    """The sentence, checked again after `CACHED_S` in each process."""
    global _known
    checked_at, text = _known
    if not checked_at or time.monotonic() - checked_at > CACHED_S:
        if problem := redis_probe.problem(REDIS_TIMEOUT_S):
            text = NO_REDIS if problem == redis_probe.AWAY else f"{problem}. {SLOW_REDIS}"
        else:
            text = "" if worker_processes.lately_seen().exists() else NO_WORKERS
        _known = time.monotonic(), text
    return text


@register
def forget_outage() -> None:
    """The next page checks again."""
    global _known
    _known = (0.0, "")
