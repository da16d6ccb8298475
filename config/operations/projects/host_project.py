"""A Django project beside the product: its models for workers, in its own database, which is never migrated.

`HOST_APPS` names the project's apps and `HOST_DATABASE_URL` their database, which has the alias `host`. The
project alone migrates it, and its models stay out of the product's admin.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.db.models.signals import pre_migrate

from config.lib.commands import Refused

HOST = "host"


class HostRouter:
    """Django's router: models of the project are read and written in its database, and nothing else is.

    A model that a row of the project leads to, such as its `auth.User`, is read there as well.
    """

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        return HOST if _is_host(model) or _leads_from_host(hints) else None

    db_for_write = db_for_read

    def allow_relation(self, first: Model, second: Model, **hints: Any) -> bool | None:
        return True if _is_host(type(first)) or _is_host(type(second)) else None

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if db == HOST or app_label in settings.HOST_APPS else None


def begin() -> None:
    """Takes the project's models out of the admin, and has `migrate --database host` refused."""
    if settings.HOST_APPS:
        for model in [model for model in admin.site._registry if _is_host(model)]:
            admin.site.unregister(model)
        pre_migrate.connect(_refuse_host, dispatch_uid="host_project")


def _refuse_host(using: str, **more: Any) -> None:
    if using == HOST:
        raise Refused(
            "the database at HOST_DATABASE_URL belongs to the host project, which migrates it itself"
        )


def _is_host(model: type[Model]) -> bool:
    return model._meta.app_label in settings.HOST_APPS


def _leads_from_host(hints: dict[str, Any]) -> bool:
    instance = hints.get("instance")
    return instance is not None and instance._state.db == HOST
