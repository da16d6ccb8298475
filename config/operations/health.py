"""Health of the product, part by part, for load balancers and alarms.

Cheap enough to be polled every second (results are cached for `CACHED_S`), and free of secrets.
`config.operations.diagnostics` checks more, and says what to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError, connection

from config.lib.caches import register
from config.lib.commands import database_trouble
from config.operations import redis_probe
from config.operations.diagnostics import unapplied_migrations
from runs.delivery import worker_processes
from runs.models import FleetSample, StepRun
from runs.store import reader
from runs.store.database import database

CACHED_S = 1.0
REDIS_TIMEOUT_S = 0.5
SAMPLE_S_MAX = 180  # the scheduler writes one each minute
LAG_S_MAX = 60.0
WEB = ("database", "migrations")  # what a web process needs to serve pages


@dataclass(frozen=True)
class Part:
    is_ok: bool
    text: str


_known: dict[str, tuple[float, Part]] = {}
_migrated = False


@register
def forget() -> None:
    """The next caller looks again."""
    global _migrated
    _known.clear()
    _migrated = False


def parts(names: tuple[str, ...] = ()) -> dict[str, Part]:
    """Checks the named parts, or all. A part whose dependency fails is reported as not known, unchecked."""
    checked: dict[str, Part] = {}
    for name in names or tuple(CHECKS):
        missing = [need for need in DEPENDENCIES.get(name, ()) if need in checked and not checked[need].is_ok]
        checked[name] = Part(False, f"not known: see {missing[0]}") if missing else _cached(name)
    return checked


def as_json(parts: dict[str, Part]) -> dict[str, Any]:
    return {"status": status_of(parts), "parts": {name: asdict(part) for name, part in parts.items()}}


def status_of(parts: dict[str, Part]) -> str:
    return "ok" if all(part.is_ok for part in parts.values()) else "not ok"


def sweep_lag_s() -> float:
    """Seconds for which the oldest due timer or attempt has been overdue; 0 if none is."""
    at = reader.now()
    due = StepRun.objects.filter(due_at__lte=at).order_by("due_at").values_list("due_at", flat=True).first()
    return (at - due).total_seconds() if due else 0.0


def _cached(name: str) -> Part:
    at, part = _known.get(name, (0.0, None))
    if part is None or time.monotonic() - at > CACHED_S:
        part = CHECKS[name]()
        _known[name] = time.monotonic(), part
    return part


def _database() -> Part:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError) as error:
        return Part(False, database_trouble(error))
    return Part(True, f"{database().engine} answers")


def _migrations() -> Part:
    """Checked until all are applied: from then on that cannot change while this process lives."""
    global _migrated
    missing = [] if _migrated else unapplied_migrations()
    _migrated = not missing
    return Part(_migrated, f"{len(missing)} not applied" if missing else "all applied")


def _redis() -> Part:
    problem = redis_probe.problem(REDIS_TIMEOUT_S)
    return Part(not problem, problem or "Redis answers, and can be written")


def _workers() -> Part:
    online = worker_processes.lately_seen().count()
    return Part(online > 0, f"{online} worker process{'' if online == 1 else 'es'} online")


def _scheduler() -> Part:
    """The scheduler is alive if it has sampled the queues lately and no timer is overdue."""
    lag = sweep_lag_s()
    if lag > LAG_S_MAX:
        return Part(False, f"the oldest timer is overdue by {lag:.0f} s")
    since = reader.now() - timedelta(seconds=SAMPLE_S_MAX)
    if not FleetSample.objects.filter(at__gte=since).exists():
        return Part(False, f"no scheduler has been heard of for {SAMPLE_S_MAX} s")
    return Part(True, "it runs, and nothing is overdue")


CHECKS: dict[str, Callable[[], Part]] = {
    "database": _database,
    "migrations": _migrations,
    "redis": _redis,
    "workers": _workers,
    "scheduler": _scheduler,
}
DEPENDENCIES = {
    "migrations": ("database",),
    "workers": ("migrations",),
    "scheduler": ("migrations", "redis"),  # a sample is written after both were read
}
