"""`manage.py prune`: removes runs that ended long ago."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from config.lib.commands import Refused, SagaboardCommand
from runs.maintenance.retention import Pruned, prune_step

PAUSE_S = 0.05  # at least, and as long as a step took: writers come in between two steps


class Command(SagaboardCommand):
    help = "Removes runs that ended more than RETENTION_DAYS days ago, and trials after TRIAL_RETENTION_DAYS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=float, help="instead of RETENTION_DAYS; fractions are allowed")

    def handle(self, *args: Any, days: float | None, **options: Any) -> None:
        kept = settings.RETENTION_DAYS if days is None else days
        if days is None and not kept and not settings.TRIAL_RETENTION_DAYS:
            raise Refused("RETENTION_DAYS is 0, so runs are kept for ever; set it, or give --days")
        if kept < 0:
            raise Refused("days cannot be negative")
        removed = prune_all(kept) if kept or days is not None else 0
        if settings.TRIAL_RETENTION_DAYS:
            removed += prune_all(settings.TRIAL_RETENTION_DAYS, trials_only=True)
        self.stdout.write(f"{removed} runs removed")


def prune_all(days: float, *, trials_only: bool = False) -> int:
    step = Pruned(0, None)
    removed = 0
    while not step.is_done:
        began = time.monotonic()
        step = prune_step(days, step.place, trials_only=trials_only)
        removed += step.removed
        time.sleep(max(PAUSE_S, time.monotonic() - began))
    return removed
