"""What a folder's rights leave where a body names its workflows, and who may change them."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from designer.models import Certificate, FolderRight, Workflow
from designer.services import folder_rights
from designer.services.folder_rights import Names
from runs.models import Run
from tests.integration.runs.conftest import RunHere, chain, step
from tests.integration.runs.conftest import catalog as catalog
from tests.people import person
from tests.security.hidden import FRIENDS, Hidden, client_with, restrict, strangers, text_of
from tests.security.hidden import closed as closed
from tests.security.hidden import hidden as hidden
from workers.rehearsal.models import Rehearsal


def test_bodies_that_name_it_are_answered_as_if_it_were_not_there(closed: Hidden) -> None:
    client, name = strangers()["session"], closed.run.workflow_name
    json: Any = {"content_type": "application/json"}
    bulk = client.post("/api/v1/runs/bulk", {"act": "cancel", "runs": [str(closed.run.pk)]}, **json).json()
    assert [result["code"] for result in bulk["results"]] == ["unknown_run"]
    moved = client.post("/api/v1/folders/move", {"workflows": [name], "folder": None}, **json)
    assert moved.status_code == 404
    into = client.post("/api/v1/folders/move", {"workflows": [], "folder": closed.folder.pk}, **json)
    assert into.status_code in (404, 422)
    assert client.patch(f"/api/v1/folders/{closed.folder.pk}", {"name": "mine"}, **json).status_code == 404
    assert client.delete(f"/api/v1/folders/{closed.folder.pk}").status_code == 404
    subscribed = {"name": "n", "kind": "email", "types": ["run.failed"], "address": "a@example.org"}
    answer = client.post("/api/v1/subscriptions", {**subscribed, "workflow": name}, **json)
    assert answer.status_code == 422 and "there is no workflow" in answer.content.decode()
    page = client.post(
        "/import-workflow/", {"file_name": "a.json", "text": '{"schema": 1}', "name": name, "replace": "1"}
    )
    assert page.status_code == 422 and "name it otherwise" in str(page.context["form"].errors)
    assert Workflow.objects.get(name=name).draft is None


def test_a_step_may_not_run_what_its_designer_may_not_see(closed: Hidden) -> None:
    client = strangers()["session"]
    steps = [{"name": "pay", "kind": "workflow", "workflow": closed.run.workflow_name}]
    document = {"schema": 1, "name": "mine", "steps": steps}
    problems = client.post("/api/v1/workflows/validate", document, content_type="application/json").json()
    assert "unknown_workflow" in {problem["code"] for problem in problems["problems"]}
    put: Any = {"content_type": "application/json", "headers": {"If-Match": '"0"'}}
    assert client.put("/api/v1/workflows/mine/draft", document, **put).status_code == 200
    for door in ("publish", "proof", "rehearsal", "draft/runs"):
        answer = client.post(f"/api/v1/workflows/mine/{door}", {}, content_type="application/json")
        assert answer.status_code in (409, 422), f"{door}: {answer.content.decode()}"
        assert "unknown_workflow" in answer.content.decode(), door
    assert not Certificate.objects.exists() and not Rehearsal.objects.exists()


def test_only_administrators_change_rights_and_the_audit_says_so(hidden: Hidden) -> None:
    admin, stranger = client_with("root", "admin"), strangers()["session"]
    address = f"/api/v1/folders/{hidden.folder.pk}/rights"
    json: Any = {"content_type": "application/json"}
    body = {"view": {"groups": [FRIENDS]}, "operate": {"people": ["root"]}}
    assert stranger.put(address, body, **json).status_code == 403
    given = admin.put(address, body, **json).json()
    assert given["view"]["groups"] == [FRIENDS] and given["operate"]["people"] == ["root"]
    assert admin.get(address).json() == given
    unknown = admin.put(address, {"design": {"people": ["nobody"]}}, **json)
    assert unknown.status_code == 422 and "nobody" in unknown.json()["detail"]
    page = admin.get(reverse("admin:runs_intervention_audit")).content.decode()
    assert f"Rights: view: {FRIENDS}" in page
    form = {"act": "rights", "view-people": "root, root"}
    posted = stranger.post(reverse("folder-change", args=[hidden.folder.pk]), form)
    assert posted.status_code == 403
    assert admin.post(reverse("folder-change", args=[hidden.folder.pk]), form).status_code == 302
    assert folder_rights.rights_of(hidden.folder)["view"] == Names(people=("root",))


def test_a_folder_stays_closed_when_whom_it_names_is_deleted(hidden: Hidden) -> None:
    ada = person("ada", "viewer")
    folder_rights.give(hidden.folder, {"view": Names(people=("ada",))}, None)
    ada.delete()
    assert folder_rights.rights_of(hidden.folder)["view"] == Names(gone=("ada",))
    assert client_with("other", "viewer").get(f"/runs/{hidden.run.pk}/").status_code == 404
    assert person("ada", "viewer") and FolderRight.objects.get().user is None


def test_a_designer_moves_only_between_folders_that_they_may_design_in(hidden: Hidden) -> None:
    restrict(hidden, "design")
    json: Any = {"content_type": "application/json"}
    client = client_with("dora", "designer")
    Workflow.objects.create(name="free")
    for body in (
        {"workflows": [hidden.run.workflow_name], "folder": None},
        {"workflows": ["free"], "folder": hidden.folder.pk},
    ):
        assert client.post("/api/v1/folders/move", body, **json).status_code == 403
    assert client.delete(f"/api/v1/folders/{hidden.folder.pk}").status_code == 403
    assert Workflow.objects.get(name="free").folder is None


def test_administrators_may_always_and_a_right_gives_no_more_than_the_role(closed: Hidden) -> None:
    restrict(closed, "operate")
    assert client_with("root", "admin").get(f"/runs/{closed.run.pk}/").status_code == 200
    friend = client_with("friend", "viewer", group=FRIENDS)
    assert friend.get(f"/runs/{closed.run.pk}/").status_code == 200
    assert friend.post(f"/runs/{closed.run.pk}/cancel/", {"mode": "abandon"}).status_code == 403


def test_a_child_run_belongs_to_the_folder_of_its_own_workflow(closed: Hidden, run_here: RunHere) -> None:
    undone = run_here(chain(step("reserve"), name="plain"))
    Run.objects.filter(pk=closed.run.pk).update(parent=undone, parent_step="reserve", detached=True)
    viewer = client_with("other", "viewer")
    for address in (
        f"/runs/{undone.pk}/",
        f"/api/v1/runs/{undone.pk}/view",
        f"/api/v1/runs/{undone.pk}/export",
    ):
        answer = viewer.get(address)
        assert answer.status_code == 200 and str(closed.run.pk) not in text_of(answer), address
    listed = viewer.get(f"/api/v1/runs?parent={undone.pk}").json()["runs"]
    assert listed == []
