"""Calls of webhooks: verified, read, and made into runs; each leaves a row, and can be replayed by it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.admin.models import CHANGE
from django.db.models import F

from config.lib.errors import SagaboardError
from runs.engine.starting import Started
from runs.errors import BadInput, BadSender, NotForUs, NotSetUp, WorkflowFull
from runs.machine.limits import IDEMPOTENCY_KEY_LENGTH_MAX
from runs.models import Trigger, TriggerCall
from runs.store import reader
from runs.triggers import service
from runs.triggers.calls import Incoming, Outcome, content_of, note_call, sealed_content
from runs.triggers.debounce import Held
from runs.triggers.incoming.cloudevents import input_of, read_body
from runs.triggers.incoming.deliveries import IDEMPOTENCY_KEY, delivery_of
from runs.triggers.incoming.verification import Unusable, Unverified, Verification, verify
from runs.triggers.spec import SECRET_HEADERS
from runs.triggers.starting import input_by, key_of, start
from workers.connections import opening
from workers.connections.errors import ConnectionsError

HEADER_CHARS_MAX = 1_000
SKIPPED = (NotForUs, WorkflowFull)
"""What starts nothing and is no error: a sender would try again."""


@dataclass(frozen=True)
class Taken:
    """What became of a call. `skipped`: why it started nothing."""

    result: Started | Held | None = None
    skipped: str = ""

    @property
    def run_id(self) -> UUID | None:
        return self.result.run.pk if isinstance(self.result, Started) else None

    @property
    def status(self) -> int:
        if isinstance(self.result, Held):
            return 202
        return 201 if isinstance(self.result, Started) and self.result.is_new else 200

    @property
    def outcome(self) -> TriggerCall.Outcome:
        if self.result is None:
            return Outcome.SKIPPED
        if isinstance(self.result, Held):
            return Outcome.HELD
        return Outcome.STARTED if self.result.is_new else Outcome.KNOWN


def take_call(trigger: Trigger, incoming: Incoming) -> Taken:
    """Verifies a call and starts what it asks for. Raises SagaboardError; the call is noted in any case."""
    note = partial(note_call, trigger, source=incoming.source, size=incoming.size)
    try:
        _verify(trigger, incoming)
    except SagaboardError as error:
        note(Outcome.UNVERIFIED, status=error.status, reason=f"{error} {error.__cause__ or ''}".strip())
        Trigger.objects.filter(pk=trigger.pk).update(unverified=F("unverified") + 1)
        raise
    note = partial(note, content=sealed_content(trigger, incoming, _secret_headers(trigger)))
    return _noted(trigger, note, partial(_start, trigger, incoming))


def replay(trigger: Trigger, call: TriggerCall, user: Any, once: str) -> Taken:
    """Does again what a call asked for, without its signature. Raises Unreplayable and SagaboardError.

    Where the call had started nothing, the same delivery sent again is known afterwards. Where it had, a new
    run is started; `once` tells one replay from another, so that a click that comes twice starts one.
    """
    incoming = content_of(call)
    again = key_of("replay", str(call.pk), once) if call.run_id else None
    service.log(trigger, user, CHANGE, f"had its call of {call.at:%Y-%m-%d %H:%M:%S} UTC replayed")
    note = partial(
        note_call,
        trigger,
        source=incoming.source,
        size=incoming.size,
        content=call.content,
        replay_of=call,
        user=user,
    )
    return _noted(trigger, note, partial(_start, trigger, incoming, again))


def _noted(trigger: Trigger, note: Any, begin: Any) -> Taken:
    try:
        taken: Taken = begin()
    except SagaboardError as error:
        note(Outcome.REFUSED, status=error.status, reason=str(error))
        raise
    note(taken.outcome, status=taken.status, reason=taken.skipped, run_id=taken.run_id)
    return taken


def _start(trigger: Trigger, incoming: Incoming, key: str | None = None) -> Taken:
    """`key`: the run's idempotency key instead of that of the delivery."""
    headers = incoming.headers
    own = headers.get(IDEMPOTENCY_KEY)
    if own is not None and not 0 < len(own) <= IDEMPOTENCY_KEY_LENGTH_MAX:
        raise BadInput(f"An Idempotency-Key has 1 to {IDEMPOTENCY_KEY_LENGTH_MAX} characters.")
    body = read_body(headers, incoming.body)
    delivery = delivery_of(headers, body, trigger.delivery)
    if key is None and delivery is not None:
        key = key_of("hook", str(trigger.pk), *delivery)
    try:
        input = input_by(trigger, _scope(trigger, incoming, body), _plain(trigger, headers, body))
        # Headers may differ when a delivery comes again, so only its body counts.
        return Taken(start(trigger, input, {"trigger": "webhook"}, key, (body,)))
    except SKIPPED as error:
        return Taken(skipped=str(error))


def _plain(trigger: Trigger, headers: Any, body: Any) -> dict[str, Any]:
    input = input_of(body, trigger.input_key, "body")
    if trigger.headers:
        chosen = {name: headers[name][:HEADER_CHARS_MAX] for name in trigger.headers if name in headers}
        input = {**input, "headers": chosen}
    return input


def _scope(trigger: Trigger, incoming: Incoming, body: Any) -> dict[str, Any]:
    secret = _secret_headers(trigger)
    headers = {name: text for name, text in incoming.headers.items() if name not in secret}
    return {"body": body, "headers": headers, "query": dict(incoming.query)}


def _secret_headers(trigger: Trigger) -> frozenset[str]:
    if not trigger.verify:
        return SECRET_HEADERS
    return SECRET_HEADERS | Verification.model_validate(trigger.verify).signature_headers


# --- verification ---


def _verify(trigger: Trigger, incoming: Incoming) -> None:
    """Raises BadSender, or NotSetUp where no secret can be opened."""
    if not trigger.verify:
        return
    how = Verification.model_validate(trigger.verify)
    secrets, missing = _open(how)
    try:
        if not secrets:
            raise NotSetUp from missing
        verify(how, secrets, incoming.headers, incoming.body, reader.now())
    except Unverified as error:
        raise BadSender(how.scheme) from error
    except Unusable as error:
        raise NotSetUp from error


def _open(how: Verification) -> tuple[list[str], Exception | None]:
    secrets, missing = [], None
    for name in how.secrets:
        try:
            secrets.append(opening.open_secret(name))
        except ConnectionsError as error:
            missing = error
    return secrets, missing
