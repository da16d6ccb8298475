"""Delivery of what is committed: each start is posted under its key until the board has taken it.

A row is claimed for a time by a conditional UPDATE, posted outside of any transaction, and marked. A process
that dies between post and mark leaves a claim that ends; the row is posted again, and the board answers with
the run that there is. So a start is sent at least once, and is one run.
"""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx2
from django.utils import timezone

from . import options
from .models import Start, State

CLAIM_MARGIN_S = 30.0
PAUSE_S_MAX = 300.0
RETRY_AFTER_S_MAX = 3_600.0
ERROR_CHARS_MAX = 2_000
PRUNED_MAX = 1_000  # in one pass
REFUSED = frozenset({400, 404, 405, 409, 413, 415, 422})  # the same again would be refused again

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reply:
    """What became of one post. `run` is its id if the board took it; `is_final` if it never will."""

    run: str = ""
    error: str = ""
    is_final: bool = False
    is_away: bool = False
    retry_after_s: float = 0.0


def open_client(**more: Any) -> httpx2.Client:
    """A client of the board. `more`: of httpx2. Raises ImproperlyConfigured."""
    url, token = options.address()
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    return httpx2.Client(base_url=f"{url}/api/v1", headers=headers, timeout=options.timeout_s(), **more)


def deliver_next(http: httpx2.Client, using: str) -> Reply | None:
    """Sends the oldest start that is due, and returns what became of it; None if nothing is due."""
    start = _claimed(using)
    if start is None:
        return None
    reply = post(http, start)
    _mark(start, reply, using)
    return reply


def post(http: httpx2.Client, start: Start) -> Reply:
    body = {"input": start.input, **({"labels": start.labels} if start.labels else {})}
    path = f"/workflows/{quote(start.workflow, safe='')}/runs"
    try:
        answer = http.post(path, json=body, headers={"Idempotency-Key": start.key})
        document = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    except (httpx2.HTTPError, ValueError) as error:
        return Reply(error=f"the board did not answer: {type(error).__name__}: {error}", is_away=True)
    document = document if isinstance(document, dict) else {}
    if answer.is_success and document.get("id"):
        return Reply(run=str(document["id"]))
    reason = document.get("detail") or document.get("title") or "no reason given"
    return Reply(
        error=f"{answer.status_code}: {reason}",
        is_final=answer.status_code in REFUSED,
        is_away=answer.status_code not in REFUSED,
        retry_after_s=_seconds(answer.headers.get("retry-after", "")),
    )


def prune(using: str) -> int:
    """Removes starts that were delivered long ago; those that were given up stay until somebody decides."""
    before = timezone.now() - options.kept()
    old = Start.objects.using(using).filter(state=State.DELIVERED, delivered_at__lt=before)
    ids = list(old.order_by("pk").values_list("pk", flat=True)[:PRUNED_MAX])
    return int(Start.objects.using(using).filter(pk__in=ids).delete()[0])


def again(starts: Any) -> int:
    """Has starts that were given up sent again. Returns how many."""
    now = timezone.now()
    return int(
        starts.filter(state=State.GIVEN_UP).update(
            state=State.WAITING, attempts=0, due_at=now, give_up_at=now + options.give_up_after()
        )
    )


def _claimed(using: str) -> Start | None:
    """The next start that is due, claimed for longer than a post can take."""
    now = timezone.now()
    until = now + timedelta(seconds=options.timeout_s() + CLAIM_MARGIN_S)
    starts = Start.objects.using(using)
    while (start := starts.due(now).first()) is not None:
        if starts.unclaimed(now).filter(pk=start.pk).update(claimed_until=until):
            found: Start = start
            return found
    return None


def _mark(start: Start, reply: Reply, using: str) -> None:
    now = timezone.now()
    changes: dict[str, Any] = {"claimed_until": None, "attempts": start.attempts + 1}
    if reply.run:
        changes |= {"state": State.DELIVERED, "run": reply.run, "delivered_at": now, "error": ""}
    else:
        changes |= {"error": reply.error[:ERROR_CHARS_MAX], "due_at": now + _pause(start, reply)}
        if reply.is_final or now >= start.give_up_at:
            changes["state"] = State.GIVEN_UP
    if Start.objects.using(using).filter(pk=start.pk, state=State.WAITING).update(**changes):
        _tell(start, reply, changes)


def _tell(start: Start, reply: Reply, changes: dict[str, Any]) -> None:
    if reply.run:
        log.info("%s is the run %s", start, reply.run)
    elif changes.get("state") == State.GIVEN_UP:
        log.error("%s is given up, and starts no run: %s", start, reply.error)
    else:
        due: datetime = changes["due_at"]
        log.warning("%s is sent again at %s: %s", start, f"{due:%H:%M:%S}", reply.error)


def _pause(start: Start, reply: Reply) -> timedelta:
    """Doubles with each attempt, up to five minutes, and differs a little, so that not all come at once."""
    pause = min(PAUSE_S_MAX, 2.0 ** min(start.attempts, 10)) * random.uniform(0.75, 1.0)
    return timedelta(seconds=max(pause, reply.retry_after_s))


def _seconds(text: str) -> float:
    return min(float(text), RETRY_AFTER_S_MAX) if text.isdecimal() else 0.0
