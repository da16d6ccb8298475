"""Orders at the shop over real worker processes: faults, crashes, and the books afterwards."""

from __future__ import annotations

import json
import random
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from redis import Redis

from designer.models import WorkflowVersion
from designer.services.workflows import sync_patterns
from runs.engine import engine
from runs.machine.states import RUN_ENDED
from runs.models import JournalEntry, Run
from runs.queries.runs import frames
from tests.integration.processes.conftest import MANAGE, WAIT_S, environment, running, wait_for
from tests.stock import stock_shelves
from workers.library.shop.models import Product

FAULTS = ("error", "temporary:1", "critical", "failed", "crash:1", "slow:0.1")
STEPS = ("reserve_inventory", "charge_payment", "create_shipment", "send_confirmation")
ORDERS = 200
"""Enough that every fault meets every step, and crashes overlap."""


@pytest.fixture(autouse=True)
def fleet(transactional_db: None, redis_client: Redis, tmp_path: Path) -> Iterator[None]:
    stock_shelves(Product)
    sync_patterns()
    with (
        running("worker", "--processes", "2", log=tmp_path / "workers.log") as workers,
        running("scheduler", log=tmp_path / "scheduler.log") as scheduler,
    ):
        yield
        assert workers.poll() is None, "the pool is alive"
        assert scheduler.poll() is None


def order(**simulate: str) -> Run:
    version = WorkflowVersion.objects.filter(workflow__name="order_processing").latest("number")
    return engine.start_run(version, {**version.document["sample_input"], "simulate": simulate})


def ended(ids: list[UUID]) -> bool:
    return Run.objects.filter(pk__in=ids, status__in=[*RUN_ENDED, "blocked"]).count() == len(ids)


def outcome_of(run: Run) -> str:
    wait_for(lambda: ended([run.pk]))
    run.refresh_from_db()
    return run.status


def undone(run: Run) -> list[str]:
    return [found["step"] for found in frames(run.pk) if found["type"] == "compensation.completed"]


def audit() -> dict[str, Any]:
    done = subprocess.run(
        [*MANAGE, "shop_audit", "--json"], env=environment(), capture_output=True, text=True, timeout=WAIT_S
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_an_order_is_filled() -> None:
    assert outcome_of(order()) == "completed"
    audit()


def test_an_order_that_cannot_be_shipped_is_undone_in_reverse() -> None:
    run = order(create_shipment="critical")
    assert outcome_of(run) == "compensated"
    assert undone(run) == ["charge_payment", "reserve_inventory"]
    audit()


def test_a_crash_after_the_charge_charges_once() -> None:
    run = order(charge_payment="crash:1")
    assert outcome_of(run) == "completed"
    audit()


def test_a_refund_that_fails_waits_for_a_person() -> None:
    run = order(create_shipment="critical", refund_payment="failed")
    assert outcome_of(run) == "blocked"
    audit()


def test_every_one_of_many_orders_ends_and_the_books_are_right() -> None:
    rnd = random.Random(20261123)
    ids = [
        order(**{step: rnd.choice(FAULTS) for step in rnd.sample(STEPS, rnd.choice((0, 0, 1, 2)))}).pk
        for _ in range(ORDERS)
    ]
    wait_for(lambda: ended(ids), seconds=240)
    statuses = Counter(Run.objects.filter(pk__in=ids).values_list("status", flat=True))
    assert statuses["completed"] > ORDERS / 4 and statuses["compensated"] > ORDERS / 20, statuses
    assert statuses.total() == statuses["completed"] + statuses["compensated"] + statuses["failed"]
    for run in Run.objects.filter(pk__in=ids):
        assert JournalEntry.objects.filter(run=run).count() == run.last_seq
    audit()
