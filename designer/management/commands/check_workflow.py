"""`manage.py check_workflow`: prints the problems of definitions in files, and stores nothing."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from config.lib.commands import SagaboardCommand
from designer.document.document import parse
from designer.document.graph import Graph
from designer.errors import FormatError
from designer.formats.uploads import load_workflows
from designer.problems import Problem, errors
from designer.services.limits import limit_problems
from designer.services.queries import published_graph
from designer.validation.workflow import check_document
from workers.registry import get_catalog

HAS_ERRORS = 1


class Command(SagaboardCommand):
    help = "Checks workflows in files; prints `file:path: code: message`, exit code 1 if there is an error."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help=".json, .yaml or .py (which is run)")

    def handle(self, *args: Any, **options: Any) -> None:
        problems = list(check_files(options["files"]))
        for file, problem in problems:
            level = "warning: " if problem.level == "warning" else ""
            self.stdout.write(f"{file}:{problem.path}: {problem.code}: {level}{problem.message}")
        if errors(problem for _, problem in problems):
            sys.exit(HAS_ERRORS)


def check_files(files: list[str]) -> Iterator[tuple[str, Problem]]:
    """Every problem with its file.

    Workflows in the files may refer to each other before they are published.
    """
    documents: list[tuple[str, Any]] = []
    for file in files:
        try:
            documents += [(file, brought.document) for brought in load_workflows(Path(file))]
        except FormatError as error:
            yield file, Problem(error.code, "", str(error))
    graphs = {graph.name: graph for _, document in documents if (graph := parse(document)[0])}

    def workflows(name: str, version: int | None) -> Graph | None:
        given = graphs.get(name) if version is None else None
        return given or published_graph(name, version)

    for file, document in documents:
        for problem in [*check_document(document, get_catalog(), workflows), *limit_problems(document)]:
            yield file, problem
