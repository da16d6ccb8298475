"""`manage.py new_project`: writes a folder with workers, a workflow and their tests to start from."""

from __future__ import annotations

import shlex
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from config.lib.commands import SagaboardCommand, command_words
from workers.scaffold.projects import write_project


class Command(SagaboardCommand):
    requires_system_checks = ()
    help = "Writes a project to start from: workers, a workflow, tests, and a README with the next commands."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="a new or empty folder")
        parser.add_argument(
            "--name", default="", help="of the package and the workflow; default: that of the folder"
        )

    def handle(self, *args: Any, folder: Path, name: str, **options: Any) -> None:
        command = command_words()
        written = write_project(folder, name, command)
        project = written.root
        lines = [
            f"{project}: a project with workers, a workflow and tests; its README says more.",
            "",
            f"  cd {shlex.quote(str(project))}",
            "  . ./env.sh",
            f"  {shlex.quote(sys.executable)} -m pytest",
            f"  {command} up --reload",
        ]
        for line in lines:
            self.stdout.write(line)
