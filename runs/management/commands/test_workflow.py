"""`manage.py test_workflow`: runs saved tests of workflows, of this installation or in files."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from functools import cache
from pathlib import Path
from typing import Any

from config.lib.commands import Refused, SagaboardCommand
from config.lib.errors import SagaboardError
from designer.document.graph import Graph
from designer.formats.formats import SUFFIXES
from designer.formats.uploads import load_tests, load_tests_beside, load_workflows
from designer.models import WorkflowTest
from designer.saved_tests.files import TestFile, is_test_file
from designer.saved_tests.model import SavedTest
from designer.services.queries import document_of, get_workflow, published_graph
from designer.services.saved_tests import read, tests_of
from runs.testing.suites import Suite, graphs_of, junit_of, run_suite
from workers.registry import get_catalog

FAILED = 1
Tests = dict[str, list[SavedTest]]


class Command(SagaboardCommand):
    requires_system_checks = ()  # they load every page of the product, which takes longer than the tests
    help = (
        "Runs the saved tests of workflows by the rules that run them; no worker is called. "
        "Exit code 1 if a test fails, 2 if something cannot be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "what",
            nargs="*",
            metavar="NAME|FILE",
            help="a workflow of this installation, a file of one (its tests are beside it, NAME.tests.yaml), "
            "or a file of tests",
        )
        parser.add_argument("--all", action="store_true", help="every workflow that has tests")
        parser.add_argument("--junit", metavar="FILE", help="write the results there, as JUnit XML")

    def handle(self, *args: Any, **options: Any) -> None:
        suites = [self._run(what) for what in self._wanted(options)]
        failed = sum(len(suite.results) - suite.passed for suite in suites)
        total = sum(len(suite.results) for suite in suites)
        duration = sum(suite.duration_ms for suite in suites)
        self.stdout.write(f"{total - failed} of {total} tests passed ({duration:.0f} ms).")
        if options["junit"]:
            _write(Path(options["junit"]), junit_of(suites))
        if failed:
            sys.exit(FAILED)

    def _wanted(self, options: dict[str, Any]) -> list[str]:
        names = list(options["what"])
        if options["all"]:
            rows = WorkflowTest.objects.order_by("workflow__name").values_list("workflow__name", flat=True)
            names += [name for name in dict.fromkeys(rows) if name not in names]
        if not names and not options["all"]:
            raise Refused("name a workflow or a file, or say --all")
        return names

    def _run(self, what: str) -> Suite:
        try:
            graph, tests, library = _of_file(Path(what)) if _is_file(what) else _of_name(what)
        except SagaboardError as error:
            raise Refused(f"{what}: {error}") from error
        suite = run_suite(graph, tests, library, get_catalog())
        for line in suite.lines():
            self.stdout.write(line)
        return suite


def _is_file(what: str) -> bool:
    return what.endswith(SUFFIXES) or "/" in what


Found = tuple[Graph, list[SavedTest], Any]


def _of_name(name: str) -> Found:
    """Of the document that is edited next. Raises SagaboardError."""
    document = document_of(get_workflow(name))
    graphs, library = graphs_of([document], get_catalog(), cache(published_graph))
    return graphs[0], read(tests_of(name)), library


def _of_file(path: Path) -> Found:
    """Raises SagaboardError."""
    if not is_test_file(path):
        return _of_definition(path, load_tests_beside(path))
    found = load_tests(path)
    stem = path.name.partition(".")[0]
    definitions = (path.with_name(f"{stem}{suffix}") for suffix in SUFFIXES)
    definition = next((place for place in definitions if place.is_file()), None)
    if definition is not None:
        return _of_definition(definition, found)
    graph, _, library = _of_name(found.workflow or stem)
    return graph, list(found.tests), library


def _of_definition(path: Path, found: TestFile | None) -> Found:
    """The workflow of a file, the first where there are several and the tests do not name one."""
    documents = [brought.document for brought in load_workflows(path)]
    graphs, library = graphs_of(documents, get_catalog(), cache(published_graph))
    named = [graph for graph in graphs if found is not None and graph.name == found.workflow]
    graph = (named or graphs)[0]
    if found is not None and found.workflow not in ("", graph.name):
        raise Refused(f"{path}: its tests are for the workflow '{found.workflow}', which is not in it")
    return graph, list(found.tests if found is not None else ()), library


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refused(f"{path}: {error.strerror or error}") from error
