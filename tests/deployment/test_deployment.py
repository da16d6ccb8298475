"""The units behind nginx, as deploy/ has them, while all restart in turn: docs/deployment.md promises it."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from redis import Redis

from designer.models import WorkflowVersion
from designer.services.workflows import sync_patterns
from tests.deployment.trial import SERVICES, deployed, play
from tests.integration.processes.conftest import environment
from tests.stock import stock_shelves
from workers.library.shop.models import Product


@pytest.mark.django_db(transaction=True)
def test_nobody_notices_that_everything_restarts(redis_client: Redis, tmp_path: Path) -> None:
    stock_shelves(Product)
    sync_patterns()
    version = WorkflowVersion.objects.filter(workflow__name="order_processing").latest("number")
    with deployed(tmp_path, environment()) as deployment:
        order = version.document["sample_input"]
        report = play(deployment, order, lambda restarts: restarts < len(SERVICES), 0.3)
        plain = httpx2.get(f"http://localhost:{deployment.plain_port}/runs/?a=1")
    logs = "\n".join(log.read_text() for log in sorted(tmp_path.glob("*.log")))
    assert not report.violations, "\n".join([*report.violations, logs])
    assert report.watched >= 1 and report.restarts == len(SERVICES)
    assert (plain.status_code, plain.headers["location"]) == (308, "https://localhost/runs/?a=1")
