"""The pages of connections and secrets: forms without scripts, rights, and what is shown of a secret."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from designer.services import workflows
from workers.connections import service
from workers.connections.models import Connection, Secret
from workers.connections.opening import open_secret
from workers.connections.service import ConnectionSpec

VALUE = "correct-horse-battery"
FORM = {
    "name": "shop",
    "address": "https://shop.example.org",
    "auth": "bearer",
    "secret": "",
    "value": VALUE,
    "username": "left over from another way",
    "headers": "Accept-Language: en\n",
}


def make(client: Client, kind: str = "http", **changes: str) -> Any:
    return client.post(f"/new-connection/?kind={kind}", FORM | changes, follow=True)


def text(answer: Any) -> str:
    page: str = answer.content.decode()
    return page


def test_a_connection_is_made_with_a_new_secret_of_its_name(designer: Client) -> None:
    page = text(make(designer))
    assert "shop is made" in page and VALUE not in page
    connection = service.find("shop")
    assert connection.username == "" and connection.headers == {"Accept-Language": "en"}
    assert connection.secret and connection.secret.name == "shop" and open_secret("shop") == VALUE


def test_nothing_is_half_saved(designer: Client) -> None:
    answer = make(designer, address="shop")
    assert answer.status_code == 422 and "It begins with https:// or http://." in text(answer)
    assert VALUE not in text(answer)
    assert not Secret.objects.exists() and not Connection.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"value": ""}, "Give its value, or choose a secret that is there."),
        ({"value": "abc"}, "at least 4 characters"),
        ({"headers": "nothing"}, "is no header such as"),
        ({"auth": "magic"}, "not one of the available choices"),
        ({"name": "a b"}, "letters, digits"),
    ],
)
def test_a_bad_form_says_where(designer: Client, changes: dict[str, str], words: str) -> None:
    answer = make(designer, **changes)
    assert answer.status_code == 422 and words in text(answer)


def test_a_name_that_is_there_replaces_nothing(designer: Client) -> None:
    make(designer)
    assert "There is a connection shop already." in text(make(designer, value="another-value"))
    service.remove("shop")
    assert "There is a secret shop already" in text(make(designer, value="another-value"))
    assert open_secret("shop") == VALUE
    assert "is made" in text(make(designer, secret="shop", value=""))


def test_only_fields_of_the_kind_and_of_its_ways_to_sign_in_are_there(designer: Client) -> None:
    def fields(kind: str) -> dict[str, str]:
        page = text(designer.get(f"/new-connection/?kind={kind}"))
        found = re.findall(r'data-field="(\w+)"(?: data-ways="([^"]*)")?', page)
        return dict(found)

    assert fields("sql").keys() == {"name", "address", "username", "secret", "value", "limit", "note"}
    http = fields("http")
    assert http["parameter"] == "header query" and http["token_url"] == "oauth2" and http["address"] == ""
    assert http["value"] == "basic bearer header query oauth2"
    assert designer.get("/new-connection/?kind=fax").status_code == 404


def test_a_connection_is_changed_and_keeps_its_secret(designer: Client) -> None:
    make(designer)
    changed = {**FORM, "address": "https://new.example.org", "secret": "shop", "value": ""}
    page = text(designer.post("/connections/shop/", changed, follow=True))
    assert "shop is changed" in page
    assert service.find("shop").address == "https://new.example.org" and open_secret("shop") == VALUE


def test_a_secret_is_given_a_new_value_that_is_not_shown(designer: Client) -> None:
    make(designer)
    page = text(designer.post("/secrets/shop/", {"value": "another-value", "note": "n"}, follow=True))
    assert "has a new value" in page and "another-value" not in page
    assert 'type="password"' in page and 'autocomplete="new-password"' in page
    assert open_secret("shop") == "another-value"
    assert "has another note" in text(
        designer.post("/secrets/shop/", {"value": "", "note": "m"}, follow=True)
    )
    assert open_secret("shop") == "another-value"


def test_a_secret_in_use_is_not_removed(designer: Client) -> None:
    make(designer)
    page = text(designer.post("/secrets/shop/remove/", follow=True))
    assert "The secret shop is used by shop; change that first." in page
    designer.post("/connections/shop/remove/")
    assert "The secret shop is removed." in text(designer.post("/secrets/shop/remove/", follow=True))


def test_pages_say_which_workflows_use_it(designer: Client, viewer: Client) -> None:
    service.put_secret("key", VALUE)
    service.put("shop", ConnectionSpec("http", "https://shop.example.org"))
    step = {"name": "a", "worker": "ask", "params": {"connection": "shop", "keys": ["key"]}}
    workflows.import_document({"schema": 1, "name": "asks", "steps": [step]}, publish=True)
    workflows.save_draft("drafts", {"schema": 1, "name": "drafts", "steps": [step]}, 0)
    for page in ("/connections/shop/", "/secrets/key/"):
        shown = text(viewer.get(page))
        assert "/workflows/asks/" in shown and "version 1" in shown and "/workflows/drafts/" in shown
    assert "Steps of 2 workflows name it" in text(designer.get("/connections/shop/"))


def test_a_viewer_sees_and_changes_nothing(designer: Client, viewer: Client) -> None:
    make(designer)
    for page in ("/connections/", "/connections/shop/", "/secrets/shop/"):
        shown = text(viewer.get(page))
        assert "shop" in shown and "New secret" not in shown and "Save" not in shown
    for page in (
        "/connections/shop/",
        "/connections/shop/test/",
        "/connections/shop/remove/",
        "/secrets/shop/",
    ):
        assert viewer.post(page, FORM).status_code == 403
    assert viewer.get("/new-connection/").status_code == viewer.get("/new-secret/").status_code == 403
    assert viewer.get("/connections/none/").status_code == viewer.get("/secrets/none/").status_code == 404
