"""`manage.py doctor`: prints the findings of `config.operations.diagnostics`."""

from __future__ import annotations

import sys
from typing import Any

from config.lib.commands import SagaboardCommand
from config.operations.diagnostics import examine

MARKS = {"ok": "ok   ", "note": "note ", "wrong": "WRONG"}
SOMETHING_WRONG = 1


class Command(SagaboardCommand):
    help = "Checks database, Redis, migrations, workers, clocks and static files; exit 1 if one is wrong."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = 0
        for finding in examine():
            wrong += finding.level == "wrong"
            self.stdout.write(f"{MARKS[finding.level]} {finding.subject}: {finding.text}")
        if wrong:
            self.stdout.write(f"{wrong} thing{'s' if wrong > 1 else ''} to put right.")
            sys.exit(SOMETHING_WRONG)
        self.stdout.write("All well.")
