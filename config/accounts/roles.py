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
    """Makes the groups and permissions that are missing; one that an administrator changed stays."""
    groups = apps.get_model("auth", "Group").objects
    permissions = _permissions(apps)
    for role, acts in ROLES.items():
        group, is_new = groups.get_or_create(name=role.value.title())
        if is_new:
            group.permissions.set([permissions[act] for act in acts])


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


def give(user: User, *roles: Role) -> None:
    """Sets the roles of a user; other roles are removed."""
    user.groups.set(Group.objects.filter(name__in=[role.value.title() for role in roles]))


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
    operators = User.objects.filter(
        groups__permissions__content_type__app_label="config", groups__permissions__codename="operate"
    )
    touched = User.objects.filter(pk__in=keys, is_superuser=False)
    touched.filter(pk__in=operators.values("pk")).update(is_staff=True)
    touched.exclude(pk__in=operators.values("pk")).update(is_staff=False)
    if isinstance(instance, User):
        instance.refresh_from_db(fields=["is_staff"])
        _forget_permissions(instance)


def _forget_permissions(user: User) -> None:
    """Drops the permissions that Django caches on the user object."""
    for name in ("_perm_cache", "_user_perm_cache", "_group_perm_cache"):
        if hasattr(user, name):
            delattr(user, name)
