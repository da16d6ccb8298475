"""Warnings of steps whose params do not fit the operation that they call."""

from __future__ import annotations

import json
from typing import Any

import pytest

from designer.services import openapi
from designer.services.queries import problems_of
from tests.http_api import HttpApi
from tests.shop_openapi import shop_document


@pytest.fixture(autouse=True)
def document(shop: HttpApi) -> None:
    openapi.give_content("shop", json.dumps(shop_document()).encode(), "shop.json")


def warnings(params: dict[str, Any], **step: Any) -> dict[str, str]:
    call = {"worker": "http_request", "params": {"connection": "shop", "method": "POST", **params}}
    steps = [{"name": "charge", "compensation": "none", **call, **step}]
    problems = problems_of({"schema": 1, "name": "pay", "steps": steps, "edges": []})
    assert {problem.level for problem in problems} <= {"warning"}
    return {problem.path: problem.message for problem in problems}


def charge(**json_body: Any) -> dict[str, str]:
    return warnings({"url": "/charges", "json": json_body})


def test_what_fits_is_not_warned_of() -> None:
    assert charge(amount=1, currency="eur") == {} == charge(amount="=context.amount", currency="=context.c")
    assert warnings({"url": "/others", "json": 1}) == {}
    assert warnings({"url": "/charges", "json": "=context.body"}) == {}


def test_what_is_needed_or_of_another_type_is_warned_of() -> None:
    where = "steps[0].params.json"
    assert charge(amount="", currency="eur") == {f"{where}.amount": "the API needs this, and it is empty"}
    wrong = charge(amount="ten", currency="chf")
    assert "not of type 'integer'" in wrong[f"{where}.amount"] and "'eur'" in wrong[f"{where}.currency"]


def test_an_undo_and_a_step_within_are_looked_at_as_well() -> None:
    params = {"connection": "shop", "method": "POST", "url": "/refunds"}
    undo = {"worker": "http_request", "params": params}
    path = "steps[0].compensation.params.json.charge"
    body = {"amount": 1, "currency": "eur"}
    assert [*warnings({"url": "/charges", "json": body}, compensation=undo)] == [path]
    inner = {"name": "a", "compensation": "none", "worker": "http_request", "params": params}
    group = {"name": "g", "kind": "group", "body": {"steps": [inner], "edges": []}}
    document = {"schema": 1, "name": "pay", "steps": [group], "edges": []}
    assert [it.path for it in problems_of(document)] == ["steps[0].body.steps[0].params.json.charge"]
