"""The first page: why runs failed, and the first rollback by one click."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from designer.models import Workflow, WorkflowVersion
from runs.delivery import queue
from runs.models import Run
from runs.statistics import failures as why
from runs.statistics.failures import failures
from runs.store import reader
from tests.integration.runs.conftest import RunHere, chain, step
from tests.people import client_of
from tests.stock import stock_shelves
from workers.cli.local_run import _work_once
from workers.library.shop.models import Payment, Product, Reservation


def key_on(client: Client) -> str | None:
    found = re.search(r'name="key" value="([^"]+)"', client.get("/").content.decode())
    return found[1] if found else None


class TestWhyRunsFailed:
    def test_errors_are_grouped_whatever_ids_are_in_them(self, run_here: RunHere) -> None:
        for _ in range(2):
            run_here(chain(step("a"), step("b"), name="order"), faults={"b": "critical"})
        run_here(chain(step("a", compensation=None), name="lonely"), faults={"a": "critical"})
        runs = list(Run.objects.order_by("created_at"))
        for number, run in enumerate(runs):
            message = f"card {number}17 declined" if run.workflow_name == "order" else "no such thing"
            Run.objects.filter(pk=run.pk).update(error={"step": "b", "code": "x", "message": message})
        found = failures(reader.now() - timedelta(days=1))
        assert [(cause.text, cause.count, cause.undone, cause.place) for cause in found.causes] == [
            ("x: card <number> declined", 2, 2, "b of order"),
            ("x: no such thing", 1, 0, "b of lonely"),
        ]
        assert found.causes[0].newest == runs[1].pk and found.is_all and not found.more
        assert not failures(reader.now() + timedelta(seconds=1))

    def test_no_more_is_read_than_a_page_needs(
        self, run_here: RunHere, viewer: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(why, "READ_MAX", 1)
        for _ in range(2):
            run_here(chain(step("a"), step("b"), name="order"), faults={"b": "critical"})
        found = failures(reader.now() - timedelta(days=1))
        assert (found.causes[0].count, found.is_all) == (1, False)
        assert "the newest of the last 24 hours" in viewer.get("/").content.decode()

    def test_numbers_lead_to_lists_with_these_runs(
        self, viewer: Client, waiting: Run, undone: Run, stuck: Run
    ) -> None:
        page = html.unescape(viewer.get("/").content.decode())
        for address, number in re.findall(r'href="(/runs/\?status=\w+)">(\d+) \w+</a>', page):
            assert len(viewer.get(address).context["runs"]) == int(number), address
        assert 'href="/runs/?status=waiting">1 waiting</a>' in page


class TestTheFirstRun:
    @pytest.mark.parametrize("faults", [True, False])
    def test_one_click_publishes_the_example_and_shows_its_rollback(
        self, operator: Client, settings: Settings, faults: bool
    ) -> None:
        settings.SIMULATE_FAULTS = faults
        settings.WORKER_MODULES = []
        stock_shelves(Product)
        key = key_on(operator)
        assert key and not WorkflowVersion.objects.exists()
        with queue.collect_dispatches() as dispatches:
            answer = operator.post("/first-rollback/", {"key": key})
            run = Run.objects.get()
            assert answer.url == f"/runs/{run.pk}/"  # type: ignore[attr-defined]
            assert operator.post("/first-rollback/", {"key": key}).url == answer.url  # type: ignore[attr-defined]
            assert Run.objects.count() == 1, "a double click starts one run"
            while _work_once(run.pk, dispatches):
                pass
        run.refresh_from_db()
        assert run.status == "compensated"
        assert [row.status for row in Reservation.objects.all()] == ["released"]
        assert [row.status for row in Payment.objects.all()] == (["refunded"] if faults else [])
        assert key_on(operator) is None, "it is offered while nothing has run"

    def test_it_is_offered_to_those_who_may_operate(self, viewer: Client, designer: Client) -> None:
        for client in (viewer, designer):
            assert "Nothing has run yet" in client.get("/").content.decode()
            assert key_on(client) is None
            assert client.post("/first-rollback/").status_code == 403
        assert not Run.objects.exists()

    @pytest.mark.parametrize("taken", [True, False])
    def test_a_workflow_of_that_name_is_never_started(
        self, operator: Client, settings: Settings, taken: bool
    ) -> None:
        settings.EXAMPLES = taken
        if taken:
            Workflow.objects.create(name="order_processing")
        assert key_on(operator) is None
        answer = operator.post("/first-rollback/", {"key": "x"}, follow=True)
        assert "is not offered here" in answer.content.decode() and not Run.objects.exists()

    def test_two_people_start_two(self, operator: Client, settings: Settings) -> None:
        settings.WORKER_MODULES = []
        for client in (operator, client_of("bea", "operator")):
            client.post("/first-rollback/", {"key": "", "more": "ignored"})
        assert Run.objects.count() == 2
