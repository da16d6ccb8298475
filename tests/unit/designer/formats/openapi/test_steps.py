"""Operations as steps: the params to begin with, and the form."""

from __future__ import annotations

from typing import Any

from designer.formats.openapi.operations import Operation, read_api
from designer.formats.openapi.steps import form_of, missing, name_of, params_of, undo_of
from tests.shop_openapi import shop_document

TEXT = {"type": "string"}


def operation(method: str = "post", path: str = "/things", **source: Any) -> Operation:
    document = {"openapi": "3.0.3", "info": {"title": "T"}, "paths": {path: {method: source}}}
    return read_api(document).operations[0]


def body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def test_what_is_required_is_there_and_empty() -> None:
    charge = next(it for it in read_api(shop_document()).operations if it.id == "create_charge")
    assert params_of(charge) == {
        "method": "POST",
        "url": "/charges",
        "json": {"amount": None, "currency": ""},
        "expect": [201],
    }
    assert name_of(charge) == "create_charge" and undo_of(charge) is None
    read = operation("get", "/things/{id}", responses={"200": {}})
    assert params_of(read) == {"method": "GET", "url": "/things/{id}", "path": {"id": ""}, "expect": [200]}
    assert undo_of(read) == "none"


def test_values_that_the_document_states_are_taken() -> None:
    members = {
        "kind": {"type": "string", "enum": ["card"]},
        "currency": {"type": "string", "default": "eur"},
        "tags": {"type": "array"},
        "sure": {"type": "boolean"},
        "who": {"type": "object", "required": ["name"], "properties": {"name": TEXT, "age": TEXT}},
    }
    made = operation(requestBody=body({"type": "object", "required": [*members], "properties": members}))
    begun = {"kind": "card", "currency": "eur", "tags": [], "sure": False, "who": {"name": ""}}
    assert params_of(made)["json"] == begun
    params_of(made)["json"]["tags"].append(1)
    assert params_of(made)["json"]["tags"] == []


def test_a_body_in_several_parts_is_one_form() -> None:
    parts = [
        {"type": "object", "required": ["a"], "properties": {"a": TEXT}},
        {"type": "object", "required": ["b"], "properties": {"b": TEXT}},
    ]
    made = operation(requestBody=body({"allOf": parts}))
    assert form_of(made)["json"]["properties"] == {"a": TEXT, "b": TEXT}
    assert params_of(made)["json"] == {"a": "", "b": ""}


def test_a_body_that_may_be_left_out_is() -> None:
    made = operation(requestBody=body({"type": "object", "properties": {"a": TEXT}}))
    assert "json" not in params_of(made) and "a" in form_of(made)["json"]["properties"]
    assert params_of(operation(requestBody=body({"type": "array"})))["json"] == []
    text = operation(requestBody={"content": {"text/plain": {}}})
    assert params_of(text)["text"] == "" and "text" not in form_of(text)


def test_names_are_those_that_steps_may_have() -> None:
    assert name_of(operation(operationId="2faEnable")) == "call_2fa_enable"
    assert len(name_of(operation(operationId="x" * 200))) <= 63


def test_what_is_needed_and_empty_is_found() -> None:
    form = form_of(
        operation(requestBody=body({"type": "object", "required": ["a"], "properties": {"a": TEXT}}))
    )
    assert missing(form, {}) == [("json", "a")] == missing(form, {"json": {"a": ""}})
    assert missing(form, {"json": {"a": "=context.a"}}) == [] == missing(form, {"json": "=context.all"})
