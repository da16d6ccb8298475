"""`manage.py restore FILE [--verify]`: a backup into an empty database, or into one that is thrown away."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from functools import partial
from pathlib import Path
from typing import Any

from config.lib.commands import SagaboardCommand, whole_number
from config.operations.backup.archive import Manifest
from config.operations.backup.service import missing_keys, restore, verify

WOULD_NOT_DO = 1
PROBLEMS_SHOWN_MAX = 20
RUNS_MAX = 1_000_000_000


class Command(SagaboardCommand):
    requires_system_checks: list[str] = []
    help = (
        "Restores a backup into the empty database of the settings; stop everything before. With --verify "
        "it is restored into a throw-away database and checked there, beside everything. "
        "Exit 1: --verify found problems. Exit 2: refused, and nothing has changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--verify", action="store_true", help="change nothing, and check the backup")
        parser.add_argument(
            "--runs",
            type=partial(whole_number, least=0, most=RUNS_MAX),
            help="with --verify: replay the journals of so many runs, the newest; default all",
        )

    def handle(self, *args: Any, file: Path, runs: int | None, **options: Any) -> None:
        if options["verify"]:
            self.verify(file, runs)
            return
        manifest = restore(file, self.stderr.write)
        self.stdout.write(
            f"{manifest.rows:,} rows of {len(manifest.tables)} tables, as of {manifest.made_at}."
        )
        self.name_missing_keys(manifest)
        self.stdout.write("Start everything: what was under way goes on from there.")

    def name_missing_keys(self, manifest: Manifest) -> None:
        if missing := missing_keys(manifest):
            self.stdout.write(
                f"Keys with the fingerprints {', '.join(missing)} are not set here: secrets that they have "
                "sealed do not open. Add them to SECRET_KEY or SECRET_KEY_FALLBACKS."
            )

    def verify(self, file: Path, runs: int | None) -> None:
        verdict = verify(file, self.stderr.write, runs)
        manifest = verdict.manifest
        self.stdout.write(
            f"{manifest.rows:,} rows of {len(manifest.tables)} tables, as of {manifest.made_at}: checksums, "
            f"counts and references are right; the journals of {verdict.runs:,} runs were replayed."
        )
        for problem in verdict.problems[:PROBLEMS_SHOWN_MAX]:
            self.stdout.write(f"WRONG {problem}")
        if verdict.problems:
            self.stdout.write(f"{len(verdict.problems):,} problems.")
            sys.exit(WOULD_NOT_DO)
        self.name_missing_keys(manifest)
        self.stdout.write("The backup would do.")
