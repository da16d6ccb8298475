"""Putting a start into the outbox, inside the transaction that it belongs to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import router, transaction
from django.utils import timezone

from . import options

if TYPE_CHECKING:
    from .models import Start


class KeyReused(ValueError):
    """The key belongs to another start: give each run a key of its own."""

    def __init__(self, workflow: str, key: str) -> None:
        super().__init__(
            f"{key!r} was enqueued for {workflow!r} before with another input; give each run a key of its own"
        )


def enqueue_start(
    workflow: str,
    input: Mapping[str, Any],
    key: str,
    *,
    labels: Mapping[str, str] | None = None,
    group: str = "",
    using: str | None = None,
) -> Start:
    """Enqueues a run of `workflow`; it is started if the surrounding transaction commits, and only then.

    `key` names the run for ever: enqueued again with the same input it is the same start, with another input
    KeyReused is raised. Starts of one `group` are sent one after the other, in the order of their ids.
    `using`: the database of the transaction, where it is not the one that routers choose. Raises
    TransactionManagementError outside of `transaction.atomic()`, and ValueError for a workflow or key that
    the board would not take.
    """
    from .models import GROUP_CHARS_MAX, KEY_CHARS_MAX, WORKFLOW_CHARS_MAX, Start

    alias = using or router.db_for_write(Start)
    if not transaction.get_connection(alias).in_atomic_block:
        raise transaction.TransactionManagementError(
            "enqueue_start belongs into the transaction.atomic() of what the run is about"
        )
    _check("workflow", workflow, WORKFLOW_CHARS_MAX)
    _check("key", key, KEY_CHARS_MAX)
    group = group or f"{workflow} {key}"
    _check("group", group, GROUP_CHARS_MAX)
    values = {"input": _as_json(dict(input)), "labels": dict(labels or {}), "group": group}
    starts = Start.objects.using(alias)
    found: Start
    found, is_new = starts.get_or_create(workflow=workflow, key=key, defaults={**values, **_times()})
    if not is_new and found.input != values["input"]:
        raise KeyReused(workflow, key)
    return found


def _times() -> dict[str, datetime]:
    now = timezone.now()
    return {"due_at": now, "created_at": now, "give_up_at": now + options.give_up_after()}


def _check(name: str, text: str, most: int) -> None:
    if not 0 < len(text) <= most or not text.isprintable():
        raise ValueError(f"{name} is a text of 1 to {most} printable characters, not {text!r:.100}")


def _as_json(value: Any) -> Any:
    """The value as the database gives it back: dates and decimals are texts. Raises TypeError."""
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder, allow_nan=False))
