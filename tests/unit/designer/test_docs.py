"""`docs/definitions.md` is true: its codes are the product's, its examples work."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from designer.document.document import dump
from designer.document.graph import Graph
from designer.document.kinds import KINDS
from designer.formats.formats import from_yaml
from designer.validation.workflow import check_document
from tests.unit.designer.helpers import contract
from tests.unit.designer.test_patterns import shipped
from tests.unit.designer.validation.test_contract import FILES
from workers.registry import get_catalog

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "definitions.md").read_text(encoding="utf-8")
SOURCES = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "designer").glob("**/*.py"))
JSON_READER = (ROOT / "config" / "lib" / "json_reader.py").read_text(encoding="utf-8")
TESTED_ELSEWHERE = {
    "too_many_steps",
    "too_many_edges",
    "too_deep",
    "name_mismatch",
    "unknown_limit",
    "unknown_connection",
    "unknown_secret",
    "operation_misfit",
    "wrong_connection",
    "no_draft",
    "unknown_step",
    "bad_branch",
    "secret_keys",
    "constant_needed",
    "sealed_elsewhere",
    "cannot_open",
}


def documented() -> dict[str, str]:
    """Level by code, from the table of problems."""
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (error|warning) \|", TEXT, re.MULTILINE)
    return {code: level for codes, level in rows for code in re.findall(r"\w+", codes)}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def test_every_code_of_the_table_has_a_contract_case_of_its_level() -> None:
    cases = [case for file in FILES for case in contract(file)["cases"]]
    shown = {problem["code"]: problem["level"] for case in cases for problem in case["problems"]}
    assert shown == {code: level for code, level in documented().items() if code not in TESTED_ELSEWHERE}


def test_every_code_of_the_table_is_used_and_no_other() -> None:
    reported = re.findall(r"(?:error|warn|report)\(\s*\"(\w+)\"", SOURCES)
    made = re.findall(r"(?:Problem|FormatError)\(\s*\"(\w+)\"", SOURCES)
    of_json = set(re.findall(r"[Ff]ault\(\s*(?:faults,\s*)?\"(\w+)\"", JSON_READER))
    of_files = set(re.findall(r"`(\w+)`", TEXT.split("cannot be read at all:")[1]))
    assert set(reported) | set(made) <= documented().keys() | of_files
    assert of_json <= of_files | documented().keys()
    assert of_files <= set(made) | of_json


def test_the_examples_have_no_problem() -> None:
    first, group, loop, _, params = blocks("yaml")
    assert check_document(from_yaml(first), get_catalog(), shipped) == []
    for part in (group, loop):
        document = {"schema": 1, "name": "a", **from_yaml(part)}
        assert check_document(document, get_catalog(), shipped) == []
    step = {"name": "a", "worker": "validate_input", **from_yaml(params)}
    assert check_document({"schema": 1, "name": "a", "steps": [step]}, get_catalog(), shipped) == []


def test_the_python_example_builds_what_can_be_published() -> None:
    [code] = blocks("python")
    module: dict[str, Any] = {}
    exec(code, module)
    graph = module["create_order_processing"]()
    assert isinstance(graph, Graph)
    assert check_document(dump(graph), get_catalog(), shipped) == []


def test_every_field_of_a_step_is_described() -> None:
    fields = {field for row in KINDS.values() for field in row.readers}
    assert {field for field in fields if f"`{field}`" not in TEXT} == set()
