"""Opens connections and secrets for the worker that uses them, at the moment of use.

Whatever is secret is concealed in the step's reports before it is handed out. Nothing is cached: a secret's
new value is used from the next call on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from channels.db import database_sync_to_async
from django.db import models
from django.utils import timezone

from config.lib.secrets import CannotOpen, unseal
from config.sealing_keys import sealing_keys
from workers.connections import service
from workers.connections.errors import NotOpened
from workers.connections.models import Connection, Secret
from workers.sdk.handle import StepHandle

USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Opened:
    """A connection with its secret."""

    name: str
    kind: str
    address: str
    auth: str = "none"
    username: str = ""
    parameter: str = ""
    token_url: str = ""
    scope: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    secret: str = field(default="", repr=False)
    revision: int = 0


def open_secret(name: str, step: StepHandle | None = None) -> str:
    """The value of a secret. Raises UnknownSecret, NotOpened."""
    secret = service.find_secret(name)
    value = _value(secret)
    if step is not None:
        step.conceal(value)
    _note_use(secret)
    return value


def open_connection(name: str, kind: str, step: StepHandle | None = None) -> Opened:
    """A connection of one kind with its secret. Raises UnknownConnection, NotOpened."""
    connection = service.find(name)
    if connection.kind != kind:
        is_kind = connection.get_kind_display()
        raise NotOpened(f"The connection {name} is of another kind ({is_kind}); this step needs {kind}.")
    secret = _value(connection.secret) if connection.secret else ""
    if step is not None and secret:
        step.conceal(secret)
    _note_use(connection)
    if connection.secret:
        _note_use(connection.secret)
    names = ("name", "kind", "address", "auth", "username", "parameter", "token_url", "scope", "headers")
    values: dict[str, Any] = {name: getattr(connection, name) for name in names}
    return Opened(**values, secret=secret, revision=connection.revision)


async def open_connection_async(name: str, kind: str, step: StepHandle | None = None) -> Opened:
    """As `open_connection`; its thread keeps no connection to the database."""
    opened: Opened = await database_sync_to_async(open_connection)(name, kind, step)
    return opened


async def open_secret_async(name: str, step: StepHandle | None = None) -> str:
    """As `open_secret`; its thread keeps no connection to the database."""
    value: str = await database_sync_to_async(open_secret)(name, step)
    return value


def _value(secret: Secret) -> str:
    try:
        return str(unseal(secret.sealed, sealing_keys(), service.secret_place(secret.name).__eq__))
    except CannotOpen as error:
        raise NotOpened(f"The secret {secret.name} cannot be opened: {error}") from error


def _note_use(row: Connection | Secret) -> None:
    """Stores the last use to within USE_NOTED_EVERY: a busy row is not written with each call."""
    now = timezone.now()
    if row.used_at is None or row.used_at < now - USE_NOTED_EVERY:
        outdated = models.Q(used_at=None) | models.Q(used_at__lt=now - USE_NOTED_EVERY)
        type(row)._default_manager.filter(outdated, pk=row.pk).update(used_at=now)
