"""`docs/expressions.md` is true: it has every function, and each example gives what it says (R2.15)."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from designer.expressions.expressions import compile_expression
from designer.expressions.functions.catalog import CATALOG, GROUPS
from designer.expressions.functions.times import PLACEHOLDERS, UNITS
from designer.expressions.scanner import LOOPS

pytestmark = pytest.mark.rule("R2.15")
TEXT = (Path(__file__).parents[5] / "docs" / "expressions.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (`.+?`) \| (.+) \| `(.+)` \| `(.+)` \|$", re.MULTILINE)
ROWS = [tuple(part.replace(r"\|", "|") for part in row) for row in ROW.findall(TEXT)]
SCOPE: dict[str, Any] = {
    "context": json.loads(TEXT.split("```json\n")[1].split("```")[0]),
    "now": datetime(2026, 1, 31, 9, 30, tzinfo=UTC),
}


@pytest.mark.parametrize(("example", "result"), [row[2:] for row in ROWS])
def test_each_example_gives_what_stands_beside_it(example: str, result: str) -> None:
    value = compile_expression(example).evaluate(SCOPE)
    assert json.dumps(value, sort_keys=True) == json.dumps(json.loads(result), sort_keys=True)


def test_the_page_lists_the_functions_of_the_catalog() -> None:
    listed = [row for row in ROWS if row[0].strip("`").partition("(")[0] in CATALOG and "(" in row[0]]
    expected = [(f"`{one.usage}`", one.about, one.example, one.result) for one in CATALOG.values()]
    assert listed == expected
    assert re.findall(r"^### (.+)$", TEXT, re.MULTILINE) == list(GROUPS)
    assert {row[0].strip("`") for row in ROWS} >= LOOPS


def test_the_page_names_every_placeholder_and_unit() -> None:
    assert {f"`%{sign}`" for sign in PLACEHOLDERS} <= set(re.findall(r"`%.`", TEXT))
    assert {f"`{unit}`" for unit in UNITS} <= set(re.findall(r"`\w+`", TEXT))
