"""OpenAPI documents by REST: rights, both ways to give one, pages of operations, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from tests.http_api import HttpApi, http_api
from tests.shop_openapi import shop_document
from workers.connections import service
from workers.connections.models import ApiDocument, ApiOperation
from workers.connections.service import ConnectionSpec

JSON = "application/json"
DOCUMENT = "/api/v1/connections/shop/document"
OPERATIONS = "/api/v1/connections/shop/operations"
TEXT = json.dumps(shop_document())


def put(client: Client, text: str = TEXT, **body: Any) -> Any:
    return client.put(DOCUMENT, body or {"text": text, "source": "shop.json"}, content_type=JSON)


def many(count: int) -> str:
    paths = {f"/things{n}": {"get": {"summary": f"Thing {n}", "responses": {}}} for n in range(count)}
    return json.dumps(shop_document(paths=paths))


def test_a_designer_gives_replaces_and_removes_a_document(
    shop: HttpApi, designer: Client, viewer: Client
) -> None:
    assert viewer.get(DOCUMENT).json()["type"] == "urn:sagaboard:no_document"
    assert put(viewer).status_code == 403 and viewer.delete(DOCUMENT).status_code == 403
    given = put(designer).json()
    assert (given["title"], given["source"], given["operations"]) == ("Shop", "shop.json", 3)
    assert given["read_by"] == "dora" and given["problems"] == [] and viewer.get(DOCUMENT).json() == given
    assert put(designer, many(2)).json()["operations"] == 2 == ApiOperation.objects.count()
    assert designer.delete(DOCUMENT).status_code == 204 and designer.delete(DOCUMENT).status_code == 404
    assert not ApiOperation.objects.exists()
    lines = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    assert [*lines][-3:] == [
        *["Connection shop given an OpenAPI document, shop.json"] * 2,
        "Connection shop without its OpenAPI document",
    ]


def test_the_document_goes_with_its_connection(shop: HttpApi, designer: Client) -> None:
    put(designer)
    service.remove("shop")
    assert not ApiDocument.objects.exists() and not ApiOperation.objects.exists()


def test_an_operation_is_a_step_with_a_form_and_a_proposed_undo(
    shop: HttpApi, designer: Client, viewer: Client
) -> None:
    put(designer)
    listed = viewer.get(OPERATIONS).json()
    assert listed["next"] is None
    assert listed["operations"][0] == {
        "id": "create_charge",
        "title": "Charge a card",
        "method": "POST",
        "url": "/charges",
        "tag": "payments",
        "has_proposal": True,
    }
    charge = viewer.get(f"{OPERATIONS}/create_charge").json()
    assert charge["params"] == {
        "connection": "shop",
        "method": "POST",
        "url": "/charges",
        "json": {"amount": None, "currency": ""},
        "expect": [201],
    }
    assert charge["form"]["json"]["properties"]["amount"]["title"] == "Amount in cents"
    undo = {"connection": "shop", "method": "POST", "url": "/refunds", "json": {"charge": "=output.body.id"}}
    assert charge["proposal"]["params"] == undo and charge["proposal"]["why"] == "Refunds take charges back."
    assert charge["undo"] is None and viewer.get(f"{OPERATIONS}/read_charge").json()["undo"] == "none"
    assert viewer.get(f"{OPERATIONS}/other").json()["type"] == "urn:sagaboard:unknown_operation"


def test_operations_are_searched_and_come_in_pages(shop: HttpApi, designer: Client, viewer: Client) -> None:
    put(designer)
    found = viewer.get(OPERATIONS, {"q": "CHARGE card"}).json()["operations"]
    assert [one["id"] for one in found] == ["create_charge"]
    found = viewer.get(OPERATIONS, {"method": "POST", "url": "/refunds"}).json()["operations"]
    assert [one["id"] for one in found] == ["create_refund"]
    put(designer, many(150))
    first = viewer.get(OPERATIONS).json()
    rest = viewer.get(OPERATIONS, {"cursor": first["next"]}).json()
    titles = [one["title"] for one in first["operations"] + rest["operations"]]
    assert titles == [f"Thing {n}" for n in range(150)] and rest["next"] is None
    assert viewer.get(OPERATIONS, {"cursor": 2**70}).status_code == 422


def test_what_lies_below_the_connection_is_fetched_signed_in_and_nothing_else(
    shop: HttpApi, designer: Client
) -> None:
    shop.document = shop_document()
    assert put(designer, url=f"{shop.url}/openapi").json()["source"] == f"{shop.url}/openapi"
    assert put(designer, url="/openapi").json()["operations"] == 3
    assert {call.headers["authorization"] for call in shop.requests} == {"Bearer correct-horse-battery"}
    with http_api() as other:
        other.document = shop_document()
        assert put(designer, url=f"{other.url}/openapi").status_code == 200
        assert "authorization" not in other.requests[0].headers


def test_an_address_that_does_not_give_it_is_told(shop: HttpApi, designer: Client, settings: Any) -> None:
    answer = put(designer, url="/status/404").json()
    assert answer["type"] == "urn:sagaboard:not_fetched" and "answers 404" in answer["detail"]
    assert "20,000,000 bytes" in put(designer, url="/huge").json()["detail"]
    settings.HTTP_PRIVATE_NETWORKS = []
    assert "private network" in put(designer, url=f"{shop.url}/openapi").json()["detail"]
    assert not ApiDocument.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({}, 422, "url or text"),
        ({"url": "/a", "text": "b"}, 422, "url or text"),
        ({"text": "[1]"}, 400, "not one of OpenAPI"),
        ({"text": "openapi: 4.0.0\npaths: {}"}, 400, "4.0.0"),
        ({"text": "openapi: 3.0.0"}, 400, "no paths"),
        ({"text": "openapi: 3.0.0\npaths: {}"}, 400, "no operations"),
        ({"text": '{"openapi": '}, 400, "JSON"),
        ({"text": "a: &x [*x]"}, 400, "itself"),
    ],
)
def test_what_is_no_document_is_refused_and_the_former_one_stays(
    shop: HttpApi, designer: Client, body: dict[str, Any], status: int, word: str
) -> None:
    put(designer)
    answer = designer.put(DOCUMENT, body, content_type=JSON)
    assert answer.status_code == status and word in answer.content.decode()
    assert designer.get(DOCUMENT).json()["operations"] == 3


def test_only_http_has_documents(shop: HttpApi, designer: Client) -> None:
    service.put("mail", ConnectionSpec("smtp", "smtp://mail.example.org"))
    answer = designer.put("/api/v1/connections/mail/document", {"text": TEXT}, content_type=JSON)
    assert answer.status_code == 422 and "no HTTP API" in answer.json()["detail"]
