"""Saved views and columns of the list of runs: whose they are, where they lead, and who deletes them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from runs.engine import engine
from runs.lists.saved_views import VIEWS_PER_PERSON_MAX
from runs.models import Run, SavedView
from tests.integration.runs.conftest import Publish, chain, step
from tests.people import client_of

URL = reverse("run-list")
SAVE = reverse("run-view-save")


def save(client: Client, name: str, query: str = "status=failed", **more: Any) -> SavedView:
    assert client.post(SAVE, {"name": name, "filter": query, **more}).status_code == 302
    return SavedView.objects.get(name=name)


def test_a_view_has_an_address_that_leads_to_its_list(viewer: Client, undone: Run) -> None:
    query = "status=failed&sort=ended&cursor=run~x&evil=1"
    viewer.post(SAVE, {"name": "  Failed   ones ", "filter": query, "columns": "error,took"})
    view = SavedView.objects.get()
    assert (view.name, view.is_shared) == ("Failed ones", False)
    address = viewer.get(reverse("run-view", args=[view.pk]))["Location"]
    assert address == f"{URL}?status=failed&sort=ended&columns=error%2Ctook&view={view.pk}"
    page = viewer.get(address)
    assert page.context["shown_view"] == view and page.context["filters"].sort == "ended"
    assert page.context["columns"] == ["error", "took"]


def test_a_view_is_seen_by_its_owner_alone_until_it_is_shared(viewer: Client, operator: Client) -> None:
    own, shared = save(viewer, "Own"), save(viewer, "Everybody's", shared="1")
    seen = {view["name"]: view["own"] for view in operator.get("/api/v1/views").json()["views"]}
    assert seen == {"Everybody's": False}
    assert operator.get(reverse("run-view", args=[own.pk])).status_code == 404
    assert operator.get(reverse("run-view", args=[shared.pk])).status_code == 302
    assert "Everybody's" in operator.get(URL).content.decode().replace("&#x27;", "'")


def test_a_view_is_deleted_by_its_owner_and_a_shared_one_by_administrators(
    viewer: Client, operator: Client
) -> None:
    admin = client_of("ada", "admin")
    own, shared = save(viewer, "Own"), save(viewer, "Shared", shared="1")
    for client, view in ((operator, own), (operator, shared), (admin, own)):
        client.post(reverse("run-view-delete", args=[view.pk]))
        assert client.delete(f"/api/v1/views/{view.pk}").status_code == 404
    assert SavedView.objects.count() == 2
    assert admin.delete(f"/api/v1/views/{shared.pk}").status_code == 204
    assert viewer.post(reverse("run-view-delete", args=[own.pk])).status_code == 302
    assert not SavedView.objects.exists()


def test_the_same_name_again_replaces_ones_own_view(viewer: Client, operator: Client) -> None:
    save(viewer, "Mine", "status=failed")
    operator.post(SAVE, {"name": "Mine", "filter": "status=blocked"})
    body = {"name": "Mine", "query": "status=completed", "shared": True}
    answer = viewer.post("/api/v1/views", body, content_type="application/json")
    assert (answer.status_code, answer.json()["query"]) == (201, "status=completed")
    assert sorted(SavedView.objects.values_list("query", flat=True)) == ["status=blocked", "status=completed"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_a_view_without_a_proper_name_is_refused(viewer: Client, name: str) -> None:
    page = viewer.post(SAVE, {"name": name, "filter": "status=failed"}, follow=True)
    assert "A view needs a name" in page.content.decode()
    assert page.redirect_chain[-1][0] == f"{URL}?status=failed"
    assert not SavedView.objects.exists()


def test_nobody_has_views_without_end(viewer: Client) -> None:
    owner = User.objects.get(username="viv")
    SavedView.objects.bulk_create(
        SavedView(owner=owner, name=str(number)) for number in range(VIEWS_PER_PERSON_MAX)
    )
    answer = viewer.post("/api/v1/views", {"name": "one more"}, content_type="application/json")
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (422, "bad_view")


def test_a_shared_view_outlives_its_maker(viewer: Client, operator: Client) -> None:
    view = save(viewer, "Shared", shared="1")
    User.objects.get(username="viv").delete()
    found = operator.get("/api/v1/views").json()["views"]
    assert [(one["id"], one["owner"]) for one in found] == [(view.pk, "viv")]


def test_columns_are_remembered_in_the_browser_and_none_is_a_choice(viewer: Client, undone: Run) -> None:
    columns = reverse("run-columns")
    answer = viewer.post(columns, {"columns": ["error", "starter"], "filter": "workflow=order&columns=took"})
    assert answer["Location"] == f"{URL}?workflow=order"
    page = viewer.get(URL)
    assert page.context["columns"] == ["starter", "error"]
    assert str((undone.error or {})["message"])[:40] in page.content.decode().replace("&#x27;", "'")
    viewer.post(columns, {"filter": ""})
    assert viewer.get(URL).context["columns"] == []


def test_child_runs_stand_under_their_parents_unless_one_looks_for_them(
    viewer: Client, publish: Publish
) -> None:
    version = publish(chain(step("a"), name="order"))
    parent = engine.start_run(version, {})
    child = engine.start_run(version, {})
    Run.objects.filter(pk=child.pk).update(parent=parent, parent_step="a", status="failed")

    def listed(query: str) -> list[tuple[Any, str, bool]]:
        rows = viewer.get(f"{URL}?{query}").context["rows"]
        return [(row.run.pk, row.parent, row.has_children) for row in rows]

    assert listed("") == [(parent.pk, "", True)]
    assert listed("within=1h") == [(parent.pk, "", True)]
    assert listed(f"parent={parent.pk}") == [(child.pk, "order", False)]
    assert listed("status=failed") == [(child.pk, "order", False)]
    assert {run for run, *_ in listed("inner=1")} == {parent.pk, child.pk}
    assert len(viewer.get("/api/v1/runs").json()["runs"]) == 2
    assert len(viewer.get("/api/v1/runs?top=true").json()["runs"]) == 1
