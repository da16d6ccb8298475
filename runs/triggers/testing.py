"""Test calls of webhooks: made from within, signed as a sender signs them, and told as a curl line."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.contrib.admin.models import CHANGE

from config.lib.errors import SagaboardError
from runs.errors import NotSetUp, TriggerRefused
from runs.models import Trigger
from runs.store import reader
from runs.triggers import service
from runs.triggers.calls import Incoming
from runs.triggers.hooks import Taken, take_call
from runs.triggers.incoming.verification import AUTHORIZATION, Unusable, Verification, signed_headers
from workers.connections import opening
from workers.connections.errors import ConnectionsError

JSON = "application/json"
ADDRESS = "$WEBHOOK_URL"  # nobody knows the address but who copied it


def test(trigger: Trigger, body: bytes, user: Any) -> tuple[Taken, str]:
    """Calls a webhook with a JSON body, and says how to do it by curl. Raises SagaboardError."""
    if trigger.kind != Trigger.Kind.HOOK:
        raise TriggerRefused("Only a webhook can be called for a test.")
    headers = signed(trigger, body)
    service.log(trigger, user, CHANGE, "called for a test")
    return take_call(trigger, Incoming(headers, body)), curl_of(trigger, headers, body)


def signed(trigger: Trigger, body: bytes) -> dict[str, str]:
    """The headers of a call with this body, signed by the first secret. Raises NotSetUp."""
    headers = {"content-type": JSON}
    if trigger.verify:
        how = Verification.model_validate(trigger.verify)
        try:
            secret = opening.open_secret(how.secrets[0])
            headers |= signed_headers(how, secret, body, reader.now(), f"test-{uuid4().hex}")
        except (ConnectionsError, Unusable) as error:
            raise NotSetUp from error
    return headers


def curl_of(trigger: Trigger, headers: Mapping[str, str], body: bytes) -> str:
    """The same call by curl; the address stands in a variable of the shell, and a password is asked for."""
    lines = [f'curl -X POST "{ADDRESS}"']
    for name, value in headers.items():
        if name == AUTHORIZATION:
            lines.append(f"-u {shlex.quote(trigger.verify['username'])}")
        else:
            lines.append(f"-H {shlex.quote(f'{name}: {value}')}")
    return " \\\n  ".join([*lines, f"--data-raw {shlex.quote(body.decode())}"])


def secret_problems(trigger: Trigger) -> list[str]:
    """Why secrets of a webhook cannot be used, for who may change it."""
    if not trigger.verify:
        return []
    how, problems = Verification.model_validate(trigger.verify), []
    for name in how.secrets:
        try:
            signed_headers(how, opening.open_secret(name), b"", reader.now(), "test")
        except SagaboardError as error:
            problems.append(str(error))
        except Unusable as error:
            problems.append(f"The secret {name} does not fit: {error}.")
    return problems
