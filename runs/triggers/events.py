"""Events: which workflows each of them starts, and whether anybody could use it at all.

A trigger takes events of one type, or of all below a part of it: `order.*`. Of a workflow's triggers that
take an event the one with the closest type counts whose `when` is true, so that an event starts one run a
workflow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from designer.models import WorkflowVersion
from designer.services.queries import published_versions
from runs.engine import engine
from runs.engine.creation import Request
from runs.engine.starting import Started
from runs.errors import NotForUs, RunsError, UnknownWorkflow
from runs.models import Trigger
from runs.triggers import debounce
from runs.triggers.calls import note_use
from runs.triggers.debounce import Held
from runs.triggers.incoming.cloudevents import CloudEvent, input_of
from runs.triggers.service import SUBSCRIBERS_MAX
from runs.triggers.starting import input_by, key_of

ANY = "*"


@dataclass(frozen=True)
class Result:
    """The result of an event for one workflow: a run, an input held back, or why there is none of them."""

    workflow: str
    started: Started | Held | None = None
    error: RunsError | None = None


def start_by_event(event: CloudEvent, user: Any = None) -> list[Result]:
    """Starts a run of each subscribed workflow, or holds it back; the same event again does nothing more."""
    triggers = list(_subscribed(event.type))
    requests, outcomes = _requests(event, triggers, user)
    concerned = debounce.concerned(list(requests.values()))
    for trigger, request in requests.items():
        if request.version.workflow_id in concerned and (held := _held_back(trigger, request)) is not None:
            outcomes[trigger] = held
    at_once = {trigger: request for trigger, request in requests.items() if trigger not in outcomes}
    outcomes |= zip(at_once, engine.start_fitting(list(at_once.values())), strict=True)
    return [_result(trigger, outcomes[trigger]) for trigger in triggers if trigger in outcomes]


Outcome = Started | Held | RunsError


def _requests(
    event: CloudEvent, triggers: Sequence[Trigger], user: Any
) -> tuple[dict[Trigger, Request], dict[Trigger, Outcome]]:
    """The run to be started of each workflow, by its trigger, and what is refused before that."""
    versions = WorkflowVersion.objects.select_related("workflow").defer("document", "resolved")
    newest = versions.in_bulk([pk for trigger in triggers if (pk := _version_pk(trigger))])
    key = key_of("event", event.source, event.id)
    labels = {"trigger": "event", "event": event.type[:200]}
    requests: dict[Trigger, Request] = {}
    refused: dict[Trigger, Outcome] = {}
    done: set[int] = set()
    for trigger in triggers:
        if trigger.workflow_id in done:
            continue
        try:
            input = _input(event, trigger)
        except NotForUs:
            continue
        except RunsError as error:
            refused[trigger] = error
        else:
            version = newest.get(_version_pk(trigger) or 0)
            if version is None:
                refused[trigger] = UnknownWorkflow("It has no published version yet.")
            else:
                content, priority = (event.type, event.data), trigger.priority
                requests[trigger] = Request(
                    version, input, labels, user, key, content=content, priority=priority
                )
        done.add(trigger.workflow_id)
    return requests, refused


def _version_pk(trigger: Trigger) -> int | None:
    pk: int | None = vars(trigger)["version_pk"]
    return pk


def _input(event: CloudEvent, trigger: Trigger) -> Mapping[str, Any]:
    """The event's data; with a key the whole event under that key; with a map what that makes of it."""
    whole = {**event.attributes, "data": event.data}
    plain = {trigger.input_key: whole} if trigger.input_key else input_of(event.data, "", "data")
    return input_by(trigger, {"event": whole}, plain)


def _held_back(trigger: Trigger, request: Request) -> Outcome | None:
    """What became of an input of a workflow that holds inputs back; None: it is to be started at once."""
    try:
        return debounce.take(trigger, request)
    except RunsError as error:
        return error


def _result(trigger: Trigger, outcome: Outcome) -> Result:
    if isinstance(outcome, RunsError):
        note_use(trigger, outcome)
        return Result(trigger.workflow.name, error=outcome)
    note_use(trigger)
    return Result(trigger.workflow.name, outcome)


def types_for(event_type: str) -> list[str]:
    """What a trigger may state to take events of a type, the closest first: the type, `order.*`, `*`."""
    parts = event_type.split(".")
    return [event_type, *(f"{'.'.join(parts[:end])}.{ANY}" for end in range(len(parts) - 1, 0, -1)), ANY]


def has_subscribers(event_type: str) -> bool:
    return _triggers(event_type).exists()


def _triggers(event_type: str) -> QuerySet[Trigger]:
    return Trigger.objects.filter(
        kind=Trigger.Kind.EVENT, event_type__in=types_for(event_type), is_enabled=True
    )


def _subscribed(event_type: str) -> Sequence[Trigger]:
    """The triggers of an event, each with `version_pk`.

    By name, so that all calls lock in one order, and of one workflow the closest first.
    """
    newest = published_versions(OuterRef("workflow"))
    triggers = _triggers(event_type).select_related("workflow")
    triggers = triggers.annotate(version_pk=Subquery(newest.values("pk")[:1]))
    found = triggers.order_by("workflow__name", "pk")[:SUBSCRIBERS_MAX]
    closest = types_for(event_type)
    return sorted(found, key=lambda trigger: (trigger.workflow.name, closest.index(trigger.event_type)))
