"""The published JSON Schema says what `parse` says of the shape of a document."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from designer import patterns
from designer.document.document import dump, parse, storage_problem
from designer.document.graph import Graph
from designer.document.json_schema import workflow_schema
from designer.problems import errors
from tests.unit.designer.strategies import GRAPHS
from tests.unit.designer.validation.test_contract import CASES

VALIDATOR = Draft202012Validator(workflow_schema())
STEP = {"name": "a", "worker": "charge"}


def fits(document: Any) -> bool:
    return VALIDATOR.is_valid(json.loads(json.dumps(document)))


def of_steps(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"schema": 1, "name": "order", "steps": list(steps), **more}


def test_it_is_a_schema_that_leaves_no_field_open() -> None:
    schema = workflow_schema()
    Draft202012Validator.check_schema(schema)
    assert '"anyOf": [{}' not in json.dumps(schema)


@pytest.mark.parametrize("document", patterns.load(), ids=patterns.NAMES)
def test_every_shipped_workflow_fits(document: Any) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []


@given(GRAPHS)
def test_every_random_workflow_fits(graph: Graph) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(dump(graph))] == []


def test_it_agrees_with_the_reader_on_every_case_of_the_contract() -> None:
    """But for values that no database can hold, wherever they stand."""
    documents = [case.values[0] for case in CASES if storage_problem(case.values[0]) is None]
    differ = [document for document in documents if fits(document) == bool(errors(parse(document)[1]))]
    assert documents and differ == []


@pytest.mark.parametrize(
    "document",
    [
        of_steps({"worker": "charge"}),
        of_steps({"name": "Big", "worker": "charge"}),
        of_steps({"name": "a"}),
        of_steps(STEP | {"timeout": 0}),
        of_steps(STEP | {"seconds": 5}),
        of_steps(STEP | {"on_failure": "shrug"}),
        of_steps(STEP | {"compensation": {"rollback": False}}),
        of_steps(STEP | {"retry": {"max_attempts": 0}}),
        of_steps({"name": "a", "kind": "ritual"}),
        of_steps({"name": "a", "kind": "wait"}),
        of_steps({"name": "a", "kind": "wait", "seconds": 5, "signal": "paid"}),
        of_steps({"name": "a", "kind": "wait", "signal": "paid", "match": "true"}),
        of_steps({"name": "a", "kind": "wait", "any_of": [{"signal": "paid"}]}),
        of_steps({"name": "a", "kind": "map", "items": "context.l", "worker": "w", "workflow": "v"}),
        of_steps({"name": "a", "kind": "group", "body": {"steps": [{"name": "b"}]}}),
        of_steps(STEP, edges=[{"from": "a"}]),
        of_steps(STEP, edges=[{"from": "a", "to": "b", "otherwise": True, "when": "true"}]),
        of_steps(STEP, edges=[{"from": "a", "to": "b", "errors": ["timeout"]}]),
        of_steps(STEP, layout={"a": [1]}),
        of_steps(STEP, colour="red"),
        of_steps(STEP, schema=2),
        {"schema": 1, "steps": []},
        [],
    ],
    ids=json.dumps,
)
def test_what_cannot_be_read_does_not_fit(document: Any) -> None:
    assert not fits(document)
    assert errors(parse(document)[1])


def test_null_means_not_stated() -> None:
    assert fits(of_steps(STEP | {"kind": None, "timeout": None, "compensation": None}, timeout=None))
