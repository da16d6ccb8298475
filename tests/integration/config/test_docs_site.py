"""The documentation at /docs/: what is served, to everybody, and under which content policy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as product
from django.test import Client

from config.static_files import StaticFilesMiddleware

pytestmark = pytest.mark.django_db
PAGE = '<script>palette()</script><script src="a.js"></script><h1>Loops</h1>'


@pytest.fixture(autouse=True)
def site(tmp_path: Path, settings: Any) -> Path:
    settings.DOCS_SITE = tmp_path / "docs"
    for name, text in {
        "index.html": "<h1>Home</h1>",
        "how_to/loop/index.html": PAGE,
        "assets/bundle.4711.js": "go()",
        "schema/workflow.json": "{}",
    }.items():
        path = settings.DOCS_SITE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "secret.html").write_text("not yours")
    return tmp_path / "docs"


def test_strangers_may_read_it(client: Client) -> None:
    assert "<h1>Home</h1>" in client.get("/docs/").content.decode()
    assert "<h1>Loops</h1>" in client.get("/docs/how_to/loop/").content.decode()


def test_its_own_inline_scripts_run_and_no_others(client: Client) -> None:
    answer = client.get("/docs/how_to/loop/")
    nonce = re.search(r'<script nonce="([\w+/=-]+)">palette', answer.content.decode())
    assert nonce is not None
    assert f"script-src 'self' 'nonce-{nonce[1]}'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["Cache-Control"] == "no-store"


def test_a_folder_without_its_slash_leads_to_the_page(client: Client) -> None:
    assert client.get("/docs/how_to/loop")["Location"] == "/docs/how_to/loop/"


def test_files_say_what_they_are_and_how_long_they_hold(client: Client) -> None:
    script, schema = client.get("/docs/assets/bundle.4711.js"), client.get("/docs/schema/workflow.json")
    assert script["Content-Type"].startswith("text/javascript") and "immutable" in script["Cache-Control"]
    assert (schema["Content-Type"], schema["Cache-Control"]) == ("application/json", "no-cache")


@pytest.mark.parametrize(
    "address",
    ["nothing/", "../secret.html", "%2e%2e/secret.html", "a" * 300, "a%00b", "assets/", "//secret.html"],
)
def test_there_is_nothing_else(client: Client, address: str) -> None:
    answer = client.get(f"/docs/{address}")
    assert answer.status_code == 404 and b"not yours" not in answer.content


def test_without_a_built_site_it_says_what_to_do(client: Client, site: Path) -> None:
    (site / "index.html").unlink()
    answer = client.get("/docs/how_to/loop/")
    assert answer.status_code == 404
    assert "<code>make docs</code>" in answer.content.decode()


def test_it_is_not_among_the_static_files_which_have_no_policy(site: Path, settings: Any) -> None:
    settings.STATICFILES_DIRS = [site.parent]
    served = StaticFilesMiddleware(lambda request: None).files
    assert "/static/secret.html" in served
    assert not [url for url in served if url.startswith("/static/docs")]
    assert product.STATIC_URL == "/static/"
