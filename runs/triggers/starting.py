"""Starts the run that something from outside asks for: of the newest version, once for each key.

Nothing starts twice: an event, a delivery of a webhook, a schedule's time and a file each determine the
idempotency key of their run, which is unique in the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson

from designer.errors import ExpressionError
from designer.services.queries import find_version
from runs.engine import engine
from runs.engine.creation import Request
from runs.engine.starting import Started
from runs.errors import BadInput, NotForUs, RunsError, UnknownWorkflow
from runs.models import Trigger
from runs.store import reader
from runs.triggers import debounce
from runs.triggers.calls import note_use
from runs.triggers.debounce import Held
from runs.triggers.incoming import mapping


def start(
    trigger: Trigger,
    input: Mapping[str, Any],
    labels: Mapping[str, str],
    key: str | None,
    content: tuple[Any, ...] = (),
) -> Started | Held:
    """Starts a run, or holds its input back. Raises UnknownWorkflow, BadInput, WorkflowFull."""
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


def input_by(trigger: Trigger, scope: Mapping[str, Any], plain: Mapping[str, Any]) -> Mapping[str, Any]:
    """The input that a trigger's `map` makes of what came, or `plain` where it has none.

    Raises NotForUs where its `when` is false, and BadInput where one of the two cannot be worked out.
    """
    try:
        return _input_by(trigger, scope, plain)
    except RunsError as error:
        note_use(trigger, error)
        raise


def _input_by(trigger: Trigger, scope: Mapping[str, Any], plain: Mapping[str, Any]) -> Mapping[str, Any]:
    path = "when"
    try:
        if not mapping.is_for_us(trigger.kind, trigger.when, scope, reader.now):
            raise NotForUs(trigger.when)
        path = "map"
        return mapping.mapped(trigger.kind, trigger.map, scope, reader.now) if trigger.map else plain
    except ExpressionError as error:
        problem = {"code": "bad_expression", "path": path, "message": str(error)}
        raise BadInput(f"The trigger's {path} cannot be worked out: {error}", [problem]) from error


def key_of(kind: str, *parts: str) -> str:
    """An idempotency key that is determined by its parts. JSON keeps ('a', 'bc') and ('ab', 'c') apart."""
    return f"{kind}-{sha256(orjson.dumps(parts)).hexdigest()}"
