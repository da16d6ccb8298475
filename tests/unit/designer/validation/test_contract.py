"""The documents of `tests/contract/`, which the browser's own checks are tested with as well."""

from __future__ import annotations

from typing import Any

import pytest

from designer.document.document import dump, parse
from designer.problems import errors
from designer.validation.workflow import check_document
from tests.unit.designer.helpers import CONTRACT, catalog, contract, published

FILES = sorted(path.stem for path in CONTRACT.glob("*.json") if path.stem != "world")
CASES = [
    pytest.param(case["document"], case["problems"], id=f"{file}: {case['name']}")
    for file in FILES
    for case in contract(file)["cases"]
]


def sorted_problems(problems: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    return sorted((problem["path"], problem["code"], problem["level"]) for problem in problems)


@pytest.mark.rule("R1.3")
@pytest.mark.parametrize(("document", "expected"), CASES)
def test_problems_are_exactly_these(document: Any, expected: list[dict[str, str]]) -> None:
    found = check_document(document, catalog(), published)
    assert sorted_problems([problem.as_json() for problem in found]) == sorted_problems(expected)
    assert all(len(problem.message) > 8 for problem in found)


@pytest.mark.parametrize("document", [case["document"] for case in contract("valid")["cases"]])
def test_valid_documents_survive_reading_and_writing(document: Any) -> None:
    graph, problems = parse(document)
    assert graph is not None and not errors(problems)
    assert parse(dump(graph)) == (graph, [])


def test_no_case_is_there_twice() -> None:
    ids = [param.id for param in CASES]
    assert len(ids) == len(set(ids))
