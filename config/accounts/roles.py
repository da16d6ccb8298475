"""Roles as groups with permissions, and the roles of users.

`is_staff` is derived from the groups: true for users who may operate. Only Django's admin and RQ's pages
read it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps.registry import Apps
from django.apps.registry import apps as installed
from django.contrib.auth.models import Group, User

from config.accounts.permissions import ACTS, ROLES, Act, Role


def make_groups(apps: Apps = installed, **signal: Any) -> None:
    """Brings the groups of the roles up to date; `migrate` calls it.

    Of the board's own permissions, a group has those that `ROLES` says, whatever an older release or an
    administrator gave it. Its other permissions stay.
    """
    groups = apps.get_model("auth", "Group").objects
    permissions = _permissions(apps)
    for role, acts in ROLES.items():
        group, _ = groups.get_or_create(name=role.value.title())
        wanted = {permissions[act].pk for act in acts}
        own = group.permissions.filter(content_type__app_label="config", content_type__model="board")
        held = set(own.values_list("pk", flat=True))
        if held != wanted:
            group.permissions.remove(*held - wanted)
            group.permissions.add(*wanted - held)
            _set_staff(apps, group.user_set.values_list("pk", flat=True))


def _permissions(apps: Apps) -> dict[Act, Any]:
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="config", model="board"
    )
    permissions = apps.get_model("auth", "Permission").objects
    return {
        act: permissions.get_or_create(content_type=kind, codename=act, defaults={"name": f"May {meaning}"})[
            0
        ]
        for act, meaning in ACTS.items()
    }


GROUPS = tuple(role.value.title() for role in Role)
"""The names of the groups that are roles."""


def give(user: User, *roles: Role, groups: Iterable[Group] = ()) -> None:
    """Sets the roles of a user, and the groups that are no roles; others are removed."""
    of_roles = Group.objects.filter(name__in=[role.value.title() for role in roles])
    user.groups.set([*of_roles, *groups])


def add(user: User, role: Role) -> None:
    user.groups.add(Group.objects.get(name=role.value.title()))


def of(user: User) -> list[Role]:
    names = set(user.groups.values_list("name", flat=True))
    return [role for role in Role if role.value.title() in names]


def follow_groups(action: str, instance: Any, pk_set: Iterable[int] | None, **signal: Any) -> None:
    """Receiver of `m2m_changed`: derives `is_staff` when users' groups or a group's users change.

    A superuser stays staff.
    """
    if action not in ("post_add", "post_remove", "post_clear"):
        return
    keys = [instance.pk] if isinstance(instance, User) else list(pk_set or [])
    _set_staff(installed, keys)
    if isinstance(instance, User):
        instance.refresh_from_db(fields=["is_staff"])
        for name in ("_perm_cache", "_user_perm_cache", "_group_perm_cache"):  # Django's, on the object
            if hasattr(instance, name):
                delattr(instance, name)


def _set_staff(apps: Apps, keys: Iterable[int]) -> None:
    """Sets `is_staff` of these users by what their groups may."""
    users = apps.get_model("auth", "User").objects
    operators = users.filter(
        groups__permissions__content_type__app_label="config", groups__permissions__codename="operate"
    )
    touched = users.filter(pk__in=list(keys), is_superuser=False)
    touched.filter(pk__in=operators.values("pk")).update(is_staff=True)
    touched.exclude(pk__in=operators.values("pk")).update(is_staff=False)
