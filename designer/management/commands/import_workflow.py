"""`manage.py import_workflow`: stores definitions from files as drafts, or at once as versions."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from config.lib.commands import Refused, SagaboardCommand
from designer.errors import DesignerError
from designer.formats.formats import load_file
from designer.services.workflows import import_document


class Command(SagaboardCommand):
    help = "Stores the workflows of JSON, YAML or Python files as drafts; with --publish, as versions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help=".json, .yaml or .py (which is run)")
        parser.add_argument("--publish", action="store_true", help="publish each workflow at once")

    def handle(self, *args: Any, **options: Any) -> None:
        for file in options["files"]:
            try:
                for document in load_file(Path(file)):
                    saved = import_document(document, options["publish"])
                    for problem in saved.problems:
                        self.stderr.write(f"{file}:{problem.path}: {problem.code}: {problem.message}")
                    what = (
                        f"version {saved.version.number}"
                        if saved.version
                        else f"draft, revision {saved.revision}"
                    )
                    self.stdout.write(f"{saved.name}: {what}")
            except DesignerError as error:
                raise Refused(f"{file}: {error}") from error
