"""Where workflows stand in the list: folders, favourites, the archive; copies, and drafts that are deleted.

Folders order the list, and may have rights (`designer.services.folder_rights`), which every act here heeds
for its person: None is the product itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, QuerySet
from django.utils import timezone

from config.accounts.permissions import Act, require
from designer.document.limits import NAME_LENGTH_MAX, TITLE_LENGTH_MAX
from designer.errors import DesignerError, StaleDraft, UnknownWorkflow
from designer.models import FOLDER_NAME_LENGTH_MAX, Favourite, Folder, Workflow, WorkflowVersion
from designer.services.folder_rights import announce, barred, require_in
from designer.services.queries import document_of, get_workflow
from designer.services.saved_tests import documents_of, read, replace_tests
from designer.services.workflows import Saved, save_draft

FOLDERS_MAX = 500
MOVED_MAX = 200
COPIES_TRIED_MAX = 100


class UnknownFolder(DesignerError):
    """There is no such folder."""

    status = 404
    code = "unknown_folder"


class BadFolder(DesignerError):
    """The folder cannot be had."""

    status = 422
    code = "bad_folder"


class TooManyWorkflows(DesignerError):
    """Too many workflows at a time."""

    status = 422
    code = "too_many_workflows"


class NameTaken(DesignerError):
    """There is a workflow of that name already."""

    status = 409
    code = "name_taken"


class NotDeletable(DesignerError):
    """Only a draft that was never published can be deleted; archive this workflow instead."""

    status = 409
    code = "not_deletable"


def folders(user: Any = None) -> QuerySet[Folder]:
    """The folders that a person may see."""
    return Folder.objects.exclude(pk__in=barred(user, "view"))


def get_folder(folder_id: int, user: Any = None, act: Act = "view") -> Folder:
    """Raises UnknownFolder, also for one that may not be seen, or PermissionDenied."""
    folder = folders(user).filter(pk=folder_id).first()
    if folder is None:
        raise UnknownFolder
    require_in(user, act, folder.pk, folder.name)
    return folder


def create_folder(name: str) -> Folder:
    """Raises BadFolder if the name is empty, too long or taken."""
    if Folder.objects.count() >= FOLDERS_MAX:
        raise BadFolder(f"There are {FOLDERS_MAX} folders already; remove one first.")
    return _save(Folder(), name)


def rename_folder(folder_id: int, name: str, user: Any = None) -> Folder:
    """Raises UnknownFolder, BadFolder or PermissionDenied."""
    return _save(get_folder(folder_id, user, "design"), name)


def _save(folder: Folder, name: str) -> Folder:
    folder.name = " ".join(name.replace("\x00", " ").split())
    if not 0 < len(folder.name) <= FOLDER_NAME_LENGTH_MAX:
        raise BadFolder(f"A folder needs a name of at most {FOLDER_NAME_LENGTH_MAX} characters.")
    try:
        with transaction.atomic():
            folder.save()
    except IntegrityError:
        raise BadFolder(f"There is a folder named {folder.name} already.") from None
    return folder


def remove_folder(folder_id: int, user: Any = None) -> None:
    """Removes a folder; its workflows stay, in none. One with rights is removed by administrators alone.

    Raises UnknownFolder or PermissionDenied.
    """
    folder = get_folder(folder_id, user, "design")
    if user is not None and folder.rights.exists():
        require(user, "administer")
    folder.delete()
    announce()


def move(names: Iterable[str], folder_id: int | None, user: Any = None) -> int:
    """Moves workflows into a folder, or out of theirs, all or none; returns how many.

    Raises UnknownFolder, UnknownWorkflow or PermissionDenied, which design in both folders avoids.
    """
    folder = None if folder_id is None else get_folder(folder_id, user, "design")
    with transaction.atomic():
        announce()
        return _chosen(names, user).update(folder=folder)


def archive(names: Iterable[str], user: Any = None) -> int:
    """Hides workflows, which start no runs from now on; their runs go on. All or none."""
    with transaction.atomic():
        return _chosen(names, user).filter(archived_at=None).update(archived_at=timezone.now())


def bring_back(names: Iterable[str], user: Any = None) -> int:
    with transaction.atomic():
        return _chosen(names, user).update(archived_at=None)


def _chosen(names: Iterable[str], user: Any) -> QuerySet[Workflow]:
    """The workflows, which the person may design. Raises UnknownWorkflow or PermissionDenied."""
    wanted = list(dict.fromkeys(names))
    if len(wanted) > MOVED_MAX:
        raise TooManyWorkflows(f"Choose at most {MOVED_MAX} workflows at a time.")
    workflows = Workflow.objects.filter(name__in=wanted)
    known = dict(workflows.select_for_update().values_list("name", "folder_id"))
    for name in wanted:
        if name not in known or known[name] in barred(user, "view"):
            raise UnknownWorkflow(name)
        require_in(user, "design", known[name], name)
    return workflows


def duplicate(name: str, new_name: str = "", title: str = "", user: Any = None) -> Saved:
    """Stores the document of a workflow, and its tests, as the draft of a new one, in the same folder.

    Without a name the copy is called `NAME_copy`, and numbered. Raises UnknownWorkflow, NameTaken or
    DocumentRefused.
    """
    workflow = get_workflow(name)
    copy = new_name or _free_name(name)
    document = document_of(workflow) or {"schema": 1}
    title = title or f"{workflow.title or name} (copy)"
    document = {**document, "name": copy, "title": title[:TITLE_LENGTH_MAX]}
    with transaction.atomic():
        if Workflow.every.filter(name=copy).exists():
            raise NameTaken(f"There is a workflow named {copy} already.")
        try:
            saved = save_draft(copy, document, 0, user)
        except StaleDraft:
            raise NameTaken(f"There is a workflow named {copy} already.") from None
        Workflow.objects.filter(name=copy).update(folder=workflow.folder_id)
        replace_tests(copy, read(documents_of(workflow)))
    return saved


def _free_name(name: str) -> str:
    for number in range(1, COPIES_TRIED_MAX):
        suffix = "_copy" if number == 1 else f"_copy_{number}"
        copy = name[: NAME_LENGTH_MAX - len(suffix)] + suffix
        if not Workflow.every.filter(name=copy).exists():
            return copy
    raise NameTaken(f"There are {COPIES_TRIED_MAX} copies of {name} already; give this one a name.")


def delete_draft(name: str) -> None:
    """Deletes a workflow that was never published, with its draft. Raises UnknownWorkflow or NotDeletable."""
    with transaction.atomic():
        workflow = Workflow.objects.select_for_update().filter(name=name).first()
        if workflow is None:
            raise UnknownWorkflow(name)
        if workflow.versions.exists():
            raise NotDeletable
        try:
            WorkflowVersion.every.filter(workflow=workflow).delete()
            workflow.delete()
        except ProtectedError:
            raise NotDeletable("Trials of this draft are still kept; archive it instead.") from None


def favour(name: str, user: Any) -> None:
    """Raises UnknownWorkflow."""
    workflow = get_workflow(name)
    Favourite.objects.get_or_create(user=user, workflow=workflow)


def disfavour(name: str, user: Any) -> None:
    Favourite.objects.filter(user=user, workflow=get_workflow(name)).delete()


def favourite_names(user: Any, names: Sequence[str]) -> set[str]:
    """Those of the workflows that are favourites of a person."""
    found = Favourite.objects.filter(user=user, workflow__name__in=names)
    return set(found.values_list("workflow__name", flat=True))
