"""Every door × everybody × every method, with what is to come of it from one table (`doors.txt`).

What a caller does is undone after each call, so that every call finds the same board.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse

from runs.models import JournalEntry, Run
from tests.integration.runs.conftest import catalog as catalog
from tests.security.cast import Cast, row_of, values
from tests.security.table import API, METHODS, Door, acts_of, doors

HTTP = [door for door in doors() if door.method != "SOCKET"]
PATHS = list(dict.fromkeys(door.path for door in HTTP))
BY_NAME = {str(door): door for door in HTTP}
CALLERS = (
    "stranger",
    "false token",
    *(f"{role}, session" for role in ("none", "viewer", "designer")),
) + tuple(
    ["operator, session", "admin, session", *(f"{role}, token" for role in ("viewer", "designer"))]
    + ["operator, token", "admin, token"]
)
JSON = "application/json"


def call(client: Client, method: str, address: str) -> HttpResponseBase:
    send = getattr(client, method.lower())
    answer: HttpResponseBase = send(address) if method == "GET" else send(address, {}, content_type=JSON)
    return answer


def wrong(door: Door, caller: str, role: str | None, answer: HttpResponseBase) -> str | None:
    """How the answer differs from what the table says; None where it does not."""
    found = _kind(answer)
    if found == "FAULT 503" and door.path.startswith(f"{API}/health"):
        found = "let in"  # it says that worker processes are away, which is so
    return None if found in _expected(door, caller, role) else f"{door} as {caller}: {found}"


def _expected(door: Door, caller: str, role: str | None) -> set[str]:
    if door.access == "":
        return (
            {"405", "401", "403", "sign in", "let in"} if door.is_admin else {"405", "401", "403", "sign in"}
        )
    knows_tokens = door.is_call
    acts = acts_of(role if knows_tokens or "token" not in caller else None)
    if door.lets_in(acts) and not (
        door.is_call and caller == "false token" and door.access not in ("anyone", "secret")
    ):
        return {"let in"}
    if door.is_call:
        return {"401"} if role is None else {"403"}
    if "person" not in acts:
        return {"sign in"}
    return {"403", "sign in"} if door.is_admin and "operate" not in acts else {"403"}


def _kind(answer: HttpResponseBase) -> str:
    status = answer.status_code
    if status in (301, 302) and answer["Location"].startswith((reverse("login"), reverse("admin:login"))):
        return "sign in" if "next=" in answer["Location"] else "let in"
    if status in (401, 403, 405):
        return str(status)
    return "let in" if status < 500 else f"FAULT {status}"


@pytest.mark.parametrize("caller", CALLERS)
def test_each_door_opens_for_whom_the_table_says(stuck: Run, caller: str, record_property: Any) -> None:
    cast, sample = Cast(), values(stuck)
    client, role = cast.clients[caller], cast.roles[caller]
    places = {
        path: Door("", path, "").address({**sample, "object_id": row_of(path, sample)}) for path in PATHS
    }
    cookies, before = client.cookies.output(header="", sep=";"), _kept()
    found, tried = [], 0
    for path in PATHS:
        for method in METHODS:
            door = BY_NAME.get(f"{method} {path}", Door(method, path, ""))
            if method in ("PATCH", "DELETE") and not door.is_call:
                continue
            with transaction.atomic():
                client.cookies.load(cookies)  # signing out is undone, too
                answer = call(client, method, places[path])
                found.append(wrong(door, caller, role, answer))
                if role is not None and door.lets_in(acts_of(role)):
                    transaction.set_rollback(True)
            tried += 1
    print(f"{caller}: {tried} calls of {len(PATHS)} addresses")
    record_property("calls", tried)
    assert not any(found), "\n".join(filter(None, found))
    assert _kept() == before


def _kept() -> list[int]:
    """Nothing of it may grow by what was refused; the acts of those who may are undone."""
    return [model.objects.count() for model in (Run, JournalEntry, LogEntry)]


def test_everybody_of_the_cast_has_tried(transactional_db: None) -> None:
    assert set(CALLERS) == set(Cast())
