"""Event processing: parse, classify, process by category, and count in the database.

The count follows the rules of `workers.library.shop.effects`: an event counts once per idempotency key, and
one that was retracted first is never counted.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from django.db import transaction
from django.db.models import F

from config.lib.errors import Unreadable
from config.lib.json_reader import read_json
from workers import CriticalFailure, StepHandle, worker
from workers.library.clock import now_text
from workers.library.faults import simulated, simulated_undo
from workers.library.inputs import required
from workers.library.measures import is_number
from workers.library.patterns.models import CountedEvent, EventMetric
from workers.library.patterns.webhooks import Event, NoType, standard_fields, text_of, unwrapped

CATEGORY = "Examples/Event processing"
CLASSIFIER_VERSION = "1.0"
BIG_AMOUNT = 1_000
FRAUD_AMOUNT = 10_000
VALUES_SHOWN_MAX = 50
REASON_CHARS_MAX = 300

WORD = re.compile(r"[a-z0-9]+")
# Category, priority, and the words of an event's type that decide for them; the first match counts.
CATEGORIES: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("system_error", "high", frozenset(
        {"error", "exception", "failure", "failed", "crash", "alert", "advisory", "vulnerability"}
    )),
    ("business_transaction", "high", frozenset(
        {"purchase", "purchased", "payment", "subscription", "sponsorship", "order", "invoice", "refund"}
    )),
    ("user_engagement", "normal", frozenset(
        {"user", "click", "view", "star", "watch", "fork", "comment", "discussion", "review", "login"}
    )),
)  # fmt: skip
OTHER_CATEGORY, OTHER_PRIORITY = "general", "low"


@worker("parse_event", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def parse_event(context: dict[str, Any]) -> dict[str, Any]:
    """Reads a raw event, JSON text or an object, into the standard fields.

    Reads `raw_event`, and `headers`, in which webhooks say their type. Gives `parsed_event` (event_id,
    event_type, timestamp, source, data, metadata), `parsing_status` and `original_format`. An event that
    can't be read, or whose type is said nowhere, fails the step.
    """
    raw_event = required(context, "raw_event")
    try:
        event = read_json(raw_event) if isinstance(raw_event, str) else raw_event
        event = unwrapped(event) if isinstance(event, dict) else event
    except Unreadable as error:
        return unreadable(raw_event, str(error))
    if not isinstance(event, dict):
        return unreadable(raw_event, f"an event is an object, not {type(event).__name__}")
    try:
        fields = standard_fields(event, context.get("headers"))
    except NoType as error:
        return unreadable(raw_event, str(error))
    return {
        "parsed_event": fields,
        "parsing_status": "success",
        "original_format": type(raw_event).__name__,
    }


@worker("classify_event", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def classify_event(context: dict[str, Any]) -> dict[str, Any]:
    """Decides category, priority and urgency of an event.

    Reads `parsed_event`. Gives `classified_event` and `classification_metadata`.
    """
    event = required(context, "parsed_event")
    category, priority = category_of(event["event_type"])
    return {
        "classified_event": {
            **event, "category": category, "priority": priority, "urgency": urgency_of(event["data"]),
        },
        "classification_metadata": {
            "classifier_version": CLASSIFIER_VERSION,
            "classification_timestamp": now_text(),
        },
    }  # fmt: skip


@worker("process_by_type", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def process_by_type(context: dict[str, Any]) -> dict[str, Any]:
    """Works out what an event of its category calls for.

    Reads `classified_event`. Gives `processed_event`, `processing_result`, `processing_category` and
    `processing_timestamp`.
    """
    event = required(context, "classified_event")
    category = event["category"]
    return {
        "processed_event": event,
        "processing_result": PROCESSORS.get(category, general_result)(event),
        "processing_category": category,
        "processing_timestamp": now_text(),
    }


@worker(
    "aggregate_metrics",
    category=CATEGORY,
    compensation="retract_metrics",
    rehearsal="real",
    books="event_books",
)
@simulated
def aggregate_metrics(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    """Counts the event in the totals of the database, once.

    Reads `processed_event`. Gives `aggregated_metrics` and `aggregation_timestamp`.
    """
    event = required(context, "processed_event")
    with transaction.atomic():
        counted, is_new = counted_event(step, event)
        if counted.is_retracted:
            raise CriticalFailure("this event was retracted before; this attempt comes too late")
        if is_new:
            add(counted.values, 1)
        metrics = totals(counted.values)
    return {"aggregated_metrics": metrics, "aggregation_timestamp": now_text()}


@worker("retract_metrics", category=CATEGORY, compensation="irreversible", rehearsal="real")
@simulated_undo
def retract_metrics(step: StepHandle) -> dict[str, Any]:
    """Takes an event out of the totals again: undoes "Aggregate metrics"."""
    with transaction.atomic():
        counted, _ = counted_event(step, {})
        if counted.is_retracted:
            return {"status": "no_action_needed"}
        add(counted.values, -1)
        counted.is_retracted = True
        counted.save(update_fields=["is_retracted"])
    return {"status": "success"}


@worker(
    "event_books", category=CATEGORY, title="Check the event totals", compensation="none", rehearsal="real"
)
def event_books() -> dict[str, Any]:
    """Judges the totals: each is the number of events that are counted in it.

    Gives `ok`, `problems` and `books`: the totals.
    """
    books = {
        f"{metric.dimension} {metric.value}": metric.count for metric in EventMetric.objects.exclude(count=0)
    }
    counted: Counter[str] = Counter()
    for values in CountedEvent.objects.filter(is_retracted=False).values_list("values", flat=True):
        counted.update(f"{dimension} {value}" for dimension, value in values.items())
    problems = [
        f"{name}: {books.get(name, 0)}, and {counted[name]} events are counted"
        for name in sorted({*books, *counted})
        if books.get(name, 0) != counted[name]
    ]
    return {"ok": not problems, "problems": problems, "books": books}


def unreadable(raw_event: Any, reason: str) -> dict[str, Any]:
    return {
        "status": "validation_failed",
        "parsing_status": "failed",
        "error": reason[:REASON_CHARS_MAX],
        "raw_event": raw_event,
    }


def category_of(event_type: str) -> tuple[str, str]:
    """Category and priority by the words of the type; `issue_comment.created` has three words."""
    words = set(WORD.findall(event_type.lower()))
    for category, priority, keywords in CATEGORIES:
        if words & keywords:
            return category, priority
    return OTHER_CATEGORY, OTHER_PRIORITY


def urgency_of(data: Any) -> str:
    amount = data.get("amount") if isinstance(data, dict) else None
    is_urgent = (is_number(amount) and amount > BIG_AMOUNT) or "error" in str(data).lower()
    return "high" if is_urgent else "normal"


def engagement_result(event: Event) -> dict[str, Any]:
    return {
        "action": "update_user_metrics",
        "actor": actor_of(event["data"]),
        "metrics_updated": ["events_by_type", "events_by_source"],
        "next_actions": ["recommend_content", "update_preferences"],
    }


def error_result(event: Event) -> dict[str, Any]:
    data = event.get("data")
    message = str(data.get("error_message", "")).lower() if isinstance(data, dict) else ""
    severity = "medium" if any(word in message for word in ("warning", "timeout")) else "low"
    if any(word in message for word in ("critical", "fatal", "security")):
        severity = "critical"
    others = ["ops_team"] if severity == "critical" else []
    return {
        "action": "create_incident",
        "severity": severity,
        "teams_to_notify": ["engineering_team", *others],
    }


def transaction_result(event: Event) -> dict[str, Any]:
    amount = event["data"].get("amount") if isinstance(event["data"], dict) else None
    is_unusual = is_number(amount) and not 0 <= amount <= FRAUD_AMOUNT
    return {
        "action": "update_revenue_metrics",
        "fraud_check": "review" if is_unusual else "passed",
        "next_actions": ["send_receipt", "update_inventory"],
    }


def general_result(event: Event) -> dict[str, Any]:
    return {
        "action": "log_and_archive",
        "storage_location": "general_events_store",
        "retention_policy": "30_days",
    }


PROCESSORS = {
    "user_engagement": engagement_result,
    "system_error": error_result,
    "business_transaction": transaction_result,
}


def actor_of(data: Any) -> str:
    """The person or account that caused the event, under the names that webhooks use."""
    if not isinstance(data, dict):
        return "unknown"
    for key in ("sender", "user", "actor"):
        actor = data.get(key)
        name = actor.get("login") or actor.get("id") if isinstance(actor, dict) else actor
        if text_of(name):
            return text_of(name)
    return text_of(data.get("user_id")) or "unknown"


def counted_event(step: StepHandle, event: Event) -> tuple[CountedEvent, bool]:
    """Returns the step's contribution, locked, and whether it is new; for an empty event, a retracted one."""
    return CountedEvent.objects.select_for_update().get_or_create(
        key=step.idempotency_key,
        defaults={
            "run_id": step.run_id,
            "event_id": text_of(event.get("event_id")),
            "values": counted_values(event) if event else {},
            "is_retracted": not event,
        },
    )


def counted_values(event: Event) -> dict[str, str]:
    """The value of the event in each dimension."""
    same_name = ("category", "priority", "source", "urgency")
    return {
        "all": "",
        "type": text_of(event.get("event_type")),
        **{name: text_of(event.get(name)) for name in same_name},
    }


def add(values: dict[str, str], amount: int) -> None:
    """Adds to the totals. Rows are locked in order of dimension, so that two events never wait in a cycle."""
    for dimension, value in sorted(values.items()):
        metric, _ = EventMetric.objects.get_or_create(dimension=dimension, value=value)
        EventMetric.objects.filter(pk=metric.pk).update(count=F("count") + amount)


def totals(values: dict[str, str]) -> dict[str, Any]:
    """Totals by category, priority and urgency, and those of this event's type and source."""
    metrics = EventMetric.objects.filter(dimension__in=("category", "priority", "urgency"), count__gt=0)
    by_dimension: dict[str, dict[str, int]] = {"category": {}, "priority": {}, "urgency": {}}
    for metric in metrics[:VALUES_SHOWN_MAX]:
        by_dimension[metric.dimension][metric.value] = metric.count
    return {
        "total_events": count_of("all", ""),
        **{f"by_{dimension}": counts for dimension, counts in by_dimension.items()},
        "of_this_type": count_of("type", values.get("type", "")),
        "of_this_source": count_of("source", values.get("source", "")),
    }


def count_of(dimension: str, value: str) -> int:
    metric = EventMetric.objects.filter(dimension=dimension, value=value).first()
    return metric.count if metric else 0
