"""`manage.py import_run`: the file of a run, to be looked at on its page."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from config.lib.commands import Refused, SagaboardCommand
from runs.transfer.export import FILE_BYTES_MAX
from runs.transfer.import_ import keep, read


class Command(SagaboardCommand):
    help = "Opens the file of a run (as its page or the API gives it) so that it can be looked at here."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["file"])
        try:
            with path.open("rb") as file:
                raw = file.read(FILE_BYTES_MAX + 1)
        except OSError as error:
            raise Refused(f"{path}: {error.strerror or error}") from error
        run = keep(read(raw), None, path.name)
        self.stdout.write(f"{run.pk}: {run.workflow_name}, {run.status}; see /runs/{run.pk}/")
