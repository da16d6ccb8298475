"""Workers that use connections, and networks of this machine that may be called."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def catalog(settings: Any, redis_client: Any, transactional_db: None) -> None:
    settings.WORKER_MODULES = ["tests.integration.designer.connections.callers"]
    settings.HTTP_PRIVATE_NETWORKS = [ip_network("127.0.0.0/8")]
