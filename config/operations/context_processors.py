"""What every page can say: what is away, so that nobody wonders why runs rest; and who is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest

from config.lib.caches import register
from config.operations import embedded_redis
from runs.delivery import worker_processes
from runs.models import Intervention

KEPT_S = 3.0
ANSWER_S = 0.5
NO_REDIS = "Redis does not answer. Runs pause, nothing is lost, and they go on by themselves when it is back."
NO_WORKERS = "No worker process is running. Steps wait, and go on by themselves when one starts."

_known: tuple[float, str] = (0.0, "")


def outage(request: HttpRequest) -> dict[str, Callable[[], str]]:
    """`outage` in templates: a sentence, empty when all is well; looked at only where it is used."""
    return {"outage": outage_text}


def open_interventions(request: HttpRequest) -> dict[str, Callable[[], int]]:
    """`open_interventions` in templates: how many wait for a person; counted only where it is shown."""
    return {"open_cases": Intervention.objects.filter(status="open").count}


def outage_text() -> str:
    """Asked at most every few seconds a process."""
    global _known
    looked_at, text = _known
    if not looked_at or time.monotonic() - looked_at > KEPT_S:
        text = looked()
        _known = time.monotonic(), text
    return text


@register
def forget() -> None:
    """The next page looks again."""
    global _known
    _known = (0.0, "")


def looked() -> str:
    if not embedded_redis.answers(ANSWER_S):
        return NO_REDIS
    return "" if worker_processes.lately_seen().exists() else NO_WORKERS
