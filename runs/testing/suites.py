"""Suites of tests: those of several workflows, their results as text and as JUnit XML. PURE."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as xml  # nosec B405  # it writes, and reads nothing

from designer.document.document import parse
from designer.document.graph import Graph
from designer.document.resolve import Catalog, resolve_graph
from designer.errors import DocumentRefused
from designer.problems import errors
from designer.saved_tests.model import SavedTest
from designer.validation.workflow import check_document
from runs.explorer.world import Library
from runs.testing.expansion import expander
from runs.testing.play import Surroundings
from runs.testing.running import Result, run_tests

PASSED, FAILED = "ok  ", "FAIL"


@dataclass(frozen=True, slots=True)
class Suite:
    """The results of one workflow's tests."""

    workflow: str
    results: tuple[Result, ...]

    @property
    def passed(self) -> int:
        return sum(result.passed for result in self.results)

    @property
    def duration_ms(self) -> float:
        return sum(result.duration_ms for result in self.results)

    def lines(self) -> Iterator[str]:
        if not self.results:
            yield f"{self.workflow}: no tests"
            return
        yield f"{self.workflow}: {self.passed} of {len(self.results)} passed ({self.duration_ms:.0f} ms)"
        for result in self.results:
            yield f"  {PASSED if result.passed else FAILED}  {result.name}"
            if not result.passed:
                yield from (f"        {line.strip()}" for line in result.reasons)
                yield from (f"        note: {note}" for note in result.notes)
                yield from (f"        {line}" for line in result.story)


def graphs_of(
    documents: Sequence[object], catalog: Catalog, published: Library
) -> tuple[list[Graph], Library]:
    """Returns the graphs of documents, with all defaults, and how workflows find each other among them.

    Raises DocumentRefused with the problems of the first document that has errors.
    """
    given = {graph.name: graph for document in documents if (graph := parse(document)[0])}

    def stated(name: str, version: int | None) -> Graph | None:
        return (given.get(name) if version is None else None) or published(name, version)

    for document in documents:
        found = errors(check_document(document, catalog, stated))
        if found:
            raise DocumentRefused(found, "The tests cannot run before this is mended:")
    resolved = {name: resolve_graph(graph, catalog) for name, graph in given.items()}

    def library(name: str, version: int | None) -> Graph | None:
        return (resolved.get(name) if version is None else None) or published(name, version)

    return list(resolved.values()), library


def run_suite(graph: Graph, tests: Sequence[SavedTest], library: Library, catalog: Catalog) -> Suite:
    results = run_tests(tests, graph, Surroundings(library, expander(catalog)))
    return Suite(graph.name, tuple(results))


def junit_of(suites: Sequence[Suite]) -> str:
    """Returns the results as JUnit XML, which continuous integration reads."""
    root = xml.Element("testsuites", _counts([result for suite in suites for result in suite.results]))
    for suite in suites:
        node = xml.SubElement(root, "testsuite", {"name": suite.workflow, **_counts(suite.results)})
        for result in suite.results:
            named = {"classname": suite.workflow, "name": result.name, "time": _seconds(result.duration_ms)}
            entry = xml.SubElement(node, "testcase", named)
            if not result.passed:
                failure = xml.SubElement(entry, "failure", {"message": _kept("; ".join(result.reasons))})
                failure.text = _kept(result.as_text())
    return xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _counts(results: Sequence[Result]) -> dict[str, str]:
    failed = sum(not result.passed for result in results)
    duration = sum(result.duration_ms for result in results)
    return {"tests": str(len(results)), "failures": str(failed), "time": _seconds(duration)}


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.4f}"


def _kept(text: str) -> str:
    """Returns a text without the control characters that XML cannot hold."""
    return "".join(char for char in text if char >= " " or char in "\n\t")
