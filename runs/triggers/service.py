"""Trigger service: creates, changes and removes triggers. Of a webhook's token only a hash is kept."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from designer.models import Workflow
from designer.services.queries import find_version
from runs.engine.creation import Request, sealed
from runs.errors import TriggerRefused, UnknownTrigger
from runs.models import Trigger
from runs.store import reader
from runs.triggers.incoming.deliveries import BODY
from runs.triggers.schedules.times import Times
from runs.triggers.spec import FIELDS, TriggerSpec, problems_of, spec_of

TRIGGERS_MAX = 50  # of a workflow
SUBSCRIBERS_MAX = 200  # of a type of event
MARK = "hook_"
SECRET_BYTES = 32
TOKEN = re.compile(r"hook_[A-Za-z0-9_-]{20,90}", re.ASCII)
TOKEN_START_CHARS = 10


def create(workflow: Workflow, kind: str, spec: TriggerSpec, user: Any = None) -> tuple[Trigger, str]:
    """Creates a trigger; returns it and a webhook's token, which is not stored. Raises TriggerRefused."""
    if workflow.triggers.count() >= TRIGGERS_MAX:
        raise TriggerRefused(f"{workflow.name} has {TRIGGERS_MAX} triggers already; remove one first.")
    trigger = Trigger(workflow=workflow, kind=kind, created_by=user)
    _set(trigger, spec)
    token = _give_token(trigger) if kind == Trigger.Kind.HOOK else ""
    with transaction.atomic():
        _save(trigger)
        log(trigger, user, ADDITION, "made")
    return trigger, token


def change(trigger: Trigger, user: Any = None, **changes: Any) -> Trigger:
    """Changes fields of `TriggerSpec`; a schedule continues from now. Raises TriggerRefused."""
    _set(trigger, replace(spec_of(trigger), **changes))
    with transaction.atomic():
        _save(trigger)
        what = f"changed {', '.join(sorted(changes)) or 'nothing'}"
        if changes.keys() == {"is_enabled"}:
            what = "switched on" if changes["is_enabled"] else "switched off"
        log(trigger, user, CHANGE, what)
    return trigger


def remove(trigger: Trigger, user: Any = None) -> None:
    with transaction.atomic():
        log(trigger, user, DELETION, "removed")
        trigger.delete()


def log(trigger: Trigger, user: Any, flag: int, what: str) -> None:
    """Writes the audit log, without inputs and tokens."""
    if getattr(user, "pk", None):
        triggers = Trigger.objects.filter(pk=trigger.pk)
        message = f"Trigger of {trigger.workflow.name} {what}."
        LogEntry.objects.log_actions(user.pk, triggers, flag, message, single_object=True)


def rotate(trigger: Trigger, user: Any = None) -> str:
    """Replaces a webhook's token and returns the new one. Raises TriggerRefused."""
    if trigger.kind != Trigger.Kind.HOOK:
        raise TriggerRefused("Only a webhook has a token.")
    token = _give_token(trigger)
    with transaction.atomic():
        trigger.save(update_fields=["token_hash", "token_start"])
        log(trigger, user, CHANGE, "given a new address")
    return token


def find(workflow: str, pk: int) -> Trigger:
    """The trigger `pk` of a workflow. Raises UnknownTrigger."""
    trigger = of_workflow(workflow).filter(pk=pk).first()
    if trigger is None:
        raise UnknownTrigger(f"{workflow} has no trigger {pk}.")
    return trigger


def of_workflow(name: str) -> QuerySet[Trigger]:
    return Trigger.objects.select_related("workflow", "created_by").filter(workflow__name=name)


def hook_of(token: str) -> Trigger:
    """The webhook of a token. Raises UnknownTrigger."""
    is_token = TOKEN.fullmatch(token) is not None
    hooks = Trigger.objects.select_related("workflow").filter(
        kind=Trigger.Kind.HOOK, is_enabled=True, token_hash=_digest(token) if is_token else ""
    )
    trigger = hooks.first()
    if trigger is None:
        raise UnknownTrigger("There is no such webhook, or it is switched off.")
    return trigger


def due(at: datetime) -> QuerySet[Trigger]:
    """Schedules with a due time, and folders that are to be looked at, the oldest first."""
    return Trigger.objects.filter(due_at__lte=at).order_by("due_at")


def put_off(pk: int, until: datetime) -> None:
    """Has the scheduler look at a trigger later; its time stays due."""
    Trigger.objects.filter(pk=pk, due_at__lt=until).update(due_at=until)


def times_of(trigger: Trigger) -> Times:
    return Times(trigger.cron, trigger.every, trigger.at, trigger.zone or "UTC")


def previewed(cron: str, every: int | None, at: datetime | None, zone: str) -> Times:
    """A schedule that is not saved. Raises TriggerRefused with what is wrong."""
    spec = tidy(Trigger.Kind.SCHEDULE, TriggerSpec(cron=cron, every=every, at=at, zone=zone))
    return Times(spec.cron, spec.every, spec.at, spec.zone)


def tidy(kind: str, spec: TriggerSpec) -> TriggerSpec:
    """The spec as it is stored. Raises TriggerRefused with what is wrong."""
    delivery = spec.delivery.strip()
    spec = replace(
        spec,
        name=spec.name.strip(),
        when=spec.when.strip(),
        headers=[name.strip().lower() for name in spec.headers],
        delivery=delivery if delivery.startswith(BODY) else delivery.lower(),
        folder=spec.folder.strip().strip("/"),
    )
    if kind == Trigger.Kind.SCHEDULE and spec.every is not None and spec.at is None:
        spec = replace(spec, at=reader.now().replace(microsecond=0))
    problems = problems_of(kind, spec)
    if problems:
        raise TriggerRefused(f"{problems[0]['path']}: {problems[0]['message']}", problems)
    return replace(spec, at=spec.at.astimezone(UTC)) if spec.at else spec


def _set(trigger: Trigger, spec: TriggerSpec) -> None:
    spec = tidy(trigger.kind, spec)
    for name in FIELDS[trigger.kind]:
        setattr(trigger, name, getattr(spec, name))
    trigger.is_enabled = spec.is_enabled
    if trigger.kind == Trigger.Kind.SCHEDULE:
        # Secrets are sealed, and the input is checked, as soon as there is a version that says how.
        version = find_version(trigger.workflow)
        trigger.input = sealed(Request(version, spec.input, {})).input if version else dict(spec.input)
        trigger.next_at = times_of(trigger).after(reader.now()) if trigger.is_enabled else None
        trigger.due_at, trigger.waited_at = trigger.next_at, None
        if trigger.is_enabled and trigger.next_at is None:
            problem = {"code": "bad_trigger", "path": "at", "message": "this time is over; state a later one"}
            raise TriggerRefused("at: this time is over; state a later one", [problem])
    elif trigger.kind == Trigger.Kind.FILE:
        trigger.due_at = reader.now() if trigger.is_enabled else None


def _give_token(trigger: Trigger) -> str:
    token = MARK + secrets.token_urlsafe(SECRET_BYTES)
    trigger.token_hash, trigger.token_start = _digest(token), token[:TOKEN_START_CHARS]
    return token


def _save(trigger: Trigger) -> None:
    others = Trigger.objects.filter(kind=Trigger.Kind.EVENT, event_type=trigger.event_type)
    if trigger.kind == Trigger.Kind.EVENT and others.exclude(pk=trigger.pk).count() >= SUBSCRIBERS_MAX:
        raise TriggerRefused(f"{SUBSCRIBERS_MAX} workflows are started by {trigger.event_type} already.")
    try:
        with transaction.atomic():
            trigger.save()
    except IntegrityError as error:
        message = f"{trigger.workflow.name} has a trigger for {trigger.event_type} already"
        problem = {"code": "bad_trigger", "path": "event_type", "message": message}
        raise TriggerRefused(f"{message}.", [problem]) from error


def _digest(token: str) -> str:
    """The stored hash of a token; 256 random bits need no salt and no slow hash."""
    return sha256(token.encode()).hexdigest()
