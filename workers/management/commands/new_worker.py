"""`manage.py new_worker`: writes a worker with its undo and its test into a module of one's own."""

from __future__ import annotations

import shlex
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings

from config.lib.commands import SagaboardCommand, command_words
from workers.registry import get_catalog
from workers.scaffold.names import CATEGORY, pair_names
from workers.scaffold.pairs import Written, write_pair


class Command(SagaboardCommand):
    requires_system_checks = ()
    help = "Writes a worker, the worker that undoes it, and their test; what exists is added to, not changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="name of the worker, such as book_room")
        parser.add_argument(
            "--undo", default="", help="name of the worker that undoes it; default: undo_NAME"
        )
        parser.add_argument(
            "--module",
            type=Path,
            default=Path("own_workers.py"),
            metavar="FILE",
            help="file that they are written to, new or not; default: own_workers.py",
        )
        parser.add_argument(
            "--tests",
            type=Path,
            metavar="FOLDER",
            help="folder of the test; default: tests, or that of the module",
        )
        parser.add_argument(
            "--category", default=CATEGORY, help=f"heading in the palette; default: {CATEGORY}"
        )

    def handle(self, *args: Any, name: str, undo: str, module: Path, **options: Any) -> None:
        names = pair_names(name, undo)
        written = write_pair(names, module, options["tests"], options["category"], get_catalog())
        for line in next_steps(written, options["category"]):
            self.stdout.write(line)


def next_steps(written: Written, category: str) -> list[str]:
    names = written.names
    root, test, python = (shlex.quote(str(word)) for word in (written.root, written.test, sys.executable))
    modules = list(dict.fromkeys([*settings.WORKER_MODULES, written.module]))
    product = shlex.quote(str(settings.BASE_DIR))
    folders = ":".join(dict.fromkeys([root, product]))
    return [
        f"{written.file}: {names.worker}, undone by {names.undo}",
        f"{written.test}: its test",
        "",
        "Run the test (needs pytest):",
        f"  PYTHONPATH={folders} {python} -m pytest {test}",
        "Run the product with it:",
        f"  PYTHONPATH={root} WORKER_MODULES={','.join(modules)} {command_words()} up --reload",
        f"In the designer it stands in the palette as {names.title!r}, under {category!r}.",
    ]
