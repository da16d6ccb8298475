"""The shipped workflows can be published as they are, without so much as a warning."""

from __future__ import annotations

from typing import Any

import pytest

from designer import patterns
from designer.document.document import dump, parse
from designer.document.graph import Graph
from designer.document.resolve import resolve_graph
from designer.saved_tests.files import is_test_file
from designer.validation.workflow import check_document
from tests.contract import patterns as written
from workers.registry import get_catalog

SEED = {
    "sequential_processing",
    "order_processing",
    "parallel_data_processing",
    "conditional_processing",
    "resilient_processing",
    "data_transformation_pipeline",
    "event_processing",
    "master_workflow",
    "dynamic_workflow",
}
DOCUMENTS = patterns.load()


def shipped(name: str, version: int | None) -> Graph | None:
    return parse(patterns.read(name))[0] if name in patterns.NAMES else None


@pytest.mark.parametrize("document", DOCUMENTS, ids=patterns.NAMES)
def test_a_shipped_workflow_has_no_problem(document: dict[str, Any]) -> None:
    assert check_document(document, get_catalog(), shipped) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=patterns.NAMES)
def test_a_shipped_workflow_tells_what_it_shows(document: dict[str, Any]) -> None:
    assert document["title"] and document["description"].endswith(".")
    assert document["sample_input"] and document["input_schema"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=patterns.NAMES)
def test_a_shipped_workflow_is_written_as_it_is_read(document: dict[str, Any]) -> None:
    graph, _ = parse(document)
    assert graph is not None and dump(graph) == document


def test_all_nine_patterns_are_there() -> None:
    assert set(patterns.NAMES) >= SEED
    assert [document["name"] for document in DOCUMENTS] == list(patterns.NAMES)
    files = [path for path in patterns.FOLDER.glob("*.yaml") if not is_test_file(path)]
    assert sorted(path.stem for path in files) == sorted(patterns.NAMES)


def test_children_are_published_before_their_parents() -> None:
    seen: set[str] = set()
    for document in DOCUMENTS:
        assert {step["workflow"] for step in document["steps"] if "workflow" in step} <= seen
        seen.add(document["name"])


def test_the_undo_of_an_order_is_resolved() -> None:
    graph = shipped("order_processing", None)
    assert graph is not None
    resolved = resolve_graph(graph, get_catalog())
    undos = [step.undo.worker if step.undo else step.compensation for step in resolved.steps]
    assert undos == ["release_inventory", "refund_payment", "cancel_shipment", "irreversible"]


def test_the_canvas_is_tested_with_these_workflows():
    assert written.PATH.read_text(encoding="utf-8") == written.text(), (
        "run `python -m tests.contract.patterns`"
    )
