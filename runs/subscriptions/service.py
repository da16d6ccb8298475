"""Subscription service: creates, changes, tests and removes subscriptions, and sends deliveries anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse

from designer.errors import ExpressionError
from designer.expressions.expressions import bare, check_texts, compile_expression
from designer.models import Workflow
from designer.services.folder_rights import acts_with, barred, seen, seen_names, sees_all
from runs.errors import SubscriptionRefused, UnknownDelivery, UnknownSubscription
from runs.machine.limits import ADDRESS_LENGTH_MAX, CONDITION_LENGTH_MAX
from runs.models import Delivery, Run, Subscription
from runs.store import reader
from runs.subscriptions.events import FLEET, TEST, TYPES, Event, payload_of
from runs.subscriptions.sending import give_up_all
from workers.connections.models import Secret

SUBSCRIPTIONS_MAX = 100
NAME_CHARS_MAX = 100
ADDRESSES_MAX = 20
FAILURES_MIN, FAILURES_MAX = 2, 1_000
MINUTES_MAX = 24 * 60
TO_REPEAT = "failures.repeated"
Kind = Subscription.Kind


@dataclass(frozen=True)
class SubscriptionSpec:
    """The fields of a subscription that a person sets. `workflow`, `secret`: names, or empty."""

    name: str
    kind: str
    types: Sequence[str] = ()
    workflow: str = ""
    when: str = ""
    address: str = ""
    secret: str = ""
    failures_n: int = 5
    failures_minutes: int = 10
    is_enabled: bool = True


SET = tuple(column.name for column in fields(SubscriptionSpec))
KEPT_BY_SWEEP = ("since", "looked_until", "standing", "problem", "rests_until")


def all_of_them(user: Any = None) -> QuerySet[Subscription]:
    """The subscriptions by name, without those for a workflow that a person may not see."""
    rows = Subscription.objects.exclude(workflow__folder__in=barred(user, "view"))
    return rows.select_related("workflow", "created_by").order_by("name")


def find(pk: int) -> Subscription:
    """Raises UnknownSubscription."""
    subscription = all_of_them().filter(pk=pk).first()
    if subscription is None:
        raise UnknownSubscription(f"There is no subscription {pk}.")
    return subscription


def spec_of(subscription: Subscription) -> SubscriptionSpec:
    values = {name: getattr(subscription, name) for name in SET if name != "workflow"}
    return SubscriptionSpec(**values, workflow=subscription.workflow.name if subscription.workflow else "")


def create(spec: SubscriptionSpec, user: Any = None) -> Subscription:
    """Raises SubscriptionRefused."""
    if Subscription.objects.count() >= SUBSCRIPTIONS_MAX:
        raise SubscriptionRefused(f"There are {SUBSCRIPTIONS_MAX} subscriptions already; remove one first.")
    now = reader.now()
    subscription = Subscription(created_by=user, created_at=now, since=now, looked_until=now)
    _set(subscription, spec, user)
    _save(subscription, user, ADDITION, "made")
    return subscription


def change(subscription: Subscription, user: Any = None, **changes: Any) -> Subscription:
    """Changes fields of `SubscriptionSpec`; switched on, it goes on from now. Raises SubscriptionRefused."""
    was_enabled = subscription.is_enabled
    _set(subscription, replace(spec_of(subscription), **changes), user)
    what, columns = f"changed {', '.join(sorted(changes)) or 'nothing'}", SET
    if subscription.is_enabled and not was_enabled:
        subscription.since = subscription.looked_until = reader.now()
        subscription.standing, subscription.problem, subscription.rests_until = {}, "", None
        what, columns = "switched on", (*SET, *KEPT_BY_SWEEP)
    elif was_enabled and not subscription.is_enabled:
        what = "switched off"
    with transaction.atomic():
        _save(subscription, user, CHANGE, what, columns)
        if not subscription.is_enabled:
            give_up_all(subscription, "The subscription was switched off.")
    return subscription


def remove(subscription: Subscription, user: Any = None) -> None:
    with transaction.atomic():
        _log(subscription, user, DELETION, "removed")
        subscription.delete()


def send_test(subscription: Subscription, user: Any = None) -> Delivery:
    """Has a test event sent, whatever the subscription is for, and also while it is switched off."""
    now = reader.now()
    data = {
        "subscription": subscription.name,
        "url": settings.SITE_URL + reverse("subscription-detail", args=[subscription.pk]),
    }
    event = Event(TEST, f"{TEST}:{uuid4().hex}", now, data)
    with transaction.atomic():
        _log(subscription, user, CHANGE, "tested")
        return Delivery.objects.create(
            subscription=subscription,
            key=event.key,
            type=event.type,
            payload=payload_of(event),
            due_at=now,
            created_at=now,
        )


def may_be_shown(delivery: Delivery, user: Any) -> bool:
    """Whether a person may see all that a delivery tells of.

    Those of a subscription to all workflows may tell of one whose folder was closed later.
    """
    if sees_all(user):
        return True
    data = delivery.payload["data"]
    named = {data["workflow"]} if data.get("workflow") else set()
    runs = Run.objects.filter(pk__in=data.get("runs", ()))
    return seen_names(user, named) == named and seen(runs, user).count() == runs.count()


def deliveries(subscription: Subscription, before: int | None = None) -> QuerySet[Delivery]:
    """The deliveries, the newest first; `before`: those made before that one."""
    rows = Delivery.objects.filter(subscription=subscription).order_by("-pk")
    return rows if before is None else rows.filter(pk__lt=before)


def replay(subscription: Subscription, pk: int, user: Any = None) -> Delivery:
    """Has an ended delivery sent anew, under its id. Raises UnknownDelivery, SubscriptionRefused."""
    with transaction.atomic():
        delivery = Delivery.objects.select_for_update().filter(subscription=subscription, pk=pk).first()
        if delivery is None or not may_be_shown(delivery, user):
            raise UnknownDelivery(f"{subscription.name} has no delivery {pk}.")
        if delivery.status == Delivery.Status.PENDING:
            raise SubscriptionRefused("This delivery is still to be sent.")
        delivery.status, delivery.due_at, delivery.tries = Delivery.Status.PENDING, reader.now(), 0
        delivery.ended_at, delivery.answer, delivery.error = None, None, ""
        delivery.save()
        _log(subscription, user, CHANGE, f"sent anew: {delivery.payload['id']}, {delivery.type}")
    return delivery


# --- checking ---


def _set(subscription: Subscription, spec: SubscriptionSpec, user: Any) -> None:
    spec = replace(spec, name=spec.name.strip(), address=_address(spec), when=bare(spec.when.strip()))
    problems = [
        {"code": "bad_subscription", "path": path, "message": message}
        for path, message in _problems(spec, user)
        if message
    ]
    if problems:
        raise SubscriptionRefused(f"{problems[0]['path']}: {problems[0]['message']}", problems)
    for name in set(SET) - {"workflow", "types"}:
        setattr(subscription, name, getattr(spec, name))
    subscription.types = [name for name in TYPES if name in spec.types]
    subscription.workflow = Workflow.objects.filter(name=spec.workflow).first() if spec.workflow else None


def _address(spec: SubscriptionSpec) -> str:
    words = spec.address.replace(",", " ").split()
    return "\n".join(words) if spec.kind == Kind.EMAIL else spec.address.strip()


def _problems(spec: SubscriptionSpec, user: Any) -> Iterator[tuple[str, str]]:
    """What is wrong, by field; empty texts where nothing is."""
    is_name = 0 < len(spec.name) <= NAME_CHARS_MAX and spec.name.isprintable()
    yield "name", "" if is_name else f"a name has 1 to {NAME_CHARS_MAX} characters in one line"
    yield "kind", "" if spec.kind in Kind.values else f"one of {', '.join(Kind.values)} is needed here"
    yield "types", _problem_of_types(spec)
    yield "workflow", _problem_of_workflow(spec.workflow, user)
    yield "when", _problem_of_condition(spec.when)
    yield "address", _problem_of_address(spec)
    is_secret = not spec.secret or Secret.objects.filter(name=spec.secret).exists()
    yield "secret", "" if is_secret else f"there is no secret {spec.secret!r:.80}"
    if spec.kind == Kind.EMAIL and spec.secret:
        yield "secret", "a mail is not signed"
    if not FAILURES_MIN <= spec.failures_n <= FAILURES_MAX:
        yield "failures_n", f"a whole number from {FAILURES_MIN} to {FAILURES_MAX:,} is needed here"
    if not 1 <= spec.failures_minutes <= MINUTES_MAX:
        yield "failures_minutes", f"a whole number from 1 to {MINUTES_MAX:,} is needed here"


def _problem_of_workflow(name: str, user: Any) -> str:
    """One that the person may see and not design is refused too: a subscription belongs to its workflow."""
    if not name:
        return ""
    if not seen(Workflow.objects.filter(name=name), user, "name").exists():
        return f"there is no workflow {name!r:.80}"
    may_design = "design" in acts_with(user, name)
    return "" if may_design else f"the folder of {name} does not let you change it"


def _problem_of_types(spec: SubscriptionSpec) -> str:
    unknown = [name for name in spec.types if name not in TYPES]
    if unknown or not spec.types:
        what = f"there is no type {unknown[0]!r:.80}" if unknown else "choose at least one"
        return f"{what}; there are {', '.join(TYPES)}"
    of_fleet = [name for name in spec.types if name in FLEET]
    return (
        f"{of_fleet[0]} concerns no workflow, so none can be chosen with it"
        if of_fleet and spec.workflow
        else ""
    )


def _problem_of_condition(source: str) -> str:
    if not source:
        return ""
    if len(source) > CONDITION_LENGTH_MAX:
        return f"a condition has at most {CONDITION_LENGTH_MAX:,} characters"
    try:
        check_texts(source)
        others = compile_expression(source).variables - {"event"}
    except ExpressionError as error:
        return str(error)
    return f"it reads {min(others)}, but there is only event" if others else ""


def _problem_of_address(spec: SubscriptionSpec) -> str:
    if len(spec.address) > ADDRESS_LENGTH_MAX:
        return f"an address has at most {ADDRESS_LENGTH_MAX:,} characters"
    if spec.kind == Kind.EMAIL:
        return _problem_of_mail_addresses(spec.address.split())
    if spec.kind == Kind.SLACK and not spec.address:
        return "" if spec.secret else "give Slack's webhook URL, or the name of a secret that holds it"
    if spec.kind == Kind.SLACK and spec.secret:
        return "give either the URL or a secret that holds it, not both"
    try:
        parts = urlsplit(spec.address)
        is_url = parts.scheme in ("https", "http") and bool(parts.hostname) and spec.address.isprintable()
        has_password = parts.username is not None or parts.password is not None
    except ValueError:
        is_url = has_password = False
    if not is_url or " " in spec.address:
        return "a URL is needed here, such as https://example.org/hook"
    return (
        "no user and password can stand in it; receivers know what is genuine by its signature"
        if has_password
        else ""
    )


def _problem_of_mail_addresses(addresses: Sequence[str]) -> str:
    if not 0 < len(addresses) <= ADDRESSES_MAX:
        return f"1 to {ADDRESSES_MAX} e-mail addresses are needed here"
    for address in addresses:
        try:
            validate_email(address)
        except ValidationError:
            return f"{address!r:.80} is no e-mail address"
    return ""


# --- writing ---


def _save(
    subscription: Subscription, user: Any, flag: int, what: str, columns: Sequence[str] | None = None
) -> None:
    """Saves these columns alone, or a new row: the sweep writes others at the same time."""
    try:
        with transaction.atomic():
            subscription.save(update_fields=columns)
            _log(subscription, user, flag, what)
    except IntegrityError as error:
        message = f"there is a subscription {subscription.name!r} already"
        problem: Mapping[str, Any] = {"code": "bad_subscription", "path": "name", "message": message}
        raise SubscriptionRefused(f"name: {message}", [dict(problem)]) from error


def _log(subscription: Subscription, user: Any, flag: int, what: str) -> None:
    """Writes the audit log, without addresses and secrets."""
    if getattr(user, "pk", None):
        rows = Subscription.objects.filter(pk=subscription.pk)
        LogEntry.objects.log_actions(user.pk, rows, flag, f"Subscription {what}.", single_object=True)
