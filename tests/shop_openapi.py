"""The OpenAPI document of the API in `tests.http_api`: it charges, and refunds."""

from __future__ import annotations

from typing import Any

CHARGE = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "string"}, "amount": {"type": "integer"}},
}
AMOUNT = {"type": "integer", "title": "Amount in cents", "minimum": 1}
CURRENCY = {"type": "string", "enum": ["eur", "usd"]}


def _body(required: list[str], **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "required": required, "properties": properties}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _made(description: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Charge"}}}
    return {"201": {"description": description, "content": content}}


def shop_document(**more: Any) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": "1"},
        "paths": {
            "/charges": {
                "post": {
                    "operationId": "createCharge",
                    "summary": "Charge a card",
                    "tags": ["payments"],
                    "requestBody": _body(["amount", "currency"], amount=AMOUNT, currency=CURRENCY),
                    "responses": _made("charged"),
                }
            },
            "/charges/{key}": {
                "get": {
                    "operationId": "readCharge",
                    "summary": "Read a charge",
                    "tags": ["payments"],
                    "parameters": [
                        {"name": "key", "in": "path", "required": True, "schema": {"type": "string"}}
                    ],
                    "responses": {"200": {"description": "it"}},
                }
            },
            "/refunds": {
                "post": {
                    "operationId": "createRefund",
                    "summary": "Refund a charge",
                    "tags": ["payments"],
                    "requestBody": _body(["charge"], charge={"type": "string"}),
                    "responses": _made("refunded"),
                }
            },
        },
        "components": {"schemas": {"Charge": CHARGE}},
        **more,
    }
