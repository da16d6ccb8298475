"""A connection with a rehearsal address is used in rehearsals, at that address and no other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from config.lib import env
from config.lib.errors import BadSetting
from workers.connections.models import Connection
from workers.rehearsal.report import Report
from workers.rehearsal.service import job_of, rehearse

pytestmark = pytest.mark.django_db(transaction=True)

STEP = {
    "name": "ask",
    "worker": "http_request",
    "params": {"connection": "shop", "method": "GET", "url": "/price"},
    "compensation": "none",
    "retry": {"max_attempts": 1},
}
DOCUMENT = {"schema": 1, "name": "priced", "steps": [STEP]}


class Shop(BaseHTTPRequestHandler):
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"7")

    def log_message(self, *parts: Any) -> None:
        return


@pytest.fixture
def shop() -> Iterator[str]:
    Shop.asked.clear()
    server = HTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def rehearsed() -> Report:
    report = Report("priced")
    for event in rehearse(job_of("priced", {}, document=DOCUMENT)):
        report.take(event)
    return report


def test_it_is_called_at_its_rehearsal_address(
    shop: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    Connection.objects.create(name="shop", kind="http", address="https://shop.example.org")
    report = rehearsed()
    assert ([row["how"] for row in report.rows], Shop.asked) == (["record"], [])
    assert report.barred == ["files", "network"]

    settings.REHEARSAL_ADDRESSES = {"shop": shop}
    monkeypatch.setenv("HTTP_PRIVATE_NETWORKS", "127.0.0.0/8")
    report = rehearsed()
    assert [row["how"] for row in report.rows] == ["real"]
    assert set(Shop.asked) == {"/price"} and len(Shop.asked) >= 4
    assert report.cells[0]["outside"] == [] and report.cells[0]["status"] == "completed"
    assert report.barred == ["files"]


def test_the_setting_refuses_what_is_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "REHEARSAL_ADDRESSES", "shop=https://staging.example.org/v1, books=sqlite:////tmp/b.db"
    )
    assert env.addresses("REHEARSAL_ADDRESSES") == {
        "shop": "https://staging.example.org/v1",
        "books": "sqlite:////tmp/b.db",
    }
    monkeypatch.setenv("REHEARSAL_ADDRESSES", "https://staging.example.org")
    with pytest.raises(BadSetting, match="REHEARSAL_ADDRESSES"):
        env.addresses("REHEARSAL_ADDRESSES")
