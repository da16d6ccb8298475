"""The test of a connection, against real services: what it says, and what it does not."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.integration.designer.connections.services import SEEN, TOKEN, Api, Mail, served
from tests.postgres import postgres
from workers.connections import checks, service
from workers.connections.checks import check
from workers.connections.databases import FILES
from workers.connections.errors import TooManyChecks, UnknownConnection
from workers.connections.service import ConnectionSpec


@pytest.fixture
def api() -> Iterator[int]:
    service.put_secret("shop", TOKEN)
    with served(Api) as port:
        service.put("shop", ConnectionSpec("http", f"http://127.0.0.1:{port}/v1", "bearer", secret="shop"))
        yield port


@pytest.fixture
def mail() -> Iterator[int]:
    service.put_secret("mail", TOKEN)
    with served(Mail) as port:
        yield port


def test_an_http_api_answers_and_its_body_is_not_told(api: int) -> None:
    checked = check("shop", path="status")
    assert checked.is_ok and checked.status == 200 and checked.message == "It answered 200 (OK)."
    assert 0 <= checked.ms < 10_000 and SEEN == ["GET /v1/status"]
    assert check("shop", "HEAD").status == 200 and SEEN[-1] == "HEAD /v1"
    assert service.find("shop").used_at is not None


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "give the secret"),
        (404, "another path"),
        (429, "no more calls"),
        (503, "a fault"),
        (418, "refuses"),
    ],
)
def test_a_status_is_explained(api: int, status: int, words: str) -> None:
    checked = check("shop", path=f"/{status}")
    assert not checked.is_ok and checked.status == status and words in checked.message


def test_a_wrong_secret_is_told_apart_from_a_service_that_is_away(api: int) -> None:
    service.put_secret("shop", "another-value")
    assert check("shop").status == 401
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        service.put("shop", ConnectionSpec("http", f"http://127.0.0.1:{port}", "bearer", secret="shop"))
        checked = check("shop")
    assert not checked.is_ok and checked.code == "connect" and "Check the address" in checked.message


@pytest.mark.parametrize("path", ["https://elsewhere.example.org/", "../admin", "/302"])
def test_a_secret_goes_nowhere_else(api: int, path: str) -> None:
    checked = check("shop", path=path)
    assert not checked.is_ok and checked.code in ("bad_request", "redirect") and TOKEN not in checked.message


@pytest.mark.parametrize(
    ("kind", "scheme", "code"),
    [("http", "http", "private_network"), ("smtp", "smtp", "connect"), ("sql", "postgresql", "connect")],
)
def test_apis_in_private_networks_are_not_called(settings: Any, kind: str, scheme: str, code: str) -> None:
    """Mail servers and databases mostly are in one; nobody listens here."""
    settings.HTTP_PRIVATE_NETWORKS = []
    service.put("inside", ConnectionSpec(kind, f"{scheme}://localhost:9/name"))
    checked = check("inside")
    assert checked.code == code
    assert ("HTTP_PRIVATE_NETWORKS" in checked.message) == (kind == "http")


def test_a_mail_server_lets_in_and_gets_no_mail(mail: int) -> None:
    service.put("mail", ConnectionSpec("smtp", f"smtp://127.0.0.1:{mail}", "basic", "ada", secret="mail"))
    assert check("mail").message == "It answered, and let us sign in."
    assert [verb.upper() for verb in SEEN] == ["EHLO", "AUTH", "QUIT"]
    service.put_secret("mail", "another-value")
    refused = check("mail")
    assert refused.code == "sign_in" and "refused the user or password (535)" in refused.message


def test_a_mail_server_without_encryption_is_told(mail: int) -> None:
    service.put("mail", ConnectionSpec("smtp", f"smtp+tls://127.0.0.1:{mail}"))
    assert check("mail").code == "broken"
    service.put("mail", ConnectionSpec("smtp", f"smtps://127.0.0.1:{mail}"))
    assert check("mail").code == "tls"


def test_a_file_is_asked_where_steps_open_it_and_none_is_made(tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    file = tmp_path / FILES / "stock.db"
    service.put("stock", ConnectionSpec("sql", "sqlite:///stock.db"))
    assert check("stock").code == "connect" and not file.exists()
    file.parent.mkdir()
    sqlite3.connect(file).close()
    file.write_text("this is no database, but a text that is long enough" * 20)
    assert check("stock").message.startswith("The file cannot be read as a database.")
    file.unlink()
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE t (x)")
    assert check("stock").message == "It answered SELECT 1."


def test_a_server_is_asked_and_says_what_is_wrong() -> None:
    with postgres() as server:
        address = f"postgresql://127.0.0.1:{server.port}"
        service.put_secret("stock", TOKEN)
        service.put(
            "stock", ConnectionSpec("sql", f"{address}/sagaboard", "basic", "sagaboard", secret="stock")
        )
        assert check("stock").message == "It answered SELECT 1."
        service.put(
            "stock", ConnectionSpec("sql", f"{address}/nothing", "basic", "sagaboard", secret="stock")
        )
        missing = check("stock")
    assert missing.code == "connect" and 'database "nothing" does not exist' in missing.message
    assert check("stock").code == "connect"


def test_a_secret_that_cannot_be_opened_is_said(settings: Any, api: int) -> None:
    settings.SECRET_KEY = "another"
    assert check("shop").code == "not_opened" and "another SECRET_KEY" in check("shop").message


def test_only_so_many_run_at_once(api: int) -> None:
    for _ in range(checks.AT_ONCE_MAX):
        checks._turns.acquire()
    try:
        with pytest.raises(TooManyChecks):
            check("shop")
    finally:
        checks._turns.release(checks.AT_ONCE_MAX)
    assert check("shop").is_ok
    with pytest.raises(UnknownConnection):
        check("none")


def test_page_and_rest_say_the_same(api: int, designer: Client, viewer: Client) -> None:
    rest = "/api/v1/connections/shop/test"
    assert viewer.post(rest).status_code == 403
    answer = designer.post(rest, {"path": "/404"}, content_type="application/json").json()
    assert answer["status"] == 404 and not answer["ok"] and answer["code"] is None
    assert designer.post(rest, {}, content_type="application/json").json()["ok"]
    page = designer.post("/connections/shop/test/", {"method": "GET", "path": "/404"}, follow=True)
    assert "It answered 404 (Not Found)." in page.content.decode() and TOKEN not in page.content.decode()
    assert designer.post(rest, {"method": "POST"}, content_type="application/json").status_code == 422
