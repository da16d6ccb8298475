"""The fleet as people and programs see it: worker processes, what they do now, what waits. Reading only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from redis.exceptions import RedisError

from config.lib.json import iso
from runs.delivery import queue, worker_processes
from runs.models import StepRun, WorkerProcess
from runs.store import reader
from workers.registry import get_catalog
from workers.sdk.errors import WorkersError

PROCESSES_MAX = 500
STEPS_MAX = 2_000
Json = dict[str, Any]


def board() -> Json:
    """All of it, as the API answers."""
    rows = list(WorkerProcess.objects.order_by("host", "pid")[: PROCESSES_MAX + 1])
    shown = rows[:PROCESSES_MAX]
    running = steps_of([row.pk for row in shown])
    silent_before = reader.now() - timedelta(seconds=worker_processes.SILENT_AFTER_S)
    return {
        "workers": [_process(row, running.get(row.pk, []), row.seen_at >= silent_before) for row in shown],
        "is_all": len(rows) <= PROCESSES_MAX,
        "queues": queues(),
        "overrides": overrides(),
    }


def queues() -> dict[str, int] | None:
    """How many attempts wait in each queue; None where Redis does not say."""
    try:
        return queue.queue_lengths()
    except RedisError:
        return None


def overrides() -> list[Json]:
    """Workers of the user's own modules that stand in the place of shipped ones."""
    try:
        catalog = get_catalog()
    except WorkersError:
        return []  # `doctor` and the log of each process say what is wrong with the modules
    return [
        {"worker": name, "module": catalog[name].module, "replaces": spec.module}
        for name, spec in sorted(catalog.overrides.items())
    ]


def steps_of(processes: list[str]) -> dict[str, list[Json]]:
    """The attempts that each of these processes holds."""
    rows = StepRun.objects.filter(process__in=processes).exclude(process="")
    rows = rows.select_related("run").only(
        "process", "name", "undo", "attempt", "started_at", "run__workflow_name"
    )
    found: dict[str, list[Json]] = {}
    for row in rows.order_by("process", "started_at")[:STEPS_MAX]:
        found.setdefault(row.process, []).append(_step(row))
    return found


def _step(row: StepRun) -> Json:
    is_undo = row.undo == "running"
    return {
        "run": str(row.run_id),
        "workflow": row.run.workflow_name,
        "step": row.name,
        "does": "undo" if is_undo else "step",
        "started_at": None if is_undo else iso(row.started_at),
    }


def _process(row: WorkerProcess, running: list[Json], is_online: bool) -> Json:
    return {
        "id": row.pk,
        "host": row.host,
        "pid": row.pid,
        "is_online": is_online,
        "queues": row.queues,
        "workers": row.workers,
        "lacks": [name for name in row.lacks if name != worker_processes.NEWER_CODE],
        "met_newer_code": worker_processes.NEWER_CODE in row.lacks,
        "started_at": iso(row.started_at),
        "seen_at": iso(row.seen_at),
        "running": running,
    }
