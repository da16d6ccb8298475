"""What came by triggers: the last calls of each, and when it was used last and why that started nothing.

A webhook's call, a schedule's time and a file each leave a row; the last KEPT_MAX of a trigger are kept.
Calls whose sender was not verified are counted apart, so that nobody can push the others out. What a call
brought is kept sealed, up to CONTENT_BYTES_MAX, so that it can be replayed; it is never shown.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q, QuerySet, Subquery

from config.lib.secrets import CannotOpen, seal, unseal
from runs.errors import NotForUs, RunsError, UnknownCall, Unreplayable, WorkflowFull
from runs.machine.limits import FILE_NAME_LENGTH_MAX, REASON_LENGTH_MAX
from runs.machine.states import RUN_STARTED
from runs.models import Run, Trigger, TriggerCall
from runs.store import reader

KEPT_MAX = 100
UNVERIFIED_KEPT_MAX = 20
CONTENT_BYTES_MAX = 64_000
USE_NOTED_EVERY = timedelta(seconds=10)

Outcome = TriggerCall.Outcome


@dataclass(frozen=True)
class Incoming:
    """A webhook's call, as it came. Header names are in lower case."""

    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None

    @property
    def size(self) -> int:
        return len(self.body)


def note_use(trigger: Trigger, error: RunsError | None = None) -> None:
    """Stores the last use to within USE_NOTED_EVERY: a busy trigger's row is not written with every run."""
    counter = {WorkflowFull: "passed_over", NotForUs: "skipped"}.get(type(error)) if error else None
    if counter:
        Trigger.objects.filter(pk=trigger.pk).update(**{counter: F(counter) + 1})
    at, refused = reader.now(), str(error)[:REASON_LENGTH_MAX] if error else ""
    is_outdated = Q(used_at=None) | Q(used_at__lt=at - USE_NOTED_EVERY) | ~Q(refused=refused)
    if trigger.used_at is None or trigger.used_at < at - USE_NOTED_EVERY or trigger.refused != refused:
        Trigger.objects.filter(is_outdated, pk=trigger.pk).update(used_at=at, refused=refused)


def note_call(
    trigger: Trigger,
    outcome: TriggerCall.Outcome,
    *,
    status: int | None = None,
    reason: str = "",
    run_id: UUID | None = None,
    source: str | None = None,
    what: str = "",
    size: int = 0,
    content: str = "",
    replay_of: TriggerCall | None = None,
    user: Any = None,
) -> TriggerCall:
    """Adds a call to those of its trigger, and removes what is older than the last ones that are kept."""
    call = TriggerCall.objects.create(
        trigger=trigger,
        at=reader.now(),
        outcome=outcome,
        status=status,
        reason=reason[:REASON_LENGTH_MAX],
        run_id=run_id,
        source=source,
        what=what[:FILE_NAME_LENGTH_MAX],
        size=size,
        content=content,
        replay_of=replay_of.pk if replay_of else None,
        replayed_by=user.get_username() if getattr(user, "pk", None) else "",
    )
    _remove_old(trigger, outcome)
    return call


def _remove_old(trigger: Trigger, outcome: TriggerCall.Outcome) -> None:
    calls = TriggerCall.objects.filter(trigger=trigger).order_by("-pk")
    is_unverified = Q(outcome=Outcome.UNVERIFIED)
    if outcome == Outcome.UNVERIFIED:
        alike, most = calls.filter(is_unverified), UNVERIFIED_KEPT_MAX
    else:
        alike, most = calls.exclude(is_unverified), KEPT_MAX
    if trigger.overlap != Trigger.Overlap.ALLOW:  # by these it is known which runs are under way
        alike = alike.exclude(run_id__in=Run.objects.filter(status__in=RUN_STARTED).values("pk"))
    alike.filter(pk__lte=Subquery(alike.values("pk")[most : most + 1])).order_by()._raw_delete("default")


def of_trigger(trigger: Trigger) -> QuerySet[TriggerCall]:
    """The last calls, the newest first, without what they brought."""
    return TriggerCall.objects.filter(trigger=trigger).order_by("-pk")


def find_call(trigger: Trigger, pk: int) -> TriggerCall:
    """Raises UnknownCall."""
    call = of_trigger(trigger).filter(pk=pk).first()
    if call is None:
        raise UnknownCall
    return call


def sealed_content(trigger: Trigger, incoming: Incoming, secret_headers: frozenset[str]) -> str:
    """What a call brought, as it is kept; empty if that is too much."""
    headers = {name: value for name, value in incoming.headers.items() if name not in secret_headers}
    size = len(incoming.body) + sum(len(name) + len(value) for name, value in headers.items())
    if size > CONTENT_BYTES_MAX:
        return ""
    document = {
        "headers": headers,
        "query": dict(incoming.query),
        "body": base64.b64encode(incoming.body).decode(),
    }
    return seal(document, settings.SECRET_KEY, _place(trigger.pk))


def content_of(call: TriggerCall) -> Incoming:
    """What a call brought. Raises Unreplayable."""
    if not call.content:
        raise Unreplayable("It is not kept what this call brought: it was not verified, or too large.")
    try:
        document = unseal(call.content, settings.SECRET_KEY, _place(call.trigger_id).__eq__)
    except CannotOpen as error:
        raise Unreplayable(f"What this call brought cannot be opened: {error}") from error
    return Incoming(document["headers"], base64.b64decode(document["body"]), document["query"], call.source)


def _place(trigger_id: int) -> tuple[str, ...]:
    return "call", str(trigger_id)
