"""Trigger service: creates, changes and removes triggers, and starts the runs that they ask for.

Nothing starts twice: an event, a delivery of a webhook and a schedule's slot each determine the idempotency
key of their run, which is unique in the database. A webhook's token is shown once; only its hash is stored.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.db import IntegrityError, transaction
from django.db.models import OuterRef, QuerySet, Subquery

from config.lib.json_reader import fault_of, json_path
from designer.models import Workflow, WorkflowVersion
from designer.services.queries import find_version, published_versions
from runs.engine import engine
from runs.engine.creation import Request, sealed
from runs.engine.starting import Started
from runs.errors import RunsError, TriggerRefused, UnknownTrigger, UnknownWorkflow
from runs.machine.limits import PRIORITY_MAX, PRIORITY_STANDARD
from runs.models import Trigger
from runs.store import reader
from runs.triggers import debounce, schedules
from runs.triggers.cloudevents import CloudEvent, input_of
from runs.triggers.debounce import Held
from runs.triggers.deliveries import BODY
from runs.triggers.uses import note_use

TRIGGERS_MAX = 50  # of a workflow
SUBSCRIBERS_MAX = 200  # of a type of event
HEADERS_MAX = 20
HEADER_CHARS_MAX = 1_000
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-csrftoken"})
HEADER_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,99}", re.ASCII)
INPUT_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}", re.ASCII)
EVENT_TYPE = re.compile(r"\S{1,200}")
DELIVERY = re.compile(r"[a-z0-9][a-z0-9-]{0,99}|body(\.[A-Za-z0-9_-]{1,60}){1,5}", re.ASCII)
MARK = "hook_"
SECRET_BYTES = 32
TOKEN = re.compile(r"hook_[A-Za-z0-9_-]{20,90}", re.ASCII)
TOKEN_START_CHARS = 10


@dataclass(frozen=True)
class TriggerSpec:
    """The fields of a trigger that a person sets. Fields of other kinds keep their default."""

    event_type: str = ""
    headers: Sequence[str] = ()
    input_key: str = ""
    delivery: str = ""
    cron: str = ""
    zone: str = "UTC"
    input: Mapping[str, Any] = field(default_factory=dict)
    is_enabled: bool = True
    priority: int = PRIORITY_STANDARD


FIELDS: dict[str, tuple[str, ...]] = {
    Trigger.Kind.EVENT: ("event_type", "input_key", "priority"),
    Trigger.Kind.HOOK: ("headers", "input_key", "delivery", "priority"),
    Trigger.Kind.SCHEDULE: ("cron", "zone", "input", "priority"),
}


@dataclass(frozen=True)
class Result:
    """The result of an event for one workflow: a run, an input held back, or why there is none of them."""

    workflow: str
    started: Started | Held | None = None
    error: RunsError | None = None


# --- creating and changing ---


def create(workflow: Workflow, kind: str, spec: TriggerSpec, user: Any = None) -> tuple[Trigger, str]:
    """Creates a trigger; returns it and a webhook's token, which is not stored. Raises TriggerRefused."""
    if workflow.triggers.count() >= TRIGGERS_MAX:
        raise TriggerRefused(f"{workflow.name} has {TRIGGERS_MAX} triggers already; remove one first.")
    trigger = Trigger(workflow=workflow, kind=kind, created_by=user)
    _set(trigger, spec)
    token = _give_token(trigger) if kind == Trigger.Kind.HOOK else ""
    with transaction.atomic():
        _save(trigger)
        _log(trigger, user, ADDITION, "made")
    return trigger, token


def change(trigger: Trigger, user: Any = None, **changes: Any) -> Trigger:
    """Changes fields of `TriggerSpec`; a schedule continues from now. Raises TriggerRefused."""
    _set(trigger, replace(spec_of(trigger), **changes))
    with transaction.atomic():
        _save(trigger)
        what = f"changed {', '.join(sorted(changes)) or 'nothing'}"
        if changes.keys() == {"is_enabled"}:
            what = "switched on" if changes["is_enabled"] else "switched off"
        _log(trigger, user, CHANGE, what)
    return trigger


def remove(trigger: Trigger, user: Any = None) -> None:
    with transaction.atomic():
        _log(trigger, user, DELETION, "removed")
        trigger.delete()


def _log(trigger: Trigger, user: Any, flag: int, what: str) -> None:
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
        _log(trigger, user, CHANGE, "given a new address")
    return token


def spec_of(trigger: Trigger) -> TriggerSpec:
    return TriggerSpec(
        trigger.event_type,
        tuple(trigger.headers),
        trigger.input_key,
        trigger.delivery,
        trigger.cron,
        trigger.zone or "UTC",
        trigger.input,
        trigger.is_enabled,
        trigger.priority,
    )


def find(workflow: str, pk: int) -> Trigger:
    """The trigger `pk` of a workflow. Raises UnknownTrigger."""
    trigger = of_workflow(workflow).filter(pk=pk).first()
    if trigger is None:
        raise UnknownTrigger(f"{workflow} has no trigger {pk}.")
    return trigger


def of_workflow(name: str) -> QuerySet[Trigger]:
    return Trigger.objects.select_related("workflow", "created_by").filter(workflow__name=name)


def _set(trigger: Trigger, spec: TriggerSpec) -> None:
    trigger.headers = [name.strip().lower() for name in spec.headers]
    delivery = spec.delivery.strip()
    delivery = delivery if delivery.startswith(BODY) else delivery.lower()
    spec = replace(spec, headers=trigger.headers, delivery=delivery)
    problems = list(_problems(trigger, spec))
    if problems:
        raise TriggerRefused(f"{problems[0]['path']}: {problems[0]['message']}", problems)
    for name in FIELDS[trigger.kind]:
        setattr(trigger, name, getattr(spec, name))
    trigger.is_enabled = spec.is_enabled
    if trigger.kind == Trigger.Kind.SCHEDULE:
        # Secrets are sealed, and the input is checked, as soon as there is a version that says how.
        version = find_version(trigger.workflow)
        trigger.input = sealed(Request(version, spec.input, {})).input if version else dict(spec.input)
        trigger.next_at = schedules.next_time(trigger.cron, trigger.zone, reader.now())
        trigger.due_at = trigger.next_at if trigger.is_enabled else None
        trigger.next_at = trigger.due_at


def _problems(trigger: Trigger, spec: TriggerSpec) -> list[dict[str, str]]:
    blank = TriggerSpec()
    problems = {name: _problem_of(name, spec) for name in FIELDS[trigger.kind]}
    for names in FIELDS.values():
        for name in set(names) - problems.keys():
            if getattr(spec, name) not in (getattr(blank, name), list(blank.headers)):
                problems[name] = f"a trigger of the kind {trigger.kind} has none"
    return [{"code": "bad_trigger", "path": name, "message": text} for name, text in problems.items() if text]


def _problem_of(name: str, spec: TriggerSpec) -> str:
    """What is wrong with a field; empty if it is valid."""
    if name in ("event_type", "input") and (found := fault_of(getattr(spec, name))):
        fault, path = found
        return f"{json_path(path) or 'it'} {fault.message}"
    if name == "priority" and not 0 <= spec.priority <= PRIORITY_MAX:
        return f"a priority is a whole number from 0 to {PRIORITY_MAX}"
    if name == "event_type" and not EVENT_TYPE.fullmatch(spec.event_type):
        return "the type of an event has 1 to 200 characters and no blanks, like order.placed"
    if name == "input_key" and spec.input_key and not INPUT_KEY.fullmatch(spec.input_key):
        return "a key of the input is a word of letters, digits and _, like raw_event"
    if name == "delivery" and spec.delivery and not DELIVERY.fullmatch(spec.delivery):
        return "a delivery's id stands in a header, like x-delivery-id, or in the body, like body.event.id"
    if name == "headers":
        return _problem_of_headers(spec.headers)
    if name == "cron":
        return schedules.cron_problem(spec.cron)
    return schedules.zone_problem(spec.zone) if name == "zone" else ""


def _problem_of_headers(names: Sequence[str]) -> str:
    if len(names) > HEADERS_MAX:
        return f"at most {HEADERS_MAX} headers can go into the input"
    for name in names:
        if not HEADER_NAME.fullmatch(name):
            return f"{name!r} is no name of a header; write it like x-github-event"
        if name in SECRET_HEADERS:
            return f"{name} may hold secrets, and an input is no place for them"
    return ""


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


# --- starting runs ---


def start_by_event(event: CloudEvent, user: Any = None) -> list[Result]:
    """Starts a run of each subscribed workflow, or holds it back; the same event again does nothing more."""
    triggers = list(_subscribed(event.type))
    versions = WorkflowVersion.objects.select_related("workflow").defer("document", "resolved")
    newest = versions.in_bulk([trigger.version_pk for trigger in triggers if trigger.version_pk])
    key = _key("event", event.source, event.id)
    labels = {"trigger": "event", "event": event.type[:200]}
    requests = {
        trigger: Request(
            newest[trigger.version_pk],
            _event_input(event, trigger.input_key),
            labels,
            user,
            key,
            content=(event.type, event.data),
            priority=trigger.priority,
        )
        for trigger in triggers
        if trigger.version_pk in newest
    }
    concerned = debounce.concerned(list(requests.values()))
    outcomes: dict[Trigger, Started | Held | RunsError] = {
        trigger: outcome
        for trigger, request in requests.items()
        if request.version.workflow_id in concerned and (outcome := _held_back(trigger, request)) is not None
    }
    ready = requests.keys() - outcomes.keys()
    at_once = {trigger: request for trigger, request in requests.items() if trigger in ready}
    outcomes |= zip(at_once, engine.start_fitting(list(at_once.values())), strict=True)
    missing = UnknownWorkflow("It has no published version yet.")
    return [_result(trigger, outcomes.get(trigger, missing)) for trigger in triggers]


def _held_back(trigger: Trigger, request: Request) -> Started | Held | RunsError | None:
    """What became of an input of a workflow that holds inputs back; None: it is to be started at once."""
    try:
        return debounce.take(trigger, request)
    except RunsError as error:
        return error


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


def start_by_hook(
    trigger: Trigger, value: Any, headers: Mapping[str, str], delivery: tuple[str, ...] | None = None
) -> Started | Held:
    """Starts a run with a call's body and its chosen headers; the same delivery again returns the same run.

    Headers may differ when a delivery comes again, so only its body counts. Raises BadInput, UnknownWorkflow,
    WorkflowFull.
    """
    input = input_of(value, trigger.input_key, "body")
    if trigger.headers:
        chosen = {name: headers[name][:HEADER_CHARS_MAX] for name in trigger.headers if name in headers}
        input = {**input, "headers": chosen}
    idempotency_key = None if delivery is None else _key("hook", str(trigger.pk), *delivery)
    return _start(trigger, input, {"trigger": "webhook"}, idempotency_key, (value,))


def due(at: datetime) -> QuerySet[Trigger]:
    """Schedules with a due slot, the oldest first."""
    return Trigger.objects.filter(due_at__lte=at).order_by("due_at")


def start_slot(pk: int, at: datetime) -> bool:
    """Starts the run of a schedule's due slot and skips the slots that were missed after it.

    Of several processes one starts the run: they derive the same idempotency key from the slot. Returns
    False if another process was faster.
    """
    trigger = due(at).select_related("workflow").filter(pk=pk).first()
    if trigger is None or trigger.next_at is None:
        return False
    slot = trigger.next_at.isoformat()
    labels, key = {"trigger": "schedule", "slot": slot}, _key("schedule", str(trigger.pk), slot)
    with suppress(RunsError):  # `_start` has stored it in `refused`; the next slot tries again
        _start(trigger, trigger.input, labels, key)
    following = schedules.next_time(trigger.cron, trigger.zone, max(at, trigger.next_at))
    moved = Trigger.objects.filter(pk=pk, next_at=trigger.next_at, due_at__isnull=False)
    return moved.update(next_at=following, due_at=following) == 1


def put_off(pk: int, until: datetime) -> None:
    """Has the scheduler look at a schedule later; its slot stays due."""
    Trigger.objects.filter(pk=pk, due_at__lt=until).update(due_at=until)


def _start(
    trigger: Trigger,
    input: Mapping[str, Any],
    labels: dict[str, str],
    key: str | None,
    content: tuple[Any, ...] = (),
) -> Started | Held:
    version = find_version(trigger.workflow)
    try:
        if version is None:
            raise UnknownWorkflow(f"{trigger.workflow.name} has no published version yet.")
        request = Request(version, input, labels, None, key, content=content, priority=trigger.priority)
        held = debounce.take(trigger, request) if debounce.concerned([request]) else None
        started = held or engine.start_one(request)
    except RunsError as error:
        note_use(trigger, error)
        raise
    note_use(trigger)
    return started


def _subscribed(event_type: str) -> Any:
    """The triggers of an event, each with `version_pk`; by name, so that all calls lock in one order."""
    newest = published_versions(OuterRef("workflow"))
    triggers = Trigger.objects.filter(kind=Trigger.Kind.EVENT, event_type=event_type, is_enabled=True)
    triggers = triggers.select_related("workflow").annotate(version_pk=Subquery(newest.values("pk")[:1]))
    return triggers.order_by("workflow__name")[:SUBSCRIBERS_MAX]


def _event_input(event: CloudEvent, key: str) -> dict[str, Any]:
    """The event's data; with a key the whole event under that key."""
    if key:
        return {key: {**event.attributes, "data": event.data}}
    return input_of(event.data, "", "data")


def _result(trigger: Trigger, outcome: Started | Held | RunsError) -> Result:
    if isinstance(outcome, RunsError):
        note_use(trigger, outcome)
        return Result(trigger.workflow.name, error=outcome)
    note_use(trigger)
    return Result(trigger.workflow.name, outcome)


def _key(kind: str, *parts: str) -> str:
    """An idempotency key that is determined by its parts. JSON keeps ('a', 'bc') and ('ab', 'c') apart."""
    return f"{kind}-{sha256(orjson.dumps(parts)).hexdigest()}"


def _digest(token: str) -> str:
    """The stored hash of a token; 256 random bits need no salt and no slow hash."""
    return sha256(token.encode()).hexdigest()
