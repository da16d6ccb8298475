"""The endpoint for events, one by one or in batches. Thin: `runs.triggers.events` starts what they start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from config.accounts.authentication import callers
from config.accounts.rate_limits import caller, consume
from config.lib.json import iso
from designer.services.folder_rights import seen_names
from runs.engine import engine
from runs.engine.starting import Started
from runs.errors import NothingStarted, RunsError, WorkflowFull
from runs.triggers.api import body_of, headers_of
from runs.triggers.debounce import Held
from runs.triggers.events import Result, has_subscribers, start_by_event
from runs.triggers.incoming.cloudevents import BATCHED, STRUCTURED, CloudEvent, read_events

router = Router(tags=["triggers"])

AN_EVENT = {
    "type": "object",
    "required": ["id", "type", "source"],
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 500},
        "source": {"type": "string", "minLength": 1, "maxLength": 500},
        "type": {"type": "string", "pattern": r"^\S{1,200}$"},
        "specversion": {"type": "string", "enum": ["1.0"]},
        "data": {"description": "An object is the run's input; another value stands under `data`"},
    },
}
SEVERAL = {"type": "array", "items": AN_EVENT, "minItems": 1}
EVENT_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"oneOf": [AN_EVENT, SEVERAL]}},
            STRUCTURED: {"schema": AN_EVENT},
            BATCHED: {"schema": SEVERAL},
        },
    }
}
UNUSED = (
    "No trigger that is on takes events of the type {type}, and no published version waits for them; "
    "nothing was kept."
)


@router.post(
    "/events",
    auth=callers("operate"),
    response={200: dict[str, Any], 201: dict[str, Any], 202: dict[str, Any]},
    openapi_extra=EVENT_BODY,
)
def take_event(request: HttpRequest) -> Status[dict[str, Any]]:
    """An event: a CloudEvent as JSON or with `ce-*` headers, or `{id, type, source, data}`; or a list.

    Starts a run of each workflow that waits for its type, and is given to each run that waits for such an
    event: `taken` is how many took it at once. Where a version waits for its type it is kept for steps that
    begin to wait later (`kept`). An event is known by its source and id: sent again, it has no effect, and is
    answered with the same runs. 201 where a run is new or has taken it, else 200. `refused` says which
    workflows could not take it; 422 where none could.
    One that was full (`workflow_full`) has taken it, and starts nothing. One that holds inputs back stands in
    `debounced`, and `until` says when its run starts if nothing else comes; 202 where that is all. 202 with
    `unused` where nobody takes events of this type at all.

    Up to 1,000 events come as a list. If one is malformed none is taken; else each is taken by itself, and
    `events` holds their answers in order, each with its `status`. The answer's own status is the best of
    them.
    """
    events, is_batch = read_events(headers_of(request), body_of(request))
    consume("starts", caller(request), len(events))
    if not is_batch:
        return Status(*_take(events[0], request))
    answers = [_in_batch(event, request) for event in events]
    statuses = {answer["status"] for answer in answers}
    if statuses == {NothingStarted.status}:
        raise NothingStarted([problem for answer in answers for problem in answer["refused"]])
    best = next((status for status in (201, 202) if status in statuses), 200)
    return Status(best, {"events": answers})


def _in_batch(event: CloudEvent, request: HttpRequest) -> dict[str, Any]:
    try:
        status, answer = _take(event, request)
    except NothingStarted as error:
        status, answer = error.status, {"event": event.id, "source": event.source, "refused": error.problems}
    except RunsError as error:
        problem = {"code": error.code, "path": "", "message": str(error)}
        status, answer = error.status, {"event": event.id, "source": event.source, "refused": [problem]}
    return {"status": status, **answer}


def _take(event: CloudEvent, request: HttpRequest) -> tuple[int, dict[str, Any]]:
    """Status and answer for one event. Raises NothingStarted, BadInput."""
    kept, taken = engine.take_event({**event.attributes, "data": event.data})
    results = start_by_event(event, request.user)
    told = seen_names(request.user, {result.workflow for result in results})
    shown = [result for result in results if result.workflow in told]
    runs, held, refused = _runs(shown), _held(shown), _refused(shown)
    is_full = any(isinstance(result.error, WorkflowFull) for result in results)
    if refused and not runs and not held and kept is None and not is_full:
        raise NothingStarted(refused)
    answer: dict[str, Any] = {"event": event.id, "source": event.source, "runs": runs, "refused": refused}
    answer |= {"taken": taken, "kept": kept is not None, "debounced": held}
    is_unused = not results and kept is None and not has_subscribers(event.type)
    if is_unused:
        answer["unused"] = UNUSED.format(type=event.type)
    if taken or any(run["is_new"] for run in runs):
        return 201, answer
    return 202 if held or is_unused else 200, answer


def _runs(results: Sequence[Result]) -> list[dict[str, Any]]:
    return [
        {"id": str(started.run.pk), "workflow": result.workflow, "is_new": started.is_new}
        for result in results
        if isinstance(started := result.started, Started)
    ]


def _held(results: Sequence[Result]) -> list[dict[str, Any]]:
    return [
        {"workflow": result.workflow, "until": iso(result.started.until), "is_new": result.started.is_new}
        for result in results
        if isinstance(result.started, Held)
    ]


def _refused(results: Sequence[Result]) -> list[dict[str, Any]]:
    return [
        {"code": error.code, "path": result.workflow, "message": str(error)}
        for result in results
        if (error := result.error)
    ]
