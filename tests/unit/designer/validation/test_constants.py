"""Params that take no expression, as a text of SQL: what varies goes into the values beside it."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from designer.validation.workflow import check_document
from tests.unit.designer.helpers import published
from workers import worker


class Statement(BaseModel):
    sql: Annotated[str, Field(json_schema_extra={"x-constant": True})]
    value: str = ""


@worker("ask", compensation="none")
def ask(params: Statement) -> None:
    """Asks."""


CATALOG: Any = {"ask": ask.__dict__["__worker__"]}


@pytest.mark.parametrize(
    ("sql", "codes"),
    [("SELECT 1", []), ("==1", []), ("='SELECT ' + context.name", ["constant_needed"])],
)
@pytest.mark.parametrize("slot", ["", "compensation"])
def test_an_expression_is_refused_where_a_constant_is_needed(sql: str, codes: list[str], slot: str) -> None:
    call = {"worker": "ask", "params": {"sql": sql, "value": "=context.name"}}
    step = (
        {"name": "a", **call}
        if not slot
        else {"name": "a", "worker": "ask", "params": {"sql": "x"}, slot: call}
    )
    document = {"schema": 1, "name": "flow", "steps": [step], "edges": []}
    problems = check_document(document, CATALOG, published)
    assert [problem.code for problem in problems] == codes
    assert all(problem.path.endswith("params.sql") for problem in problems)
