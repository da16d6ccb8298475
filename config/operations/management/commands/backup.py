"""`manage.py backup FILE`: the whole database as one file, taken while everything runs."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from config.lib.commands import SagaboardCommand
from config.operations.backup.service import back_up


class Command(SagaboardCommand):
    requires_system_checks: list[str] = []
    help = (
        "Writes the whole database to one file, readable by its owner alone, while everything goes on. "
        "Keys and the files of DATA_DIR are not in it. Exit 2: there is no backup, and an earlier FILE stays."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="an earlier backup of this name is replaced")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        manifest = back_up(file.absolute(), self.stderr.write)
        size = file.stat().st_size
        self.stdout.write(
            f"{manifest.rows:,} rows of {len(manifest.tables)} tables are in {file} ({size / 1e6:,.1f} MB)."
        )
        self.stdout.write(f"Keys: {', '.join(manifest.keys)} (fingerprints). Keep SECRET_KEY elsewhere.")
