"""The page of a connection's OpenAPI document."""

from __future__ import annotations

import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from designer.services import openapi
from tests.http_api import HttpApi
from tests.shop_openapi import shop_document
from workers.connections.models import ApiDocument

PAGE = "/connections/shop/document/"


def post(client: Client, **data: Any) -> Any:
    return client.post(PAGE, data, follow=True)


def test_a_file_or_an_address_is_read_and_its_operations_shown(shop: HttpApi, designer: Client) -> None:
    assert "is a step in the designer" in designer.get(PAGE).content.decode()
    file = SimpleUploadedFile("shop.json", json.dumps(shop_document()).encode())
    text = post(designer, file=file).content.decode()
    assert (
        "Shop is read: 3 operations" in text and 'Proposed: <span class="code text-sm">POST /refunds' in text
    )
    assert "Refunds take charges back." in text and "reads only" in text
    shop.document = shop_document(servers=[{"url": "https://shop.example.org/v1"}])
    text = post(designer, url="/openapi").content.decode()
    assert 'the API is at <span class="code">https://shop.example.org/v1' in text
    assert "Charge a card" not in designer.get(PAGE, {"q": "refund a"}).content.decode()
    assert "No operation matches" in designer.get(PAGE, {"q": "nothing", "cursor": "²"}).content.decode()


def test_what_cannot_be_read_is_told_beside_the_field(shop: HttpApi, designer: Client) -> None:
    answer = post(designer, url="/status/500")
    assert answer.status_code == 422 and "address answers 500" in answer.content.decode()
    assert "choose a file" in post(designer).content.decode()
    file = SimpleUploadedFile("shop.yaml", b"a: [1}")
    assert "(line 1, column " in post(designer, file=file).content.decode()
    assert not ApiDocument.objects.exists()


def test_who_only_views_sees_it_and_changes_nothing(shop: HttpApi, viewer: Client, designer: Client) -> None:
    openapi.give_content("shop", json.dumps(shop_document()).encode(), "shop.json")
    text = viewer.get(PAGE).content.decode()
    assert "Charge a card" in text and "Read it" not in text and "Remove" not in text
    assert post(viewer, url="/openapi").status_code == 403
    assert viewer.post(f"{PAGE}remove/").status_code == 403
    assert "is removed" in designer.post(f"{PAGE}remove/", follow=True).content.decode()
    assert designer.post(f"{PAGE}remove/").status_code == 404
    assert designer.get("/connections/other/document/").status_code == 404
