"""Connections and secrets by REST: rights, what is refused, and that a value never comes back."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from workers.connections.models import Connection, Secret
from workers.connections.opening import open_connection, open_secret

JSON = "application/json"
SHOP = {"kind": "http", "address": "https://shop.example.org/v1", "auth": "bearer", "secret": "shop"}
VALUE = "correct-horse-battery"


def put_secret(client: Client, name: str = "shop", **body: Any) -> Any:
    return client.put(f"/api/v1/secrets/{name}", body or {"value": VALUE}, content_type=JSON)


def put(client: Client, name: str = "shop", **changes: Any) -> Any:
    return client.put(f"/api/v1/connections/{name}", {**SHOP, **changes}, content_type=JSON)


def test_a_designer_makes_changes_and_removes_a_connection(designer: Client, viewer: Client) -> None:
    assert put_secret(viewer).status_code == 403 and put(viewer).status_code == 403
    assert put_secret(designer, value=VALUE, note="of the shop").json()["note"] == "of the shop"
    made = put(designer, limit="stripe").json()
    assert made["secret"] == "shop" and made["changed_by"] == "dora" and made["used_at"] is None
    assert open_connection("shop", "http").secret == VALUE
    (listed,) = viewer.get("/api/v1/connections").json()["connections"]
    assert listed["address"] == SHOP["address"] and listed["limit"] == "stripe" and listed["used_at"]
    assert viewer.get("/api/v1/connections/shop").json()["used_by"] == []
    assert designer.delete("/api/v1/secrets/shop").status_code == 409
    assert viewer.delete("/api/v1/connections/shop").status_code == 403
    assert designer.delete("/api/v1/connections/shop").status_code == 204
    assert designer.delete("/api/v1/secrets/shop").status_code == 204
    assert designer.get("/api/v1/connections/shop").json()["type"] == "urn:sagaboard:unknown_connection"
    assert not Connection.objects.exists() and not Secret.objects.exists()


def test_a_secret_gets_a_new_value_and_keeps_it_when_its_note_changes(designer: Client) -> None:
    assert put_secret(designer, note="first").status_code == 404  # no value to keep
    put_secret(designer)
    assert put_secret(designer, value="another-value").status_code == 200
    assert put_secret(designer, note="changed").json()["note"] == "changed"
    assert open_secret("shop") == "another-value"


def test_no_answer_and_no_line_of_the_audit_holds_a_value(designer: Client) -> None:
    answers = [put_secret(designer), put(designer), put_secret(designer, value="another-value")]
    answers += [designer.get(f"/api/v1/{what}") for what in ("secrets", "connections", "connections/shop")]
    answers += [put_secret(designer, value=[VALUE]), put_secret(designer, name="b@d", value=VALUE)]
    lines = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    texts = [answer.content.decode() for answer in answers] + list(lines)
    assert not any(VALUE in text or "another-value" in text for text in texts)
    assert list(lines) == ["Secret shop given", "Connection shop made", "Secret shop given a new value"]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"address": "shop.example.org"}, "address"),
        ({"address": "https://ada:pw@shop.example.org"}, "address"),
        ({"auth": "basic"}, "username"),
        ({"auth": "header"}, "parameter"),
        ({"auth": "oauth2", "username": "c"}, "token_url"),
        ({"secret": "shpo"}, "secret"),
        ({"secret": ""}, "secret"),
        ({"headers": {"Cookie": "a"}}, "headers"),
        ({"limit": "Not a name"}, "limit"),
        ({"note": "two\nlines"}, "note"),
        ({"scope": "x" * 301}, "scope"),
        ({"kind": "smtp"}, "address"),
    ],
)
def test_what_cannot_be_used_is_refused_where_it_stands(
    designer: Client, changes: dict[str, Any], path: str
) -> None:
    put_secret(designer)
    answer = put(designer, **changes)
    assert answer.status_code == 422
    assert path in {problem["path"] for problem in answer.json()["problems"]}
    assert not Connection.objects.exists()


@pytest.mark.parametrize("value", ["abc", "x" * 20_001, ""])
def test_a_value_that_cannot_be_kept_out_of_reports_is_refused(designer: Client, value: str) -> None:
    assert put_secret(designer, value=value).status_code == 422
    assert not Secret.objects.exists()


def test_an_admin_may_and_an_operator_may_not(operator: Client) -> None:
    assert put_secret(operator).status_code == 403
    assert operator.get("/api/v1/secrets").json() == {"secrets": []}
