"""Saved tests of this installation's workflows: run, stored, recorded from runs, and asked before publishing.

Tests are played apart from the web process: their expressions and loops are what people wrote.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from config.lib.apart import apart
from designer.document.document import parse
from designer.document.graph import Graph
from designer.document.resolve import resolve_graph
from designer.errors import TestsFailed, TrialRefused
from designer.problems import errors
from designer.saved_tests.model import SavedTest
from designer.saved_tests.reading import dump_tests
from designer.services import before_publishing, saved_tests
from designer.services.connections import limit_of
from designer.services.folder_rights import hidden_names
from designer.services.queries import document_of, get_workflow, problems_of, published_graph
from runs.errors import UnknownRun
from runs.saved_tests.recorded import recorded_run
from runs.testing.expansion import expander
from runs.testing.play import Surroundings
from runs.testing.recording import mocks_in, record, with_recorded
from runs.testing.running import Result, run_tests
from workers.registry import get_catalog

TESTS_CPU_S = 10.0
TESTS_FAILED = "tests_failed"
Document = dict[str, Any]


def surroundings(hidden: Collection[str] = ()) -> Surroundings:
    """Returns what tests need of this installation; each workflow is read once.

    `hidden`: the workflows that whoever runs the tests may not see. They count as unknown.
    """

    def library(name: str, version: int | None) -> Graph | None:
        return None if name in hidden else published_graph(name, version)

    return Surroundings(cache(library), expander(get_catalog()))


def graph_of(document: object, name: str | None = None) -> Graph:
    """Returns the graph of a document with all its defaults. Raises TrialRefused with its problems."""
    found = errors(problems_of(document, name))
    graph, _ = parse(document)
    if found or graph is None:
        raise TrialRefused(found, "The tests cannot run before this is mended:")
    return resolve_graph(graph, get_catalog(), limit_of)


def run_on_draft(
    name: str,
    documents: list[Document] | None = None,
    only: Collection[str] | None = None,
    user: Any = None,
) -> list[Document]:
    """Runs tests of a workflow, or those that are given, on the document that is edited next.

    `only`: the names of those to run. Raises UnknownWorkflow, TestsRefused or TrialRefused.
    """
    workflow = get_workflow(name)
    wanted = saved_tests.documents_of(workflow) if documents is None else documents
    if only is not None:
        wanted = [one for one in wanted if one.get("name") in only]
    hidden = hidden_names(user)
    return apart(_run_on, name, document_of(workflow) or {}, wanted, hidden, cpu_s=TESTS_CPU_S)


def _run_on(
    name: str, document: Document, documents: list[Document], hidden: frozenset[str]
) -> list[Document]:
    tests = saved_tests.read(documents)
    results = run_tests(tests, graph_of(document, name), surroundings(hidden))
    return [result.as_json() for result in results]


def store(name: str, documents: object, digest: str | None = None, user: Any = None) -> list[Document]:
    """Replaces the tests of a workflow; mocks that are to be recorded are copied from their runs.

    Raises UnknownWorkflow, TestsRefused, StaleTests, UnknownRun or NotRecordable.
    """
    get_workflow(name)
    mocks_of = cache(lambda run: mocks_in(recorded_run(name, _id_of(run), user)))
    tests = [with_recorded(test, mocks_of) for test in saved_tests.read(documents)]
    return saved_tests.replace_tests(name, tests, digest)


def _id_of(run: str) -> UUID:
    try:
        return UUID(run)
    except ValueError:
        raise UnknownRun(run) from None


def store_run(name: str, run_id: UUID, test_name: str, user: Any = None) -> Document:
    """Makes a test of a run and stores it. Raises UnknownRun, NotRecordable or TestsRefused."""
    test = record(test_name, recorded_run(name, run_id, user))
    saved_tests.read(dump_tests([test]))
    saved_tests.add_test(name, test)
    return dump_tests([test])[0]


# --- before publishing ---


def refuse_failing(name: str, resolved: Document, documents: list[Document]) -> None:
    """Raises TestsFailed if tests fail in the definition that is to be published."""
    failed = apart(_failures, resolved, documents, cpu_s=TESTS_CPU_S) if documents else []
    if failed:
        raise TestsFailed(failed)


def _failures(resolved: Document, documents: list[Document]) -> list[tuple[str, str]]:
    graph, _ = parse(resolved)
    if graph is None:
        return []
    tests: Sequence[SavedTest] = saved_tests.read(documents)
    return [_failure(result) for result in run_tests(tests, graph, surroundings()) if not result.passed]


def _failure(result: Result) -> tuple[str, str]:
    return result.name, "; ".join(result.reasons)


def guard_publishing() -> None:
    """From now on, what fails its tests is published only by who says so."""
    before_publishing.add(TESTS_FAILED, refuse_failing)
