"""Rows from URLs, and files to them."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from tests.http_api import HttpApi, http_api
from workers.connections import service
from workers.connections.service import ConnectionSpec
from workers.library.http.requests import http_request
from workers.library.rows.workers import read_rows
from workers.testing import outcome_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def api(settings: Any) -> Iterator[HttpApi]:
    settings.HTTP_PRIVATE_NETWORKS = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
    with http_api() as api:
        yield api


def test_rows_are_read_from_a_url(api: HttpApi, files: Path) -> None:
    outcome = outcome_of(read_rows, params={"url": f"{api.url}/rows/prices.csv?n=2"})
    rows = [{"id": "0", "name": "name 0"}, {"id": "1", "name": "name 1"}]
    assert outcome.output == {"rows": rows, "row_count": 2, "columns": ["id", "name"]}
    assert [path.suffix for path in (files / "fetched").iterdir()] == [".csv"]


def test_chunks_are_read_from_what_was_fetched_once(api: HttpApi) -> None:
    service.put_secret("key", "the-key-of-rows")
    service.put("prices", ConnectionSpec("http", f"{api.url}/rows", "bearer", secret="key"))
    params = {"url": "/prices.csv?n=5", "connection": "prices", "chunk": 2}
    chunks = outcome_of(read_rows, params=params).output["chunks"]
    parts = [outcome_of(read_rows, params={"chunk": chunk}).output["row_count"] for chunk in chunks]
    assert parts == [2, 2, 1] and len(api.requests) == 1
    assert api.requests[0].headers["authorization"] == "Bearer the-key-of-rows"


@pytest.mark.parametrize(
    ("path", "code", "retryable"),
    [("/status/404", "http_404", False), ("/status/503", "http_503", True), ("/short", "broken", True)],
)
def test_what_gives_no_file_leaves_none(
    api: HttpApi, files: Path, path: str, code: str, retryable: bool
) -> None:
    outcome = outcome_of(read_rows, params={"url": f"{api.url}{path}", "format": "csv"})
    assert outcome.failure and outcome.failure.code == code and outcome.retryable is retryable
    assert not list((files / "fetched").iterdir())


@pytest.mark.parametrize(
    "params", [{"file": "a.csv", "url": "http://x/"}, {}, {"file": "a.csv", "connection": "x"}]
)
def test_a_file_or_a_url_is_stated(params: dict[str, Any]) -> None:
    outcome = outcome_of(read_rows, params=params)
    assert outcome.failure and outcome.failure.code == "bad_params"


def test_a_file_is_brought_to_a_url(api: HttpApi, files: Path) -> None:
    (files / "report.csv").write_bytes(b"a,b\n1,2\n")
    params = {"url": f"{api.url}/echo", "method": "PUT", "file": "report.csv"}
    sent = outcome_of(http_request, params=params).output["body"]
    assert sent["body"] == "a,b\n1,2\n" and sent["headers"]["content-type"] == "text/csv"
    outcome = outcome_of(http_request, params={**params, "file": "../secret_key"})
    assert outcome.failure and outcome.failure.code == "bad_path"
