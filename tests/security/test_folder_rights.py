"""A folder that people may not see, at every door: nothing of its workflows and runs is told or done.

The doors are those of `doors.txt`. Each that has a variable part either names a workflow, or something that
belongs to one (`config.accounts.permissions.finder_of` knows it), or stands in `ELSEWHERE`. So a new door
fails here until it is decided.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client

from config.accounts.permissions import Role, finder_of
from runs.engine import engine
from runs.interventions import service
from runs.live.consumers import NO_SUCH_RUN
from runs.models import Run
from runs.statistics.counters import tally_once
from tests.integration.runs.conftest import RunHere, chain, step
from tests.integration.runs.conftest import catalog as catalog
from tests.integration.runs.live.test_live import closing_code, frames_from, in_thread, socket_of
from tests.security.hidden import ELSEWHERE, FRIENDS, SIGN, Hidden, client_with, restrict, strangers, text_of
from tests.security.hidden import closed as closed
from tests.security.hidden import hidden as hidden
from tests.security.table import Door, doors

HTTP = [door for door in doors() if door.method != "SOCKET"]
ROWS = (
    "/admin/designer/workflow/",
    "/admin/designer/workflowversion/",
    "/admin/runs/run/",
    "/admin/runs/steprun/",
    "/admin/runs/journalentry/",
    "/admin/runs/intervention/causes/",
    "/admin/runs/intervention/batches/",
)
"""Pages of the admin that find their rows among those that the person may see."""
OPEN_TO = {"view", "design", "operate", "operate|design"}


def call(client: Client, method: str, address: str) -> HttpResponseBase:
    send = getattr(client, method.lower())
    body = {"folder": None} if address.endswith("/move") else {}
    given = {"If-Match": "0"}
    if method == "GET":
        answer: HttpResponseBase = send(address)
    else:
        answer = send(address, body, content_type="application/json", headers=given)
    return answer


def is_named(door: Door) -> bool:
    return finder_of(door.path) is not None


def each(client: Client, found: list[Door], hidden: Hidden, check: Callable[[Door, Any], Any]) -> list[Any]:
    """What `check` says of the answers, without None; what a call does is undone."""
    cookies, results = client.cookies.output(header="", sep=";"), []
    for door in found:
        address = hidden.address(door)
        with transaction.atomic():
            client.cookies.clear()  # with the messages of the last answer
            client.cookies.load(cookies)
            results.append(check(door, call(client, door.method, address)))
            transaction.set_rollback(True)
    return [result for result in results if result is not None]


def test_each_door_with_a_variable_part_names_a_workflow_or_stands_elsewhere() -> None:
    undecided = [
        str(door)
        for door in doors()
        if door.places
        and not is_named(Door("", door.path.replace("/ws/", "/"), ""))
        and not door.path.startswith((*ELSEWHERE, *ROWS))
    ]
    assert not undecided, (
        "say by `name_by` which workflow these name, or add them to ELSEWHERE: " + "\n".join(undecided)
    )


NAMED = [door for door in HTTP if is_named(door) and door.access in OPEN_TO]


def test_a_door_that_names_something_hidden_answers_as_if_it_were_not_there(closed: Hidden) -> None:
    people = strangers()

    def wrong(door: Door, answer: Any) -> str | None:
        return None if answer.status_code == 404 else f"{door}: {answer.status_code} {text_of(answer)[:200]}"

    found = each(people["session"], NAMED, closed, wrong)
    calls = [door for door in NAMED if door.is_call]
    for role in (Role.DESIGNER, Role.OPERATOR):
        acts = {"view", "design" if role == Role.DESIGNER else "operate"}
        own = [door for door in calls if not acts.isdisjoint(door.access.split("|"))]
        found += each(people[str(role)], own, closed, wrong)
    assert not found, "\n".join(found)
    assert len(NAMED) > 80


def test_nothing_tells_the_hidden_from_what_never_was(closed: Hidden) -> None:
    client, name = strangers()["session"], closed.run.workflow_name
    run, none = str(closed.run.pk), str(uuid4())
    for address, other in ((name, "never_was"), (run, none)):
        kind = "workflows" if address == name else "runs"
        for beginning in ("/", "/api/v1/"):
            ending = "/" if beginning == "/" else ""
            hidden_one, missing = (client.get(f"{beginning}{kind}/{one}{ending}") for one in (address, other))
            assert hidden_one.status_code == missing.status_code == 404
            assert plain(hidden_one).replace(address, other) == plain(missing)


def plain(answer: Any) -> str:
    """The text of an answer without what differs each time: nonces and tokens of forms."""
    return re.sub(r'(nonce|value|content)="[^"]*"', "", text_of(answer))


@pytest.mark.parametrize(("act", "needs"), [("design", "design"), ("operate", "operate")])
def test_who_may_see_and_not_act_is_refused_and_told_why(hidden: Hidden, act: str, needs: str) -> None:
    restrict(hidden, act)
    barred = [door for door in NAMED if door.access == needs]

    def wrong(door: Door, answer: Any) -> str | None:
        is_right = answer.status_code == 403 and "Ask an administrator" in text_of(answer)
        return None if is_right else f"{door}: {answer.status_code}"

    client = strangers()["session"]
    assert not (found := each(client, barred, hidden, wrong)), "\n".join(found)
    reading = [door for door in NAMED if door.access == "view" and door.method == "GET"]
    refused = each(
        client, reading, hidden, lambda door, answer: str(door) if answer.status_code == 403 else None
    )
    assert not refused


def shows(hidden: Hidden) -> Callable[[Door, Any], str | None]:
    """Says the door if its answer has the name of what is hidden, or the id of a run there."""
    ids = [str(pk) for pk in Run.objects.filter(workflow_name__startswith=SIGN).values_list("pk", flat=True)]

    def check(door: Door, answer: Any) -> str | None:
        text = text_of(answer)
        text = text.replace(hidden.address(door), "")  # where an answer says what was asked for
        is_told = SIGN in text or any(one in text for one in ids)
        return str(door) if is_told else None

    return check


LISTS = [door for door in HTTP if door.method == "GET" and not is_named(door)]
TELLING = {
    "GET /",
    "GET /workflows/",
    "GET /runs/",
    "GET /inbox/",
    "GET /subscriptions/",
    "GET /api/v1/workflows",
    "GET /api/v1/folders",
    "GET /api/v1/runs",
    "GET /api/v1/approvals",
    "GET /api/v1/interventions",
    "GET /api/v1/subscriptions",
    "GET /api/v1/views",
    "GET /admin/designer/workflow/",
    "GET /admin/designer/workflowversion/",
    "GET /admin/runs/run/",
    "GET /admin/runs/steprun/",
    "GET /admin/runs/journalentry/",
    "GET /admin/runs/intervention/",
    "GET /admin/runs/intervention/causes/",
}
"""Doors that do show it to those who may see it."""


def test_no_other_door_shows_anything_of_it(closed: Hidden) -> None:
    friend = client_with("friend-of-it", "designer", "operator", group=FRIENDS)
    told = set(each(friend, LISTS, closed, shows(closed)))
    assert told >= TELLING, sorted(TELLING - told)
    assert each(strangers()["session"], LISTS, closed, shows(closed)) == []


def test_counts_are_those_of_what_may_be_seen(closed: Hidden) -> None:
    friend, stranger = client_with("friend", "operator", group=FRIENDS), client_with("other", "operator")
    for client, count in ((friend, 1), (stranger, 0)):
        assert client.get("/api/v1/interventions").json()["count"] == count
        page = client.get("/inbox/?of=all")
        assert page.context["everything"].count == 2 * count
        assert page.context["mine"].count == 2 * count
        assert client.get("/").context["under_way"].count == count


def test_the_charts_count_what_may_be_seen(closed: Hidden, run_here: RunHere) -> None:
    for fault in ("critical", None):
        run_here(chain(step("last"), name="plain"), faults={"last": fault} if fault else {})
    _ended(closed)
    tally_once()
    friend, stranger = client_with("friend", "viewer", group=FRIENDS), client_with("other", "viewer")
    ended = {}
    for name, client in (("friend", friend), ("stranger", stranger)):
        chart = client.get("/api/v1/figures/runs").json()
        ended[name] = sum(sum(one["values"]) for one in chart["series"])
    assert ended == {"friend": 3, "stranger": 2}


def _ended(hidden: Hidden) -> None:
    """Has the hidden run end."""
    engine.cancel_run(hidden.run.pk, "abandon")


def test_what_concerns_all_workflows_at_once_is_for_those_who_see_all(closed: Hidden) -> None:
    stranger = strangers()["session"]
    for address in ("/api/v1/metrics", "/admin/rq/", "/admin/rq/queues/0/"):
        assert stranger.get(address).status_code == 403, address
        assert client_with(f"friend{len(address)}", "operator", group=FRIENDS).get(address).status_code == 200


# --- sockets ---


async def test_sockets_tell_nothing_of_it_and_end_when_it_is_closed(hidden: Hidden) -> None:
    client = await in_thread(client_with)("other", "viewer")
    friend = await in_thread(client_with)("friend", "operator", group=FRIENDS)
    path = f"/ws/runs/{hidden.run.pk}/?after={hidden.run.last_seq}"
    async with socket_of(client, path) as socket, socket_of(client, "/ws/runs/") as listed:
        await in_thread(restrict)(hidden, "view")
        assert await closing_code(socket) == NO_SUCH_RUN
        async with (
            socket_of(client, path) as again,
            socket_of(client, "/ws/interventions/?inbox=1") as questions,
            socket_of(friend, "/ws/interventions/?inbox=1") as own,
        ):
            assert await closing_code(again) == NO_SUCH_RUN
            assert (await frames_from(questions, 1))[0]["waiting"] == 0
            assert (await frames_from(own, 1))[0]["waiting"] == 2
            user = await in_thread(User.objects.get)(username="friend")
            await in_thread(service.claim)(hidden.sample["intervention_id"], user)
            (claimed,) = await frames_from(own, 1)
            assert (claimed["event"], claimed["open"]) == ("intervention.claimed", 1)
            await in_thread(engine.cancel_run)(hidden.run.pk, "abandon")
            while not await questions.receive_nothing(1):
                (frame,) = await frames_from(questions, 1)
                assert (frame["event"], frame["waiting"]) == ("inbox", 0)
            assert await listed.receive_nothing(0.1)
