"""What stays of people whose account is deleted: their name, wherever it says what they did.

A foreign key to users that names who did something is paired with a column `<name>_name`. It is empty while
the account exists, and gets the username in the transaction that deletes it; `name_of` reads either. Entries
of the admin's log, which Django deletes with their user, are copied into `KeptLogEntry`.
"""

from __future__ import annotations

from typing import Any

from django.db import models

SUFFIX = "_name"
NAME_LENGTH_MAX = 150  # as Django's usernames
ROWS_PER_INSERT = 500


def kept_name() -> models.CharField[str | None, str | None]:
    """The column beside a foreign key to users; NULL, so that no table is written anew to get it."""
    return models.CharField(max_length=NAME_LENGTH_MAX, null=True, blank=True, editable=False)


def name_of(row: models.Model, field: str) -> str:
    """The username behind the foreign key `field`, also after the account is deleted; empty without one."""
    user = getattr(row, field)
    return str(user.get_username()) if user else getattr(row, field + SUFFIX) or ""


def keys_with_names(user_model: type[models.Model]) -> list[models.ForeignKey[Any, Any]]:
    """The foreign keys to users that have a column for the name."""
    relations = user_model._meta.get_fields(include_hidden=True)
    keys = [relation.field for relation in relations if isinstance(relation, models.ManyToOneRel)]
    return [key for key in keys if any(field.name == key.name + SUFFIX for field in key.model._meta.fields)]


def keep(sender: type[models.Model], instance: Any, **signal: Any) -> None:
    """Receiver of `pre_delete` of users; Django sends it within the transaction that deletes."""
    from django.contrib.admin.models import LogEntry

    from config.accounts.models import KeptLogEntry

    name = instance.get_username()
    for key in keys_with_names(sender):
        key.model._base_manager.filter(**{key.name: instance}).update(**{key.name + SUFFIX: name})
    entries = (
        KeptLogEntry(
            by=name,
            at=entry.action_time,
            flag=entry.action_flag,
            content_type=entry.content_type,
            object_id=entry.object_id,
            object_repr=entry.object_repr,
            text=entry.get_change_message(),
        )
        for entry in LogEntry.objects.filter(user=instance).select_related("content_type").iterator()
    )
    KeptLogEntry.objects.bulk_create(entries, batch_size=ROWS_PER_INSERT)
