"""`validate_json`: what is wrong with data, as a failure or as a list."""

from __future__ import annotations

from typing import Any

from workers.library.data.workers import validate_json
from workers.testing import call, outcome_of

SCHEMA = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "string"}, "amount": {"type": "number", "minimum": 0}},
}


def params(data: Any, schema: Any = SCHEMA, **more: Any) -> dict[str, Any]:
    return {"data": data, "schema": schema, **more}


def test_data_that_fits_is_valid() -> None:
    assert call(validate_json, params=params({"id": "a", "amount": 1})) == {"valid": True, "errors": []}


def test_errors_are_listed_where_that_is_asked_for() -> None:
    output = call(validate_json, params=params({"amount": -1}, on_errors="list"))
    assert output["valid"] is False
    assert {error["path"] for error in output["errors"]} == {"data", "data.amount"}
    assert any("'id' is a required property" in error["message"] for error in output["errors"])


def test_otherwise_the_step_fails_and_says_where() -> None:
    outcome = outcome_of(validate_json, params=params([{"id": 1}] * 9, {"items": SCHEMA}))
    assert outcome.failure and outcome.failure.code == "not_valid" and not outcome.retryable
    assert "data[0].id: 1 is not of type 'string'" in outcome.failure.message
    assert outcome.failure.message.endswith("; and 4 more")


def test_a_text_that_looks_like_an_expression_is_data() -> None:
    assert outcome_of(validate_json, params=params("=x", {"type": "number"})).kind == "failed"


def test_a_schema_that_cannot_be_used_is_told_apart() -> None:
    for schema in ({"type": "strin"}, {"$ref": "#"}, {"pattern": "("}):
        outcome = outcome_of(validate_json, params=params({}, schema))
        assert outcome.failure and outcome.failure.code == "bad_schema"


def test_what_takes_too_long_to_check_is_not_valid() -> None:
    schema = {"items": {"allOf": [{"type": "integer"}] * 100}}
    outcome = outcome_of(validate_json, params=params([1] * 30_000, schema))
    assert outcome.failure and outcome.failure.code == "not_valid"
    assert "takes too long" in outcome.failure.message
