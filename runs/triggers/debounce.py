"""Debounce: holds back what triggers bring, until nothing has come for a time; then the last input starts.

Theory of operation. A workflow and a value of its key have at most one row, which a unique constraint keeps
so; each input locks it, takes its place in it and moves its time. An input that is known by an id leaves a
row of its own in the same transaction: sent again it is answered with what became of it, and counts once.
The sweep starts a due row: the run is created and the row removed in one transaction, so whatever process
dies, the run is started once and no input is lost. The run's idempotency key is derived from the row as well.

Locks are taken in one order: a held input, then its trigger, or the line of its run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

import orjson
from django.db import IntegrityError
from django.db.models import Count, F, Min, QuerySet

from designer.document.flow import Debounce
from designer.services.queries import find_version
from runs.engine import engine
from runs.engine.creation import Request, known_by_key, sealed
from runs.engine.lines import digest_of_key, shown_key, value_of_key
from runs.engine.starting import Started
from runs.errors import BadInput, KeyReused, RunsError
from runs.models import HeldDelivery, HeldInput, Run, Trigger
from runs.store import reader
from runs.store.database import database
from runs.store.graph_cache import version_graph
from runs.store.transactions import transaction_of
from runs.triggers.calls import note_use

RACES_MAX = 5
KNOWN_FOR = timedelta(days=7)  # after its run has started, a delivery is known for so long
FORGOTTEN_AT_ONCE = 5_000


@dataclass(frozen=True)
class Held:
    """An input that is held back; `is_new` is False if it had come before."""

    until: datetime
    is_new: bool


def concerned(requests: Sequence[Request]) -> set[int]:
    """The workflows that hold inputs back, or have held this input back before, by an older version."""
    workflows = {request.version.workflow_id for request in requests}
    keys = {request.idempotency_key for request in requests if request.idempotency_key is not None}
    came = HeldDelivery.objects.filter(workflow__in=workflows, idempotency_key__in=keys)
    before = set(came.values_list("workflow_id", "idempotency_key")) if keys else set()
    return {
        request.version.workflow_id
        for request in requests
        if version_graph(request.version.pk).debounce is not None
        or (request.version.workflow_id, request.idempotency_key) in before
    }


def take(trigger: Trigger, request: Request) -> Started | Held | None:
    """Holds back an input of a concerned workflow; None: its run is to be started at once.

    An input that was held back before is answered with what became of it. Raises BadInput, KeyReused being
    one.
    """
    debounce = version_graph(request.version.pk).debounce
    if known_by_key([request]):
        return None
    request = sealed(request)
    for _ in range(RACES_MAX):
        try:
            return _take(trigger, request, debounce)
        except IntegrityError:  # another process was faster
            continue
    return _take(trigger, request, debounce)


def _take(trigger: Trigger, request: Request, debounce: Debounce | None) -> Started | Held | None:
    key = value_of_key(debounce.key if debounce else None, request.input)
    name = {"workflow": request.version.workflow, "key_digest": digest_of_key(key)}
    with transaction_of(database()):
        held = HeldInput.objects.select_for_update().filter(**name).first()
        known = _known(request)
        if known is not None or debounce is None:
            return known
        at = reader.now()
        due_at = at + timedelta(seconds=debounce.wait)
        if debounce.at_most is not None:
            due_at = min(due_at, (held.first_at if held else at) + timedelta(seconds=debounce.at_most))
        last = {
            "trigger": trigger,
            "version": request.version,
            "input": dict(request.input),
            "labels": dict(request.labels),
            "priority": request.priority,
            "started_by": request.user,
            "started_by_name": None,
            "due_at": due_at,
        }
        if held is None:
            held = HeldInput.objects.create(**name, **last, key=shown_key(key), first_at=at)
        else:
            if held.trigger_id is not None:
                Trigger.objects.filter(pk=held.trigger_id).update(debounced=F("debounced") + 1)
            HeldInput.objects.filter(pk=held.pk).update(**last, passed_over=F("passed_over") + 1)
        if request.idempotency_key is not None:
            _deliveries(request).create(
                workflow=request.version.workflow,
                idempotency_key=request.idempotency_key,
                key_digest=request.digest or "",
                held=held,
            )
    return Held(due_at, True)


def _deliveries(request: Request) -> QuerySet[HeldDelivery]:
    """The delivery that is known by the request's key, if it was held back."""
    workflow, key = request.version.workflow, request.idempotency_key
    return HeldDelivery.objects.filter(workflow=workflow, idempotency_key=key)


def _known(request: Request) -> Started | Held | None:
    """What became of an input that came before; None if it is new. Raises KeyReused."""
    delivery = _deliveries(request).select_related("held", "run__version").first()
    if delivery is None:
        return None
    if delivery.key_digest != request.digest:
        raise KeyReused(delivery.run_id)
    if delivery.held is not None:
        return Held(delivery.held.due_at, False)
    return Started(delivery.run, False) if delivery.run is not None else None


@dataclass(frozen=True)
class Waiting:
    """The inputs of one trigger that are held back now; `until`: when the first of their runs starts."""

    count: int
    until: datetime


def waiting(triggers: Iterable[Trigger]) -> dict[int, Waiting]:
    """What is held back, by the trigger that brought it."""
    rows = HeldInput.objects.filter(trigger__in=list(triggers)).order_by().values("trigger_id")
    counted = rows.annotate(count=Count("pk"), until=Min("due_at"))
    return {row["trigger_id"]: Waiting(row["count"], row["until"]) for row in counted}


# --- starting ---


def due(at: datetime) -> QuerySet[HeldInput]:
    """Held back inputs whose time has come, the oldest first."""
    return HeldInput.objects.filter(due_at__lte=at).order_by("due_at")


def start_held(pk: int, at: datetime) -> bool:
    """Starts the run of a due input. Returns False if another process was faster, or a later input came.

    A full workflow that skips what comes starts nothing; then the input, sent again, is a new one.
    """
    error: RunsError | None = None
    with transaction_of(database()):
        held = due(at).select_for_update().filter(pk=pk).first()
        if held is None:
            return False
        try:
            run = _named(_start(held), held)
            held.deliveries.update(held=None, run=run, started_at=at)
        except RunsError as refusal:
            error = refusal
        held.delete()
    if held.trigger is not None:
        note_use(held.trigger, error)
    return True


def _named(run: Run, held: HeldInput) -> Run:
    """Names in the new run a person whose account was deleted while their input was held back."""
    if held.started_by_name:
        Run.objects.filter(pk=run.pk).update(started_by_name=held.started_by_name)
    return run


def _start(held: HeldInput) -> Run:
    """Starts a run of the newest version, or of the one that took the input in if the newest does not."""
    passed_over = {"passed_over": str(held.passed_over)} if held.passed_over else {}
    key = f"debounce-{sha256(orjson.dumps([held.pk, held.first_at])).hexdigest()}"
    request = Request(
        find_version(held.workflow) or held.version,
        held.input,
        held.labels | passed_over,
        held.started_by,
        key,
        priority=held.priority,
    )
    try:
        return engine.start_one(request).run
    except BadInput:
        if request.version.pk == held.version_id:
            raise
        return engine.start_one(replace(request, version=held.version)).run


def put_off(pk: int, until: datetime) -> None:
    """Has the scheduler look at a held back input later."""
    HeldInput.objects.filter(pk=pk, due_at__lt=until).update(due_at=until)


def forget_old(at: datetime) -> None:
    """Removes deliveries that were known long enough."""
    old = HeldDelivery.objects.filter(started_at__lt=at - KNOWN_FOR).order_by("started_at")
    HeldDelivery.objects.filter(pk__in=old.values("pk")[:FORGOTTEN_AT_ONCE]).delete()
