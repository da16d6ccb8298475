"""A connection to an API on this machine, and designers who give its document."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from tests.http_api import HttpApi, http_api
from workers.connections import service
from workers.connections.service import ConnectionSpec


@pytest.fixture
def api(settings: Any) -> Iterator[HttpApi]:
    settings.HTTP_PRIVATE_NETWORKS = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
    with http_api() as served:
        yield served


@pytest.fixture
def shop(api: HttpApi, transactional_db: None) -> HttpApi:
    """The API, with a connection `shop` that signs in with a secret."""
    service.put_secret("shop", "correct-horse-battery")
    service.put("shop", ConnectionSpec("http", api.url, auth="bearer", secret="shop"))
    return api
