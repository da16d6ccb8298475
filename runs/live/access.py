"""The right to watch, checked when a socket opens, when users or sessions change, and every few seconds.

A socket outlives the request that opened it, so the person behind it is read from the database at each check.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from importlib import import_module
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user, get_user_model
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group
from django.contrib.sessions.models import Session
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.http import HttpRequest

from config.accounts.permissions import may
from designer.services.folder_rights import barred, folders_by_name, rights_changed
from runs.delivery import hints
from runs.models import Run

Person = tuple[str, Any, Callable[[], Any] | None]
"""Key of the session ("" without one), key of the user, and for a token the call that checks it again."""


def person_of(scope: dict[str, Any]) -> Person:
    session = scope.get("session")
    return (
        getattr(session, "session_key", None) or "",
        getattr(scope.get("user"), "pk", None),
        scope.get("reauthenticate"),
    )


def watching(people: Collection[Person]) -> dict[Person, frozenset[int]]:
    """Returns those of `people` that may watch now, each with the folders that are hidden from them."""
    users = ((person, user_of(*person)) for person in people)
    return {person: barred(user, "view") for person, user in users if may(user, "view")}


def hidden_from(user: Any) -> frozenset[int] | None:
    """Returns the folders that are hidden from a user; None where they may watch nothing at all."""
    return barred(user, "view") if may(user, "view") else None


def folders_of(run_ids: Collection[UUID]) -> dict[UUID, int | None]:
    """Returns the folder of each run: that of its workflow, by its name."""
    names = dict(Run.objects.filter(pk__in=run_ids).values_list("pk", "workflow_name"))
    folders = folders_by_name(set(names.values()))
    return {run_id: folders.get(name) for run_id, name in names.items()}


def user_of(
    session_key: str, user_pk: Any, reauthenticate: Callable[[], Any] | None
) -> AbstractBaseUser | AnonymousUser:
    """Returns the user as the database has it now; an anonymous one after signing out."""
    if reauthenticate is not None:
        return reauthenticate() or AnonymousUser()
    if not session_key:
        return get_user_model().objects.filter(pk=user_pk).first() or AnonymousUser()
    store = import_module(settings.SESSION_ENGINE).SessionStore
    request = HttpRequest()
    request.session = store(session_key)
    return get_user(request)


def _changed(sender: Any, **kwargs: Any) -> None:
    if kwargs.get("update_fields") != frozenset({"last_login"}):  # signing in takes no right away
        hints.people_changed()


def listen() -> None:
    """Connects to the signals of all changes of users, groups, sessions and folders that may end a right to
    watch."""
    rights_changed.connect(_changed, dispatch_uid="people-folders")
    user = get_user_model()
    for sender in (user, Group):
        post_save.connect(_changed, sender=sender, dispatch_uid=f"people-{sender.__name__}")
        post_delete.connect(_changed, sender=sender, dispatch_uid=f"people-gone-{sender.__name__}")
    post_delete.connect(_changed, sender=Session, dispatch_uid="people-signed-out")
    for through in (user.groups.through, user.user_permissions.through, Group.permissions.through):
        m2m_changed.connect(_changed, sender=through, dispatch_uid=f"people-{through.__name__}")
