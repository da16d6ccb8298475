"""The list of workflows: folders, favourites, examples, the archive, and what is done with rows. Thin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import Group
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from config.accounts.permissions import may, page_for, require
from designer.errors import DesignerError
from designer.models import Folder, Workflow
from designer.services import folder_rights, shelf
from designer.web import page_data

SHOWN = ("favourites", "examples", "archived")
NO_FOLDER = "0"
GROUPS_SHOWN_MAX = 200
RIGHTS_ASKED = {"view": "Who may see it", "design": "Who may design", "operate": "Who may operate"}


@require_safe
@page_for("view")
def workflow_list(request: HttpRequest) -> HttpResponse:
    """One's own workflows, then the shipped examples; or those of a folder, a search, a shelf."""
    search, after = request.GET.get("q", "").strip(), request.GET.get("after", "")
    folder, shown = request.GET.get("folder", ""), request.GET.get("show", "")
    shown = shown if shown in SHOWN else ""
    is_whole = not (search or folder or shown)
    listed = page_data.Shelf(
        search.replace("\x00", ""),
        int(folder[:9]) if folder.isdecimal() else None,
        shown == "archived",
        request.user if shown == "favourites" else None,
        {"examples": True, "": False if is_whole else None}.get(shown),
        seen_by=request.user,
    )
    rows = list(page_data.workflows_by_name(listed, after)[: page_data.PAGE_SIZE + 1])
    page = rows[: page_data.PAGE_SIZE]
    folders = shelf.folders(request.user)
    folder_shown = folders.filter(pk=listed.folder).first() if listed.folder else None
    examples = _examples(request.user) if is_whole and not after else []
    names = [workflow.name for workflow in (*page, *examples)]
    context = {
        "workflows": page,
        "examples": examples,
        "next_after": page[-1].name if len(rows) > len(page) else "",
        "search": search,
        "after": after,
        "show": shown,
        "folder": folder_shown,
        "is_unfiled": folder == NO_FOLDER,
        "folders": folders.annotate(count=Count("workflows", filter=Q(workflows__archived_at=None))),
        "favourites": shelf.favourite_names(request.user, names),
        "has_archived": page_data.Shelf(archived=True, seen_by=request.user).workflows().exists(),
        "moved_max": shelf.MOVED_MAX,
        "not_designed": folder_rights.barred(request.user, "design"),
        "not_operated": folder_rights.barred(request.user, "operate"),
        **_folder_context(request, folder_shown),
    }
    return render(request, "workflows/list.html", context)


def _folder_context(request: HttpRequest, folder: Folder | None) -> dict[str, Any]:
    """What may be done with the folder that the page shows, and for administrators its rights."""
    if folder is None:
        return {}
    may_design = folder_rights.may_in(request.user, "design", folder.pk)
    if not may(request.user, "administer"):
        return {"may_design_folder": may_design, "has_rights": folder.rights.exists()}
    rights = folder_rights.rights_of(folder)
    return {
        "may_design_folder": may_design,
        "folder_rights": [
            (act, RIGHTS_ASKED[act], names, ", ".join(names.groups), ", ".join(names.people))
            for act, names in rights.items()
        ],
        "has_rights": any(rights.values()),
        "group_names": Group.objects.order_by("name").values_list("name", flat=True)[:GROUPS_SHOWN_MAX],
    }


def _examples(user: Any) -> list[Workflow]:
    return list(
        page_data.workflows_by_name(page_data.Shelf(examples=True, seen_by=user))[: page_data.PAGE_SIZE]
    )


@require_POST
@page_for("design")
def workflow_move(request: HttpRequest) -> HttpResponse:
    """Moves, archives or brings back the chosen workflows."""
    names, act = request.POST.getlist("workflows"), request.POST.get("act")
    if not names:
        return _refused(request, "Choose at least one workflow.")
    if act == "archive":
        return _do(request, lambda: f"Archived: {shelf.archive(names, request.user)}. Their runs stay.")
    if act == "bring_back":
        return _do(request, lambda: f"Brought back: {shelf.bring_back(names, request.user)}.")
    return _do(request, lambda: _move(request, names))


def _move(request: HttpRequest, names: list[str]) -> str:
    chosen, new = request.POST.get("folder", ""), request.POST.get("new", "")
    if chosen == "new":
        folder: Folder | None = shelf.create_folder(new)
    else:
        is_one = chosen.isdecimal() and chosen != NO_FOLDER
        folder = shelf.get_folder(int(chosen[:9]), request.user) if is_one else None
    count = shelf.move(names, folder.pk if folder else None, request.user)
    return f"Moved to {folder.name}: {count}." if folder else f"Taken out of their folders: {count}."


@require_POST
@page_for("design")
def folder_change(request: HttpRequest, folder_id: int) -> HttpResponse:
    """Renames a folder, gives it rights, or removes it: its workflows stay."""
    if request.POST.get("act") == "rights":
        return _do(request, lambda: _give_rights(request, folder_id))
    if request.POST.get("act") != "remove":
        name = request.POST.get("name", "")
        return _do(request, lambda: f"Renamed to {shelf.rename_folder(folder_id, name, request.user).name}.")
    try:
        shelf.remove_folder(folder_id, request.user)
    except DesignerError as error:
        return _refused(request, str(error))
    messages.success(request, "The folder is removed; its workflows are in none now.")
    return redirect("workflow-list")


def _give_rights(request: HttpRequest, folder_id: int) -> str:
    """Replaces what a folder names, by the names that a person wrote, with commas or in lines."""
    require(request.user, "administer")
    folder = shelf.get_folder(folder_id, request.user)
    rights = {
        act: folder_rights.Names(
            *(split_names(request.POST.get(f"{act}-{kind}", "")) for kind in ("groups", "people"))
        )
        for act in folder_rights.GIVEN
    }
    folder_rights.give(folder, rights, request.user)
    return f"{folder.name}: {folder_rights.words(folder)}"


def split_names(text: str) -> tuple[str, ...]:
    names = (name.strip() for line in text.splitlines() for name in line.split(","))
    return tuple(dict.fromkeys(name for name in names if name))


@require_POST
@page_for("design")
def workflow_duplicate(request: HttpRequest, name: str) -> HttpResponse:
    try:
        saved = shelf.duplicate(name, user=request.user)
    except DesignerError as error:
        return _refused(request, str(error))
    messages.success(request, f"This is a copy of {name}: a draft of its own.")
    return redirect("workflow-edit", saved.name)


@require_POST
@page_for("design")
def workflow_archive(request: HttpRequest, name: str) -> HttpResponse:
    """Archives a workflow, or brings it back where `act` says so."""
    if request.POST.get("act") == "bring_back":
        return _do(request, lambda: f"{name} is back." if shelf.bring_back([name], request.user) else "")
    archived = f"{name} is archived: it starts no runs. Its runs stay."
    return _do(request, lambda: archived if shelf.archive([name], request.user) else "")


@require_POST
@page_for("design")
def workflow_delete(request: HttpRequest, name: str) -> HttpResponse:
    try:
        shelf.delete_draft(name)
    except DesignerError as error:
        return _refused(request, str(error))
    messages.success(request, f"The draft {name} is deleted.")
    return redirect("workflow-list")


@require_POST
@page_for("view")
def workflow_favour(request: HttpRequest, name: str) -> HttpResponse:
    """Makes a workflow a favourite of the person, or no more."""
    change = shelf.disfavour if request.POST.get("act") == "remove" else shelf.favour
    try:
        change(name, request.user)
    except DesignerError as error:
        return _refused(request, str(error))
    return redirect(_back(request))


def _do(request: HttpRequest, act: Callable[[], str]) -> HttpResponse:
    try:
        said = act()
    except DesignerError as error:
        return _refused(request, str(error))
    if said:
        messages.success(request, said)
    return redirect(_back(request))


def _refused(request: HttpRequest, message: str) -> HttpResponse:
    messages.error(request, message)
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """The page that the form stood on."""
    back = request.POST.get("back", "")
    is_here = url_has_allowed_host_and_scheme(back, None) and back.startswith("/workflows/")
    return back if is_here else reverse("workflow-list")
