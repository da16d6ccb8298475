"""REST calls on folders, favourites, the archive and copies of workflows. Thin: `shelf` does the work."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import BaseModel, ConfigDict, Field

from config.accounts.authentication import callers
from designer.document.limits import NAME_LENGTH_MAX, TITLE_LENGTH_MAX
from designer.models import FOLDER_NAME_LENGTH_MAX, Folder
from designer.services import folder_rights, shelf

router = Router(tags=["workflows"])


class FolderIn(BaseModel, extra="forbid"):
    name: str = Field(min_length=1, max_length=FOLDER_NAME_LENGTH_MAX)


class MoveIn(BaseModel, extra="forbid"):
    workflows: list[str] = Field(min_length=1, max_length=shelf.MOVED_MAX)
    folder: int | None = Field(None, description="Null takes them out of their folders.")


class CopyIn(BaseModel, extra="forbid"):
    name: str = Field("", max_length=NAME_LENGTH_MAX, description="Of the copy; left out: NAME_copy.")
    title: str = Field("", max_length=TITLE_LENGTH_MAX)


@router.get("/folders", response=dict[str, Any])
def list_folders(request: HttpRequest) -> dict[str, Any]:
    """The folders of workflows that the caller may see."""
    return {"folders": [_folder(folder) for folder in shelf.folders(request.user)[: shelf.FOLDERS_MAX]]}


@router.post("/folders", auth=callers("design"), response={201: dict[str, Any]})
def create_folder(request: HttpRequest, body: FolderIn) -> Status[dict[str, Any]]:
    return Status(201, _folder(shelf.create_folder(body.name)))


@router.post("/folders/move", auth=callers("design"), response=dict[str, Any])
def move_workflows(request: HttpRequest, body: MoveIn) -> dict[str, Any]:
    """Moves up to 200 workflows into a folder, or out of theirs: all or none.

    Needs the right to design in the folders that they come from and go to.
    """
    return {"moved": shelf.move(body.workflows, body.folder, request.user)}


@router.patch("/folders/{int:folder_id}", auth=callers("design"), response=dict[str, Any])
def rename_folder(request: HttpRequest, folder_id: int, body: FolderIn) -> dict[str, Any]:
    return _folder(shelf.rename_folder(folder_id, body.name, request.user))


@router.delete("/folders/{int:folder_id}", auth=callers("design"), response={204: None})
def remove_folder(request: HttpRequest, folder_id: int) -> Status[None]:
    """Removes a folder; its workflows stay, in none. Administrators alone remove one that has rights."""
    shelf.remove_folder(folder_id, request.user)
    return Status(204, None)


class NamesIn(BaseModel, extra="forbid"):
    """Who may do an act: groups and people, by name. None at all: everybody whose role allows it."""

    groups: list[str] = Field(default_factory=list, max_length=folder_rights.NAMED_MAX)
    people: list[str] = Field(default_factory=list, max_length=folder_rights.NAMED_MAX)


class RightsIn(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")
    view: NamesIn | None = None
    design: NamesIn | None = None
    operate: NamesIn | None = None


@router.get("/folders/{int:folder_id}/rights", auth=callers("administer"), response=dict[str, Any])
def get_folder_rights(request: HttpRequest, folder_id: int) -> dict[str, Any]:
    """The groups and people that a folder names for `view`, `design` and `operate`.

    `gone`: names of deleted ones. They let nobody in, and keep the act closed until others are named.
    """
    return _rights(shelf.get_folder(folder_id, request.user))


@router.put("/folders/{int:folder_id}/rights", auth=callers("administer"), response=dict[str, Any])
def put_folder_rights(request: HttpRequest, folder_id: int, body: RightsIn) -> dict[str, Any]:
    """Says who may see, design and operate the workflows of a folder, and the runs of these.

    It never gives more than a role does, and administrators may always. Who may not see may neither design
    nor operate.
    """
    folder = shelf.get_folder(folder_id, request.user)
    stated = {act: getattr(body, act) for act in folder_rights.GIVEN}
    rights = {
        act: folder_rights.Names(tuple(names.groups), tuple(names.people))
        for act, names in stated.items()
        if names is not None
    }
    folder_rights.give(folder, rights, request.user)
    return _rights(folder)


@router.post("/workflows/{name}/duplicate", auth=callers("design"), response={201: dict[str, Any]})
def duplicate_workflow(request: HttpRequest, name: str, body: CopyIn) -> Status[dict[str, Any]]:
    """Stores a copy as the draft of a new workflow, in the same folder."""
    saved = shelf.duplicate(name, body.name, body.title, request.user)
    problems = [problem.as_json() for problem in saved.problems]
    return Status(201, {"name": saved.name, "revision": saved.revision, "problems": problems})


@router.post("/workflows/{name}/archive", auth=callers("design"), response={204: None})
def archive_workflow(request: HttpRequest, name: str) -> Status[None]:
    """Hides a workflow, which starts no runs from now on. Its runs stay, and those under way go on."""
    shelf.archive([name], request.user)
    return Status(204, None)


@router.post("/workflows/{name}/bring-back", auth=callers("design"), response={204: None})
def bring_workflow_back(request: HttpRequest, name: str) -> Status[None]:
    """Takes a workflow out of the archive."""
    shelf.bring_back([name], request.user)
    return Status(204, None)


@router.put("/workflows/{name}/favourite", auth=callers("view"), response={204: None})
def favour_workflow(request: HttpRequest, name: str) -> Status[None]:
    """Makes a workflow a favourite of the caller."""
    shelf.favour(name, request.user)
    return Status(204, None)


@router.delete("/workflows/{name}/favourite", auth=callers("view"), response={204: None})
def disfavour_workflow(request: HttpRequest, name: str) -> Status[None]:
    shelf.disfavour(name, request.user)
    return Status(204, None)


def _rights(folder: Folder) -> dict[str, Any]:
    rights = folder_rights.rights_of(folder)
    return _folder(folder) | {act: asdict(names) for act, names in rights.items()}


def _folder(folder: Folder) -> dict[str, Any]:
    return {"id": folder.pk, "name": folder.name}
