"""`manage.py worker`: runs a pool of worker processes."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from importlib import import_module
from typing import Any

from django.conf import settings

from config.lib.commands import Refused, SagaboardCommand, redis_problem
from config.operations import embedded_redis
from config.operations.diagnostics import refuse_unmigrated
from config.operations.options import add_migrated, process_count
from workers.process.pool import Pool
from workers.registry import get_catalog

REDIS_S_MAX = 20.0
REDIS_POLL_S = 0.5
JOBS = "workers.process.jobs"  # imported before the fork, so that a new child starts at once


class Command(SagaboardCommand):
    requires_system_checks: list[str] = []  # they import all pages; a restart is faster without them
    help = "Runs worker processes that take steps from queues. SIGTERM or Ctrl-C: each finishes its step."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--processes", type=process_count, default=1, help="default 1")
        parser.add_argument(
            "--queues", help=f"comma-separated; default all: {','.join(settings.RQ_QUEUES)}", default=""
        )
        add_migrated(parser)

    def handle(self, *args: Any, processes: int, queues: str, migrated: bool, **options: Any) -> None:
        names = queue_names(queues)
        if not migrated:
            refuse_unmigrated()
        import_module(JOBS)
        get_catalog()
        until = time.monotonic() + REDIS_S_MAX
        while not embedded_redis.answers():  # it may be restarting
            if time.monotonic() > until:
                raise Refused(redis_problem(ConnectionError("no answer")))
            time.sleep(REDIS_POLL_S)
        Pool(names, processes, settings.STOP_GRACE_S).run()


def queue_names(queues: str) -> list[str]:
    """The queues of --queues without repetitions, all if it is empty. Raises Refused for an unknown one."""
    names = [name.strip() for name in queues.split(",") if name.strip()] or list(settings.RQ_QUEUES)
    unknown = [name for name in names if name not in settings.RQ_QUEUES]
    if unknown:
        raise Refused(
            f"unknown queue {', '.join(unknown)}; known: {', '.join(settings.RQ_QUEUES)} (setting QUEUES)"
        )
    return list(dict.fromkeys(names))
