"""Rights of folders: who may see, design and operate the workflows in them, and the runs of these.

A folder names groups and people for an act. Where it names any, all others may not do the act there, whatever
their role; it never gives what the role does not. Who may not see a folder may not design or operate there
either. Administrators may everything. Runs belong to the folder of their workflow, by its name: those of
bodies to that of the run around them, child runs to their own.

Every function takes the person. None is the product itself, and a text the name under which a command acts;
to these no right applies. What a person may not do is read once and kept on the user object, as Django keeps
permissions: one query of a small table where no folder has rights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.dispatch import Signal

from config.accounts.former_people import name_of
from config.accounts.permissions import ACTS, FOLDER_ACTS, Act, Named, may, name_by
from designer.errors import DesignerError, UnknownWorkflow
from designer.models import Folder, FolderRight, Workflow

GIVEN: tuple[Act, ...] = ("view", "design", "operate")
NAMED_MAX = 100  # groups and people of one act of a folder
NONE: frozenset[int] = frozenset()
KEPT_ON_USER = "_barred_folders"

rights_changed = Signal()
"""Sent after the rights of a folder or the place of a workflow have changed."""

Barred = Mapping[Act, frozenset[int]]
Row = TypeVar("Row", bound=Model)


class BadRights(DesignerError):
    """These rights cannot be given."""

    status = 422
    code = "bad_rights"


# --- what a person may do ---


def barred(user: Any, act: Act) -> frozenset[int]:
    """The ids of the folders in which a person may not do `act`, whatever the role says."""
    if user is None or isinstance(user, str):
        return NONE
    known: Barred | None = getattr(user, KEPT_ON_USER, None)
    if known is None:
        known = _read(user)
        setattr(user, KEPT_ON_USER, known)
    return known.get(act, NONE)


def _read(user: Any) -> Barred:
    stated = set(FolderRight.objects.order_by().values_list("folder_id", "act").distinct())
    if not stated or _is_administrator(user):
        return {}
    own = FolderRight.objects.filter(Q(user=user.pk) | Q(group__user=user.pk)) if user.pk else None
    stated -= set() if own is None else set(own.order_by().values_list("folder_id", "act"))
    by_act = {act: frozenset(folder for folder, of in stated if of == act) for act in GIVEN}
    return {act: by_act[act] | by_act["view"] for act in GIVEN}


def _is_administrator(user: Any) -> bool:
    """Whether the person is one; a token of theirs with a smaller role sees no less for that."""
    return bool(getattr(user, "is_active", False)) and user.has_perm("config.administer")


def left_by(user: Any, folder_id: int | None) -> frozenset[Act]:
    """The acts that a folder leaves to a person; all of them outside of folders."""
    return frozenset(act for act in ACTS if act not in GIVEN or folder_id not in barred(user, act))


def may_in(user: Any, act: Act, folder_id: int | None) -> bool:
    """Whether a person may do `act` with the workflows of a folder, by the role and by the folder."""
    return may(user, act) and folder_id not in barred(user, act)


def require_in(user: Any, act: Act, folder_id: int | None, name: str) -> None:
    """Raises PermissionDenied where the folder, called `name` in the message, bars the act."""
    if folder_id in barred(user, act):
        raise PermissionDenied(
            f"{name}: its folder does not let you {FOLDER_ACTS[act]}. Ask an administrator."
        )


def acts_with(user: Any, name: str) -> frozenset[Act]:
    """The acts that the folder of the workflow `name` leaves to a person; all where there is none."""
    if not any(barred(user, act) for act in GIVEN):
        return frozenset(ACTS)
    return left_by(user, Workflow.every.filter(name=name).values_list("folder_id", flat=True).first())


def require_workflow(user: Any, act: Act, name: str) -> None:
    """Checks a workflow that a person names elsewhere than in the address.

    Raises UnknownWorkflow where it may not be seen, else PermissionDenied.
    """
    acts = acts_with(user, name)
    if "view" not in acts:
        raise UnknownWorkflow(name)
    if act not in acts:
        raise PermissionDenied(
            f"{name}: its folder does not let you {FOLDER_ACTS[act]}. Ask an administrator."
        )


# --- filters of lists ---


def names_in(folders: frozenset[int]) -> QuerySet[Any, Any]:
    """The names of the workflows in folders, for a subquery."""
    return Workflow.every.filter(folder__in=folders).order_by().values("name")


def without(rows: QuerySet[Row], folders: frozenset[int], column: str = "workflow_name") -> QuerySet[Row]:
    """Rows without those whose workflow is in one of the folders. `column` holds a workflow's name."""
    return rows.exclude(**{f"{column}__in": names_in(folders)}) if folders else rows


def seen(rows: QuerySet[Row], user: Any, column: str = "workflow_name", act: Act = "view") -> QuerySet[Row]:
    """The rows that a person may see, or may do `act` with; the same query where no folder bars them."""
    return without(rows, barred(user, act), column)


def sees_all(user: Any, act: Act = "view") -> bool:
    """Whether no folder bars the act: what concerns all workflows at once may be told this person."""
    return not barred(user, act)


def require_all(user: Any) -> None:
    """Raises PermissionDenied where a folder is hidden from the person: for what shows all runs alike."""
    if not sees_all(user):
        raise PermissionDenied("This shows runs of all workflows, and not all of them are for you to see.")


def seen_names(user: Any, names: set[str]) -> set[str]:
    """Those of the names that are of no workflow which the person may not see."""
    hidden = barred(user, "view")
    return (
        names - set(names_in(hidden).filter(name__in=names).values_list("name", flat=True))
        if hidden
        else names
    )


def hidden_names(user: Any) -> frozenset[str]:
    """The names of the workflows that a person may not see."""
    hidden = barred(user, "view")
    return frozenset(names_in(hidden).values_list("name", flat=True)) if hidden else frozenset()


def folders_by_name(names: set[str]) -> dict[str, int | None]:
    """The folder of each workflow, by its name; None for one in no folder."""
    return dict(Workflow.every.filter(name__in=names).values_list("name", "folder_id"))


def closed_folders() -> frozenset[int]:
    """The folders that not everybody may see."""
    rows = FolderRight.objects.filter(act="view").order_by()
    return frozenset(rows.values_list("folder_id", flat=True).distinct())


def closed_names(names: set[str]) -> set[str]:
    """Those of the names that are of workflows in closed folders."""
    closed = closed_folders() if names else NONE
    rows = names_in(closed).filter(name__in=names) if closed else Workflow.every.none()
    return set(rows.values_list("name", flat=True))


# --- what a folder names ---


@dataclass(frozen=True, slots=True)
class Names:
    """Groups and people of one act, by name. `gone`: those that were deleted, which still close it."""

    groups: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.groups or self.people or self.gone)


def rights_of(folder: Folder) -> dict[Act, Names]:
    """What a folder names, by act."""
    rows = list(folder.rights.select_related("group", "user"))
    return {act: _names([row for row in rows if row.act == act]) for act in GIVEN}


def _names(rows: list[FolderRight]) -> Names:
    gone = (row.group_name or name_of(row, "user") for row in rows if not (row.group or row.user))
    return Names(
        tuple(sorted(row.group.name for row in rows if row.group)),
        tuple(sorted(row.user.get_username() for row in rows if row.user)),
        tuple(sorted(gone)),
    )


def give(folder: Folder, rights: Mapping[Act, Names], by: Any) -> None:
    """Replaces what a folder names; an act that is left out keeps what it has. `gone` is not read.

    Raises BadRights for unknown names and too many. The caller checks that `by` may administer.
    """
    rows = [row for act, names in rights.items() for row in _rows(folder, act, names)]
    with transaction.atomic():
        Folder.objects.select_for_update().get(pk=folder.pk)
        FolderRight.objects.filter(folder=folder, act__in=list(rights)).delete()
        FolderRight.objects.bulk_create(rows)
        announce()
        if getattr(by, "pk", None):
            folders = Folder.objects.filter(pk=folder.pk)
            LogEntry.objects.log_actions(by.pk, folders, CHANGE, words(folder), single_object=True)


def announce() -> None:
    """Says, once it is committed, that what people may see has changed."""
    transaction.on_commit(lambda: rights_changed.send(sender=Folder))


def _rows(folder: Folder, act: Act, names: Names) -> list[FolderRight]:
    groups = {group.name: group for group in Group.objects.filter(name__in=names.groups)}
    users = get_user_model().objects.filter(username__in=names.people)
    people: dict[str, Any] = {user.get_username(): user for user in users}
    unknown = [*(set(names.groups) - set(groups)), *(set(names.people) - set(people))]
    if unknown:
        raise BadRights(f"There is no group or person called {min(unknown)!r:.80}.")
    if len(groups) + len(people) > NAMED_MAX:
        raise BadRights(f"A folder names at most {NAMED_MAX} groups and people for an act.")
    return [
        *(
            FolderRight(folder=folder, act=act, group=groups[name], group_name=name)
            for name in sorted(groups)
        ),
        *(FolderRight(folder=folder, act=act, user=people[name]) for name in sorted(people)),
    ]


def words(folder: Folder) -> str:
    """The rights of a folder in a sentence, for the audit."""
    parts = [
        f"{act}: {', '.join((*names.groups, *names.people, *names.gone))}"
        for act, names in rights_of(folder).items()
        if names
    ]
    return f"Rights: {'; '.join(parts) or 'everybody whose role allows it'}."


# --- addresses ---


def _of_workflow(user: Any, parts: Mapping[str, Any]) -> Named | None:
    return named(user, parts["name"], UnknownWorkflow(parts["name"]))


def named(user: Any, workflow: str, missing: Any) -> Named | None:
    """What an address names that leads to a workflow, or to a run of it."""
    acts = acts_with(user, workflow)
    return None if len(acts) == len(ACTS) else Named(acts, missing)


def name_addresses() -> None:
    """Called once, when the app is ready."""
    name_by("workflows/{name}", _of_workflow)
