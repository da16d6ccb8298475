"""Folders, favourites, the archive, copies and deleted drafts: by pages and by calls."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from designer.document.graph import Graph
from designer.models import Favourite, Folder, Workflow, WorkflowVersion
from designer.services import shelf, workflows
from runs.engine import engine
from runs.models import Run
from tests.integration.runs.conftest import Publish, chain, step

URL = reverse("workflow-list")
JSON = "application/json"


@pytest.fixture
def three(publish: Publish) -> list[str]:
    for name in ("alpha", "beta", "gamma"):
        publish(chain(step("a"), name=name))
    return ["alpha", "beta", "gamma"]


def names_on(client: Client, query: str = "") -> list[str]:
    return [workflow.name for workflow in client.get(f"{URL}{query}").context["workflows"]]


def test_many_workflows_move_at_once_into_a_new_folder_and_out_again(
    designer: Client, viewer: Client, three: list[str]
) -> None:
    move = reverse("workflow-move")
    designer.post(move, {"workflows": three[:2], "act": "move", "folder": "new", "new": " Shop  floor "})
    folder = Folder.objects.get()
    assert (folder.name, names_on(viewer, f"?folder={folder.pk}")) == ("Shop floor", ["alpha", "beta"])
    assert names_on(viewer, "?folder=0") == ["gamma"]
    listed = viewer.get(f"/api/v1/workflows?folder={folder.pk}").json()["workflows"]
    assert [(one["name"], one["folder"]) for one in listed] == [
        ("alpha", "Shop floor"),
        ("beta", "Shop floor"),
    ]
    answer = designer.post("/api/v1/folders/move", {"workflows": ["alpha"]}, content_type=JSON)
    assert (answer.json(), names_on(viewer, f"?folder={folder.pk}")) == ({"moved": 1}, ["beta"])


def test_one_unknown_workflow_moves_none(designer: Client, three: list[str]) -> None:
    folder = shelf.create_folder("Shop")
    body = {"workflows": ["alpha", "nothing"], "folder": folder.pk}
    answer = designer.post("/api/v1/folders/move", body, content_type=JSON)
    assert answer.status_code == 404 and not folder.workflows.exists()
    body = {"workflows": ["alpha"], "folder": folder.pk + 1}
    assert designer.post("/api/v1/folders/move", body, content_type=JSON).status_code == 404


def test_folders_are_renamed_and_removed_and_their_workflows_stay(designer: Client, three: list[str]) -> None:
    made = designer.post("/api/v1/folders", {"name": "Shop"}, content_type=JSON).json()
    shelf.move(three, made["id"])
    other = shelf.create_folder("Other")
    address = f"/api/v1/folders/{made['id']}"
    assert designer.patch(address, {"name": "Other"}, content_type=JSON).status_code == 422
    assert designer.patch(address, {"name": "Store"}, content_type=JSON).json()["name"] == "Store"
    designer.post(reverse("folder-change", args=[other.pk]), {"act": "rename", "name": "Rest"})
    assert {one["name"] for one in designer.get("/api/v1/folders").json()["folders"]} == {"Rest", "Store"}
    assert designer.delete(address).status_code == 204
    assert Workflow.objects.filter(folder=None).count() == 3
    assert designer.delete(address).status_code == 404


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_a_folder_without_a_proper_name_is_refused(designer: Client, name: str) -> None:
    assert designer.post("/api/v1/folders", {"name": name}, content_type=JSON).status_code == 422
    assert not Folder.objects.exists()


def test_an_archived_workflow_is_hidden_and_starts_no_runs_and_comes_back(
    designer: Client, operator: Client, three: list[str]
) -> None:
    version = WorkflowVersion.objects.get(workflow__name="alpha")
    run = engine.start_run(version, {})
    designer.post(reverse("workflow-archive", args=["alpha"]), {"act": "archive"})
    assert "alpha" not in names_on(operator) and names_on(operator, "?show=archived") == ["alpha"]
    assert [one["name"] for one in operator.get("/api/v1/workflows?archived=1").json()["workflows"]] == [
        "alpha"
    ]
    refused = operator.post("/api/v1/workflows/alpha/runs", {"input": {}}, content_type=JSON)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:sagaboard:archived")
    page = operator.post(reverse("run-start", args=["alpha"]), {"input": "{}", "key": "k"})
    assert page.status_code == 422 and "is archived" in page.content.decode()
    assert list(Run.objects.all()) == [run]
    assert operator.get(reverse("run-detail", args=[run.pk])).status_code == 200
    assert reverse("run-start", args=["alpha"]) not in operator.get("/workflows/alpha/").content.decode()
    assert designer.post("/api/v1/workflows/alpha/bring-back").status_code == 204
    engine.start_run(WorkflowVersion.objects.get(workflow__name="alpha"), {})
    assert "alpha" in names_on(operator)


def test_a_child_run_of_an_archived_workflow_is_not_started(publish: Publish, run_here: Any) -> None:
    publish(chain(step("a"), name="child"))
    shelf.archive(["child"])
    parent = run_here(chain(step("call", kind="workflow", worker=None, compensation=None, workflow="child")))
    assert parent.status in ("compensated", "failed")
    assert "archived" in str(parent.error)
    assert not Run.objects.filter(workflow_name="child").exists()


def test_a_copy_is_a_draft_of_its_own(designer: Client, order: Graph) -> None:
    folder = shelf.create_folder("Shop")
    shelf.move(["order"], folder.pk)
    to = designer.post(reverse("workflow-duplicate", args=["order"]))["Location"]
    assert to == reverse("workflow-edit", args=["order_copy"])
    copy = Workflow.objects.get(name="order_copy")
    assert copy.draft is not None and copy.folder == folder and not copy.versions.exists()
    assert (copy.draft["name"], copy.title) == ("order_copy", "An order (copy)")
    assert copy.draft["steps"] == WorkflowVersion.objects.get(workflow__name="order").document["steps"]
    again = designer.post("/api/v1/workflows/order/duplicate", {}, content_type=JSON)
    assert (again.status_code, again.json()["name"]) == (201, "order_copy_2")
    taken = designer.post("/api/v1/workflows/order/duplicate", {"name": "order"}, content_type=JSON)
    assert taken.status_code == 409
    bad = designer.post("/api/v1/workflows/order/duplicate", {"name": "No Name!"}, content_type=JSON)
    assert bad.status_code == 422 and Workflow.objects.count() == 3


def test_a_draft_is_deleted_and_what_was_published_is_not(designer: Client, order: Graph) -> None:
    workflows.save_draft("idea", {"schema": 1, "name": "idea"}, 0)
    assert designer.delete("/api/v1/workflows/order").status_code == 409
    designer.post(reverse("workflow-delete", args=["order"]))
    assert designer.post(reverse("workflow-delete", args=["idea"])).status_code == 302
    assert list(Workflow.objects.values_list("name", flat=True)) == ["order"]
    assert designer.delete("/api/v1/workflows/idea").status_code == 404


def test_a_draft_with_trials_is_kept_with_them(designer: Client, order: Graph) -> None:
    document = {"schema": 1, "name": "idea", "steps": [{"name": "a", "worker": "act"}]}
    workflows.save_draft("idea", document, 0)
    version = workflows.create_trial_version("idea")
    engine.start_run(version, {}, trial=True)
    refused = designer.delete("/api/v1/workflows/idea")
    assert refused.status_code == 409 and "Trials" in refused.json()["detail"]
    assert Workflow.objects.filter(name="idea").exists()


def test_favourites_are_a_persons_own(viewer: Client, operator: Client, three: list[str]) -> None:
    back = f"{URL}?folder=0"
    answer = viewer.post(reverse("workflow-favour", args=["beta"]), {"act": "add", "back": back})
    assert answer["Location"] == back
    assert viewer.put("/api/v1/workflows/gamma/favourite").status_code == 204
    assert viewer.put("/api/v1/workflows/gamma/favourite").status_code == 204
    assert names_on(viewer, "?show=favourites") == ["beta", "gamma"]
    assert names_on(operator, "?show=favourites") == []
    assert viewer.delete("/api/v1/workflows/beta/favourite").status_code == 204
    listed = viewer.get("/api/v1/workflows?favourites=1").json()["workflows"]
    assert [one["name"] for one in listed] == ["gamma"]
    assert Favourite.objects.count() == 1


def test_examples_stand_apart(viewer: Client, three: list[str]) -> None:
    Workflow.objects.filter(name="beta").update(is_pattern=True)
    page = viewer.get(URL).context
    assert [one.name for one in page["workflows"]] == ["alpha", "gamma"]
    assert [one.name for one in page["examples"]] == ["beta"]
    assert names_on(viewer, "?show=examples") == ["beta"]
    assert names_on(viewer, "?q=a") == ["alpha", "beta", "gamma"]


def test_nobody_is_sent_elsewhere(viewer: Client, three: list[str]) -> None:
    for back in ("https://evil.example/workflows/", "//evil.example/workflows/", "/accounts/logout/"):
        answer = viewer.post(reverse("workflow-favour", args=["beta"]), {"act": "add", "back": back})
        assert answer["Location"] == URL
