"""The shipped workflows of loops, bodies and caught errors do with their samples what their pages say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from designer import patterns
from designer.services import workflows
from designer.services.queries import get_version
from runs.engine import after_commit, engine
from runs.engine.unit_of_work import unit_of
from runs.machine.events import EndLoop
from runs.machine.states import RUN_ENDED
from runs.maintenance import sweep
from runs.models import Run, StepRun
from runs.queries.run_page import run_value
from tests.integration.runs.engine.test_children import work
from tests.stock import stock_shelves
from workers.library.shop.models import Product


@pytest.fixture
def anna(django_user_model: Any) -> Any:
    return django_user_model.objects.create_user("anna")


@pytest.fixture
def start(anna: Any) -> Any:
    def start(name: str, **more: Any) -> Run:
        workflows.sync_patterns()
        return engine.start_run(get_version(name), {**patterns.read(name)["sample_input"], **more})

    return start


def finish(run: Run, redis: Redis) -> str:
    """Works until the run has ended, or waits for a person; delays are over at once."""
    for _ in range(200):
        work(redis)
        run.refresh_from_db()
        delayed = StepRun.objects.filter(run=run, status="waiting", due_at__isnull=False)
        if run.status in RUN_ENDED or not delayed:
            break
        sweep.sweep_due()
    return run.status


def output(run: Run) -> dict[str, Any]:
    value: dict[str, Any] = run_value(run, "output")
    return value


def test_pages_are_fetched_until_there_is_no_next_one(start: Any, redis_client: Redis) -> None:
    run = start("fetch_pages")
    assert finish(run, redis_client) == "completed"
    skus = [row["sku"] for row in run.input["catalogue"]]
    assert [row["sku"] for row in output(run)["rows"]] == skus
    assert output(run)["page_count"] == 3


def test_a_report_is_asked_after_until_it_is_done(start: Any, redis_client: Redis) -> None:
    run = start("poll_until_done", seconds=0)
    assert finish(run, redis_client) == "completed"
    assert output(run)["state"] == "done"
    slow = start("poll_until_done", seconds=3_600)
    work(redis_client)
    slow.refresh_from_db()
    assert slow.status == "waiting"
    with unit_of(slow.pk, after_commit.carry_out) as unit:
        unit.take(EndLoop(unit.at, "poll", "anna"))
    assert finish(slow, redis_client) == "completed"


def test_a_draft_is_revised_until_it_is_approved(start: Any, anna: Any, redis_client: Redis) -> None:
    run = start("approve_and_revise")
    work(redis_client)
    engine.approve(Run.objects.get(parent=run).pk, "approve", False, anna, "shorter")
    work(redis_client)
    second = Run.objects.get(parent=run, parent_step="rounds[1]")
    assert "shorter" in run_value(second, "context")["draft"]
    engine.approve(second.pk, "approve", True, anna)
    assert finish(run, redis_client) == "completed"
    assert output(run)["published"].startswith("Version 2")


def test_what_fails_in_a_scope_is_undone_and_another_way_is_taken(start: Any, redis_client: Redis) -> None:
    stock_shelves(Product)
    before = dict(Product.objects.values_list("sku", "stock"))
    run = start("scope_and_other_way")
    assert finish(run, redis_client) == "completed"
    assert output(run)["kept"] is True
    assert dict(Product.objects.values_list("sku", "stock")) == before
    paid = start("scope_and_other_way", card="4242 4242 4242 4242")
    assert finish(paid, redis_client) == "completed"
    assert "kept" not in output(paid)


def test_rows_are_written_unless_too_many_are_refused(start: Any, redis_client: Redis) -> None:
    run = start("import_rows")
    assert finish(run, redis_client) == "completed"
    assert (output(run)["written"], len(output(run)["refused"])) == (3, 1)
    paths = [Path(row["path"]) for row in output(run)["imported"] if "path" in row]
    assert all(path.is_file() for path in paths)
    bad = start("import_rows", rows=[{"name": "Tea", "price": 1}, {}, {}])
    assert finish(bad, redis_client) in (
        "compensated",
        "failed",
    )
    assert bad.left == 0
    assert not Run.objects.filter(parent=bad, status="completed").exists()


def test_orders_of_one_customer_wait_for_each_other(start: Any, redis_client: Redis) -> None:
    stock_shelves(Product)
    first, second = start("customer_queue"), start("customer_queue")
    other = start("customer_queue", customer="bo@example.com")
    statuses = dict(Run.objects.values_list("pk", "status"))
    assert [statuses[run.pk] for run in (first, second, other)] == ["running", "pending", "running"]
    assert [finish(run, redis_client) for run in (first, second, other)] == ["completed"] * 3
    assert second.started_at and first.finished_at and second.started_at >= first.finished_at
