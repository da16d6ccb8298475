"""Lists and the first page: filters, pages of rows, few queries, and what is said when there is nothing."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from designer.document.graph import Graph
from designer.models import Workflow, WorkflowVersion
from runs.engine import engine
from runs.lists.search import PAGE_ROWS
from runs.models import Run, WorkerProcess
from tests.integration.runs.conftest import Publish, chain, step


def add_runs(version: WorkflowVersion, count: int, status: str = "completed") -> None:
    now = timezone.now()
    Run.objects.bulk_create(
        Run(version=version, workflow_name="order", status=status, created_at=now) for _ in range(count)
    )


def names_on(client: Client, url: str) -> list[str]:
    return [str(run.pk) for run in client.get(url).context["runs"]]


def test_pages_of_runs_follow_each_other_without_gap_or_overlap(viewer: Client, publish: Publish) -> None:
    add_runs(publish(chain(step("a"), name="order")), PAGE_ROWS + 7)
    first = viewer.get(reverse("run-list"))
    seen = [str(run.pk) for run in first.context["runs"]]
    older = re.search(r'rel="next" href="([^"]+)"', first.content.decode())
    assert older
    assert len(seen) == PAGE_ROWS
    rest = names_on(viewer, reverse("run-list") + html.unescape(older[1]))
    assert len(rest) == 7
    assert len({*seen, *rest}) == PAGE_ROWS + 7


def test_filters_narrow_the_list_and_say_when_nothing_is_left(viewer: Client, undone: Run) -> None:
    url = reverse("run-list")
    assert names_on(viewer, f"{url}?status=compensated&workflow=order") == [str(undone.pk)]
    page = viewer.get(f"{url}?status=failed").content.decode()
    assert "No run matches" in page
    assert '<option value="failed" selected>' in page


@pytest.mark.parametrize(
    "query",
    [
        "label=shop%3Dnorth",
        "label=shop",
        "q=TEA-0",
        "within=1h",
        "since=2020-01-01T00:00:00Z&until=2099-01-01T00:00:00Z",
        "status=completed&workflow=order&label=shop&q=tea&within=7d",
    ],
)
def test_each_filter_stays_in_the_address_of_the_page_and_its_fields(
    viewer: Client, order: Graph, query: str
) -> None:
    version = WorkflowVersion.objects.latest("pk")
    for number in range(PAGE_ROWS + 1):
        engine.start_run(version, {"sku": "TEA-001", "amount": number}, labels={"shop": "north"})
    Run.objects.update(status="completed")
    url = reverse("run-list")
    first = viewer.get(f"{url}?{query}&empty=")
    older = re.search(r'rel="next" href="([^"]+)"', first.content.decode())
    assert older
    address = parse_qs(html.unescape(older[1]).lstrip("?"))
    assert parse_qs(query).items() <= address.items()
    assert address.keys() == {*parse_qs(query), "cursor"}
    second = viewer.get(url + html.unescape(older[1]))
    assert (len(first.context["runs"]), len(second.context["runs"])) == (PAGE_ROWS, 1)
    page = second.content.decode()
    for (value,) in parse_qs(query).values():
        assert f'value="{value}"' in page or f"<option selected>{value}" in page


@pytest.mark.parametrize(
    ("query", "said"),
    [("status=gone", "is no status of a run"), ("since=yesterday", "not an ISO 8601 time"), ("until=1", "1")],
)
def test_a_filter_that_cannot_be_used_says_why(viewer: Client, undone: Run, query: str, said: str) -> None:
    response = viewer.get(f"{reverse('run-list')}?{query}")
    assert response.status_code == 400
    assert said in html.unescape(response.content.decode())
    assert viewer.get(f"/api/v1/runs?{query}").status_code == 400


def test_a_broken_place_leads_back_to_the_newest(viewer: Client, undone: Run) -> None:
    response = viewer.get(f"{reverse('run-list')}?cursor=x", follow=True)
    assert response.redirect_chain
    assert [run.pk for run in response.context["runs"]] == [undone.pk]


def test_a_list_takes_the_same_queries_for_one_run_and_for_many(
    viewer: Client, publish: Publish, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    add_runs(publish(chain(step("a"), name="order")), PAGE_ROWS)
    viewer.get(reverse("home"))  # the first request of a session notes it
    for name in ("run-list", "home"):
        with django_assert_max_num_queries(20):
            viewer.get(reverse(name))


def test_the_first_page_counts_what_needs_people_and_what_runs(
    viewer: Client, stuck: Run, waiting: Run
) -> None:
    now = timezone.now()
    WorkerProcess.objects.create(id="h:1:a", host="h", pid=1, started_at=now, seen_at=now)
    context = viewer.get(reverse("home")).context
    counted = {name: context[name].count for name in ("everything", "mine", "under_way", "undone")}
    assert counted == {"everything": 2, "mine": 0, "under_way": 1, "undone": 0}
    assert [(status, number.count) for status, number in context["by_status"]] == [("waiting", 1)]
    assert context["workers_online"] == 1
    asking = [(row.approval or row.intervention).run_id for row in context["rows"]]
    assert asking == [stuck.pk, waiting.pk], "what has a deadline comes first"
    assert {run.pk for run in context["recent"]} == {stuck.pk, waiting.pk}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("home", "Nothing has run yet"),
        ("run-list", "Nothing has run yet"),
        ("workflow-list", "There is no workflow yet"),
    ],
)
def test_an_empty_board_says_what_to_do_next(viewer: Client, name: str, said: str) -> None:
    assert said in viewer.get(reverse(name)).content.decode()


def test_workflows_show_their_versions_and_latest_runs(viewer: Client, undone: Run) -> None:
    page = viewer.get(reverse("workflow-list")).content.decode()
    for text in (
        "An order",
        "Reserves, charges, ships.",
        "Version 2",
        reverse("run-detail", args=[undone.pk]),
    ):
        assert text in page


def test_workflows_are_found_by_name_or_title(viewer: Client, order: Graph) -> None:
    url = reverse("workflow-list")
    assert [w.name for w in viewer.get(url, {"q": "an ord"}).context["workflows"]] == ["order"]
    assert "No workflow matches" in viewer.get(url, {"q": "zzz"}).content.decode()


def test_a_workflow_shows_steps_with_undo_and_where_they_lead(viewer: Client, order: Graph) -> None:
    page = viewer.get(reverse("workflow-detail", args=["order"])).content.decode()
    assert page.count('data-badge="slot-action"') == 3
    assert page.index("<strong>reserve</strong>") < page.index("<strong>charge</strong>")
    assert "up to 2 attempts" in page


def test_problems_of_a_draft_are_listed_with_their_place(viewer: Client, transactional_db: None) -> None:
    draft = {"schema": 1, "name": "half_done", "steps": [{"name": "Bad Name", "worker": "nobody"}]}
    Workflow.objects.create(name="half_done", draft=draft)
    page = viewer.get(reverse("workflow-detail", args=["half_done"])).content.decode()
    assert "steps[0].name" in page
    assert "Nothing is published yet" in page


@pytest.mark.parametrize("number", ["2", "99999999999999999999", "x"])
def test_an_unknown_version_is_no_page_unless_it_is_no_number(
    viewer: Client, order: Graph, number: str
) -> None:
    response = viewer.get(reverse("workflow-detail", args=["order"]), {"version": number})
    assert response.status_code == (200 if number == "x" else 404)
