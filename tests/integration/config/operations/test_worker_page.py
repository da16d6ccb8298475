"""The page of a worker, and the same by REST: what is said, who calls it, where it runs, how that went."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from config.accounts.permissions import Role
from designer.services.queries import find_version
from designer.services.workflows import import_document
from runs.models import Run, WorkerProcess
from runs.statistics.counters import tally_once
from tests.people import client_of, person
from tests.stock import stock_shelves
from workers.cli.local_run import start_and_run
from workers.library.shop.models import Product

pytestmark = pytest.mark.django_db

ORDER = {"order_items": [{"sku": "MUG-002", "quantity": 1}], "customer": "ada@example.com"}


def order_of(name: str) -> dict[str, Any]:
    steps = [
        {"name": "reserve", "worker": "reserve_inventory", "compensation": {"worker": "release_inventory"}},
        {"name": "pay", "worker": "charge_payment", "retry": {"max_attempts": 2, "initial": 0}},
    ]
    return {"schema": 1, "name": name, "steps": steps, "edges": [{"from": "reserve", "to": "pay"}]}


@pytest.fixture
def ended(transactional_db: None) -> list[Run]:
    """A run that completed, and one whose payment failed twice and whose reservation was undone."""
    stock_shelves(Product)
    import_document(order_of("order"), publish=True)
    version, runs = find_version("order"), []
    for input in (ORDER, ORDER | {"simulate": {"charge_payment": "error"}}):
        *_, run = start_and_run(version, input, None, None)
        runs.append(run)
    while tally_once():
        pass
    return runs


def test_it_says_what_the_author_says_and_how_it_went(ended: list[Run]) -> None:
    viewer = client_of("vera", Role.VIEWER)
    worker = viewer.get("/api/v1/workers/charge_payment").json()
    assert worker["module"] == "workers.library.shop.payments" and worker["is_ready_made"]
    assert worker["compensation"] == "refund_payment" and "Charges what" in worker["doc"]
    assert [use["workflow"] for use in worker["workflows"]] == ["order"]
    assert worker["workflows"][0]["calls"] == [{"step": "pay", "as": "step"}]
    figures = worker["figures"]
    assert (figures["attempts"], figures["completed"], figures["retried"], figures["failed"]) == (3, 1, 1, 1)
    assert sum(figures["codes"].values()) == 2 and figures["p95_ms"] is not None
    [failure] = worker["failures"]
    assert failure["run"] == str(ended[1].pk) and failure["step"] == "pay" and failure["message"]

    undo = viewer.get("/api/v1/workers/release_inventory").json()
    assert undo["undoes"] == ["reserve_inventory"]
    assert (undo["figures"]["attempts"], undo["figures"]["undone"], undo["failures"]) == (0, 1, [])
    assert undo["workflows"][0]["calls"] == [{"step": "reserve", "as": "undo"}]

    page = viewer.get("/workers/charge_payment/").content.decode()
    for words in ("3: 1 completed, 1 retried, 1 failed for good", f"/runs/{ended[1].pk}/", "refund_payment"):
        assert words in page
    assert "/workers/charge_payment/" in viewer.get("/fleet/").content.decode()


def test_params_are_a_table() -> None:
    page = client_of("vera", Role.VIEWER).get("/workers/http_request/").content.decode()
    assert '<strong class="code">url</strong>' in page and '<span class="code">&quot;GET&quot;</span>' in page


def process(name: str, workers: list[str], **more: Any) -> None:
    now = timezone.now()
    facts = {"host": "h", "pid": 1, "queues": ["default"], "lacks": [], "started_at": now, "seen_at": now}
    WorkerProcess.objects.create(id=name, workers=workers, **{**facts, **more})


def test_it_says_which_processes_lack_it() -> None:
    process("h-1", ["charge_payment"])
    process("h-2", ["other"])
    process("h-3", ["other"], seen_at=timezone.now() - timedelta(hours=1))
    viewer = client_of("vera", Role.VIEWER)
    assert viewer.get("/api/v1/workers/charge_payment").json()["processes"] == {
        "with": ["h-1"],
        "without": ["h-2"],
    }
    page = viewer.get("/workers/charge_payment/").content.decode()
    assert "In 1 worker process; 1 lacks it." in page and "h-2" in page and "h-3" not in page


def test_a_worker_that_only_others_know_has_a_page_and_one_that_nobody_knows_has_none() -> None:
    viewer = client_of("vera", Role.VIEWER)
    assert viewer.get("/workers/elsewhere/").status_code == 404
    assert viewer.get("/api/v1/workers/elsewhere").status_code == 404
    process("h-1", ["elsewhere"])
    assert "does not know it" in viewer.get("/workers/elsewhere/").content.decode()
    assert viewer.get("/api/v1/workers/elsewhere").json()["is_known"] is False


def test_workflows_that_a_person_may_not_see_are_left_out(ended: list[Run]) -> None:
    from designer.models import Folder, Workflow
    from designer.services.folder_rights import Names, give

    folder = Folder.objects.create(name="Closed")
    Workflow.objects.filter(name="order").update(folder=folder)
    give(folder, {"view": Names(people=("ada",))}, person("ada", Role.ADMIN))
    worker = client_of("vera", Role.VIEWER).get("/api/v1/workers/charge_payment").json()
    assert worker["workflows"] == [] and worker["failures"] == [] and worker["figures"]["attempts"] == 0


def test_many_workflows_cost_no_more_queries(django_assert_max_num_queries: Any) -> None:
    viewer = client_of("vera", Role.VIEWER)
    for number in range(8):
        import_document(order_of(f"order_{number}"), publish=True)
    viewer.get("/workers/charge_payment/")
    with django_assert_max_num_queries(30):
        assert "order_7" in viewer.get("/workers/charge_payment/").content.decode()
