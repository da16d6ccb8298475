"""Status of the fleet: worker processes, their current steps, queues, replaced workers. Reads only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from redis.exceptions import RedisError

from config.lib.json import iso
from designer.services.folder_rights import seen, sees_all
from runs.delivery import queue, worker_processes
from runs.models import StepRun, WorkerProcess
from runs.store import reader
from workers.registry import get_catalog
from workers.sdk.errors import WorkersError

PROCESSES_MAX = 500
STEPS_MAX = 2_000
Json = dict[str, Any]


def overview(user: Any = None) -> Json:
    """The whole status, as the API returns it: at most `PROCESSES_MAX` processes and `STEPS_MAX` steps.

    `user`: the person who asks, from whom steps of workflows that they may not see are left out.
    """
    rows = list(WorkerProcess.objects.order_by("host", "pid")[: PROCESSES_MAX + 1])
    listed = rows[:PROCESSES_MAX]
    running = steps_of([row.pk for row in listed], user)
    silent_before = reader.now() - timedelta(seconds=worker_processes.SILENT_AFTER_S)
    return {
        "workers": [_process(row, running.get(row.pk, []), row.seen_at >= silent_before) for row in listed],
        "is_all": len(rows) <= PROCESSES_MAX,
        "queues": queues(),
        "overrides": overrides(),
        "ends": _ends(user),
    }


def queues() -> dict[str, int] | None:
    """The length of each queue; None if Redis does not answer."""
    try:
        return queue.queue_lengths()
    except RedisError:
        return None


def overrides() -> list[Json]:
    """Workers of the user's modules that replace shipped ones."""
    try:
        catalog = get_catalog()
    except WorkersError:
        return []  # `doctor` and the log of each process say what is wrong with the modules
    return [
        {"worker": name, "module": catalog[name].module, "replaces": spec.module}
        for name, spec in sorted(catalog.overrides.items())
    ]


def _ends(user: Any) -> list[Json]:
    """Ends of processes. What they ran is kept as text, so only who may see all workflows is told of it."""
    ends = worker_processes.recent_ends()
    return ends if sees_all(user) else [{**end, "steps": []} for end in ends]


def steps_of(processes: list[str], user: Any = None) -> dict[str, list[Json]]:
    """The claimed attempts of each of these processes, oldest first."""
    rows = StepRun.objects.filter(process__in=processes).exclude(process="")
    rows = (
        seen(rows, user, "run__workflow_name")
        .select_related("run")
        .only("process", "name", "undo", "attempt", "started_at", "run__workflow_name")
    )
    steps: dict[str, list[Json]] = {}
    for row in rows.order_by("process", "started_at")[:STEPS_MAX]:
        steps.setdefault(row.process, []).append(_step(row))
    return steps


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
