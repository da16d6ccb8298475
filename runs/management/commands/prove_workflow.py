"""`manage.py prove_workflow`: explores workflows over every branch and fault, and says what does not hold."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.lib.commands import Refused, SagaboardCommand
from designer.document.document import parse
from designer.document.graph import Graph
from designer.document.resolve import resolve_graph
from designer.errors import DesignerError
from designer.formats.uploads import load_workflows
from designer.problems import errors
from designer.saved_tests.files import is_test_file
from designer.services import workflows
from designer.services.connections import limit_of
from designer.services.queries import published_graph
from designer.validation.workflow import check_document
from runs.explorer.certificate import certificate_of
from runs.explorer.search import Budget, explore
from runs.proof.service import PAIRS_MAX, undos
from workers.registry import get_catalog

DOES_NOT_HOLD = 1
SUFFIXES = (".json", ".yaml", ".yml", ".py")


class Command(SagaboardCommand):
    help = "Proves workflows by name (their drafts) or of files; exit code 1 if one does not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", nargs="+", metavar="NAME|FILE", help="a workflow, or a file of one")
        parser.add_argument("--json", action="store_true", help="certificates as JSON, one a line")
        parser.add_argument(
            "--pairs", type=int, default=Budget().pairs, help=f"states for pairs of faults, to {PAIRS_MAX:,}"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        budget = Budget(pairs=min(max(0, options["pairs"]), PAIRS_MAX))
        try:
            graphs = _graphs(options["what"])
        except DesignerError as error:
            raise Refused(error) from error
        by_name = {graph.name: graph for graph in graphs}

        def library(name: str, version: int | None) -> Graph | None:
            given = by_name.get(name) if version is None else None
            return given or published_graph(name, version)

        holds = True
        for graph in graphs:
            certificate = certificate_of(graph, explore(graph, library, budget), undos())
            holds &= certificate["holds"]
            self.stdout.write(json.dumps(certificate) if options["json"] else _told(certificate))
        if not holds:
            sys.exit(DOES_NOT_HOLD)


def _graphs(whats: list[str]) -> list[Graph]:
    """Returns what would be published of workflows, by name or of files, with all defaults filled in.

    Workflows of files may run each other before they are published.
    """
    names = [what for what in whats if not what.endswith(SUFFIXES)]
    files = [what for what in whats if what.endswith(SUFFIXES) and not is_test_file(Path(what))]
    documents = [(file, brought.document) for file in files for brought in load_workflows(Path(file))]
    known = {graph.name: graph for _, document in documents if (graph := parse(document)[0])}

    def others(name: str, version: int | None) -> Graph | None:
        return (known.get(name) if version is None else None) or published_graph(name, version)

    for file, document in documents:
        problems = errors(check_document(document, get_catalog(), others))
        if problems:
            raise Refused(f"{file}:{problems[0].path}: {problems[0].message}")
    read = [resolve_graph(_read(document), get_catalog(), limit_of) for _, document in documents]
    return [*(_read(workflows.publishable_document(name)[1]) for name in names), *read]


def _read(document: Any) -> Graph:
    graph, problems = parse(document)
    if graph is None:
        raise Refused(f"{problems[0].path}: {problems[0].message}")
    return graph


def _told(certificate: Mapping[str, Any]) -> str:
    explored = certificate["explored"]
    counts = ", ".join(f"{explored[what]:,} {what}" for what in ("histories", "states", "pairs"))
    lines = [f"{certificate['workflow']}: {'holds' if certificate['holds'] else 'does not hold'} ({counts})"]
    for found in certificate["properties"]:
        lines.append(f"  {'ok    ' if found['holds'] else 'BROKEN'} {found['sentence']}")
    for found in certificate["counterexamples"]:
        lines += ["", f"  {found['why']}", *(f"    when {told}" for told in found["told"])]
        lines += [f"    {number}. {line}" for number, line in enumerate(found["story"], 1)]
        lines += [f"    -> {found['advice']}"] if found["advice"] else []
    return "\n".join([*lines, "", *(f"  not explored: {line}" for line in certificate["not_explored"])])
