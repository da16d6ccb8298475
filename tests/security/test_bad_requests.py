"""Bad input at every door: stale and foreign CSRF tokens, ids of nobody, broken and large bodies, markup."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from config.accounts import tokens
from config.accounts.permissions import Role
from runs.interventions import service
from runs.models import Run
from tests.integration.runs.conftest import catalog as catalog
from tests.integration.runs.live.test_live import closing_code, in_thread, socket_of
from tests.people import noted_client_of, person
from tests.security.cast import MARKUP, Cast, bearer, row_of, values, with_markup
from tests.security.table import Door, doors

HTTP = [door for door in doors() if door.method != "SOCKET"]
CHANGING = [door for door in HTTP if door.method != "GET"]
SOCKETS = [door for door in doors() if door.method == "SOCKET"]
WITHOUT_COOKIES = ("secret",)
FAULT = 500
AWAY = ("/api/v1/health", "/api/v1/health/ready")  # they say that no worker process is there


def addresses(stuck: Run) -> dict[Door, str]:
    sample = values(stuck)
    return {door: door.address({**sample, "object_id": row_of(door.path, sample)}) for door in HTTP}


def send(client: Client, door: Door, address: str, body: Any = None, **options: Any) -> Any:
    """The answer; what the call has changed is undone."""
    cookies = client.cookies.output(header="", sep=";")
    with transaction.atomic():
        if isinstance(body, bytes):
            answer = client.generic(door.method, address, body, **options)
        else:
            answer = getattr(client, door.method.lower())(address, {}, **options)
        if hasattr(answer, "streaming_content"):
            b"".join(answer.streaming_content)
        transaction.set_rollback(True)
    client.cookies.load(cookies)
    return answer


def faults(told: list[tuple[Door, Any, Any]]) -> str:
    wrong = [
        f"{door} {what!r:.80}: {answer.status_code}"
        for door, what, answer in told
        if answer.status_code >= FAULT and door.path not in AWAY
    ]
    print(f"{len(told)} calls")
    return "\n".join(wrong)


# --- CSRF ---


@pytest.mark.parametrize("token", ["none", "stale", "foreign"])
def test_a_form_of_another_site_is_refused_at_every_door(stuck: Run, token: str) -> None:
    client = noted_client_of("root", "admin", enforce_csrf_checks=True)
    other = Client(enforce_csrf_checks=True)
    other.get(reverse("login"))
    given = {
        "none": None,
        "stale": secrets.token_urlsafe(48)[:64],
        "foreign": other.cookies["csrftoken"].value,
    }
    client.get(reverse("home"))
    headers = {} if given[token] is None else {"X-CSRFToken": given[token]}
    wrong = []
    for door, address in addresses(stuck).items():
        if door.method == "GET" or door.access in WITHOUT_COOKIES or door.path.startswith("/api/v1/health"):
            continue
        answer = send(client, door, address, content_type="application/json", headers=headers)
        is_reading = door.is_call and door.access == "anyone"
        if answer.status_code not in (403, 405) and not is_reading:
            wrong.append(f"{door}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_the_same_call_with_the_pages_own_token_is_let_in(stuck: Run) -> None:
    client = noted_client_of("root", "admin", enforce_csrf_checks=True)
    client.get(reverse("run-detail", args=[stuck.pk]))
    headers = {"X-CSRFToken": client.cookies["csrftoken"].value}
    path = f"/api/v1/interventions/{stuck.interventions.get().pk}/claim"
    assert client.post(path, {}, content_type="application/json", headers=headers).status_code == 200
    assert client.post(path, {}, content_type="application/json").status_code == 403


# --- ids ---

NUMBERS = (
    "intervention_id",
    "pk",
    "number",
    "trigger_id",
    "queue_index",
    "scheduler_index",
    "connection_index",
)
UNKNOWN_NUMBERS: list[Any] = [0, 999_999, 2**63, 10**30]
UNKNOWN_TEXTS: list[Any] = [
    "nothing",
    "publish",  # a step of another run
    "%00",
    "%3Cscript%3Ealert('door')%3C/script%3E",
    "x" * 300,
    "..%2f..%2fetc",
    "%F0%9F%92%A5",
    "_5F_quoted_",
]


@pytest.mark.long
def test_ids_that_lead_nowhere_are_not_found_and_never_a_fault(stuck: Run, waiting: Run) -> None:
    client, sample = noted_client_of("root", "admin"), values(stuck)
    sample |= {"id": sample["id"], "object_id": "1"}
    told: list[tuple[Door, Any, Any]] = []
    for door in HTTP:
        for place in door.places:
            if place in ("run_id", "batch"):
                unknown = [uuid4()] + ([waiting.pk] if place == "run_id" and "step" in door.places else [])
            else:
                unknown = UNKNOWN_NUMBERS if place in NUMBERS else UNKNOWN_TEXTS
            for one in unknown:
                answer = send(
                    client, door, door.address({**sample, place: one}), content_type="application/json"
                )
                told.append((door, one, answer))
    assert not faults(told), faults(told)
    leaked = [f"{door} {one}" for door, one, answer in told if MARKUP.encode() in answer.content]
    assert not leaked
    found = [
        f"{door} {one}: {answer.status_code}"
        for door, one, answer in told
        if door.method == "GET"
        and answer.status_code == 200
        and set(door.places) & {"run_id", "intervention_id", "batch"}
        and one not in ("nothing",)
        and "step" not in door.places
    ]
    assert not found, "\n".join(found)


# --- bodies ---

DEEP = b"[" * 50_000 + b"]" * 50_000
LARGE = '{"c": 1' + "0" * 30 + "}"


def hostile_form(json: str) -> bytes:
    fields = {
        **dict.fromkeys(("input", "payload", "patch", "output", "context"), json),
        **dict.fromkeys(("note", "text", "comment", "key", "name", "q", "to_step", "message"), "\0\ud800x"),
        **{"answer": "resolve", "confirmed": "on", "decision": "approve", "mode": "compensate"},
        **{"severity": "high", "due_at": "0001-01-01T00:00", "days": "9" * 30, "role": "root", "ids": "1,2"},
    }
    return urlencode(fields, errors="surrogatepass").encode()


BODIES: list[tuple[bytes, str]] = [
    (b"{", "application/json"),
    (b"\xff\xfe\x00", "application/json"),
    (b"null", "application/json"),
    (b"[]", "application/json"),
    (b'"text"', "application/json"),
    (b'{"input": {"a": NaN}, "answer": "retry", "comment": 1e999}', "application/json"),
    (
        b'{"input": {"a": "\\u0000"}, "note": "\\u0000", "comment": "\\u0000", "answer": "retry"}',
        "application/json",
    ),
    (
        b'{"input": {"a": "\\ud800"}, "note": "\\ud800", "comment": "\\ud800", "answer": "retry"}',
        "application/json",
    ),
    (b'{"input": ' + DEEP + b"}", "application/json"),
    (b'{"version": 1' + b"0" * 400 + b', "input": {}}', "application/json"),
    (b"a=%00&b=%ff&answer=retry&note=%00&name=%00&title=%00&text=%00", "application/x-www-form-urlencoded"),
    (b"&".join(b"a%d=1" % number for number in range(2_000)), "application/x-www-form-urlencoded"),
    (b"--x\r\nContent-Disposition: form-data; name=", "multipart/form-data; boundary=x"),
    (b"x", "multipart/form-data"),
    (b"x", "text/plain; charset=nonsense"),
    (b'{"a": 1}', "application/json; charset=nonsense"),
    *(
        (hostile_form(json), "application/x-www-form-urlencoded")
        for json in ('{"a": NaN}', '{"b": 1e999}', LARGE, '{"d": "\\u0000\\ud800"}', "[" * 5_000, "{")
    ),
]


@pytest.mark.parametrize("number", range(len(BODIES)))
def test_a_broken_body_is_refused_and_never_a_fault(stuck: Run, number: int) -> None:
    body, kind = BODIES[number]
    client = noted_client_of("root", "admin")
    told = [
        (door, body, send(client, door, address, body, content_type=kind))
        for door, address in addresses(stuck).items()
        if door.method != "GET"
    ]
    assert not faults(told), faults(told)


UNKEPT = {  # each is JSON by its grammar; the first is at fault in its outermost object
    "a key twice": b'{"input": {}, "input": {}}',
    "a key twice inside": b'{"input": {"a": [{"k": 1, "k": 1}]}}',
    "65 levels": b'{"input": {"x": ' + b"[" * 63 + b"]" * 63 + b"}}",
    "300 levels": b'{"input": {"x": ' + b"[" * 298 + b"]" * 298 + b"}}",
    "50,000 levels": DEEP,
    "NaN": b'{"input": {"x": NaN}}',
    "infinite": b'{"input": {"x": -1e999}}',
    "65 bits": b'{"input": {"x": 18446744073709551616}}',
    "NUL": b'{"input": {"x": "\\u0000"}}',
    "half a character": b'{"input": {"\\udfff": 1}}',
}
OTHER_TYPES = ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16")


def test_each_call_that_reads_json_refuses_what_cannot_be_kept_and_says_where(stuck: Run) -> None:
    """Which calls those are is asked of the calls: they answer 400 to what is no JSON."""
    client = noted_client_of("root", "admin")
    calls = [(door, at) for door, at in addresses(stuck).items() if door.is_call and door.method != "GET"]
    if_match = {"If-Match": '"0"'}

    def answer(door: Door, address: str, body: bytes, kind: str = "application/json") -> Any:
        return send(client, door, address, body, content_type=kind, headers=if_match)

    reading = [(door, at) for door, at in calls if answer(door, at, b"{").status_code == 400]
    wrong = []
    for door, address in reading:
        for name, body in UNKEPT.items():
            refusal = answer(door, address, body)
            problems = refusal.json().get("problems", [])
            if refusal.status_code != 422 or len(problems) != 1 or problems[0]["code"] == "malformed":
                wrong.append(f"{door} {name}: {refusal.status_code} {refusal.content[:80]!r}")
        for kind in OTHER_TYPES:
            if (status := answer(door, address, b"{}", kind).status_code) != 415:
                wrong.append(f"{door} {kind}: {status}")
    assert not wrong, "\n".join(wrong)
    assert len(reading) > 15, [str(door) for door, _ in reading]


def test_a_body_over_the_limit_is_refused_and_never_a_fault(stuck: Run, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10_000
    client = noted_client_of("root", "admin")
    told: list[tuple[Door, Any, Any]] = []
    for door, address in addresses(stuck).items():
        if door.method != "GET":
            for kind in ("application/json", "application/x-www-form-urlencoded"):
                told.append((door, kind, send(client, door, address, b"a" * 10_001, content_type=kind)))
    assert not faults(told), faults(told)


# --- markup ---


def test_markup_in_people_s_words_stays_text_on_every_page(run_here: Any, order: Any) -> None:
    faulty = {"ship": "critical", "undo_charge": True}
    run = run_here(order, faults=faulty, note=MARKUP, **{MARKUP: MARKUP})
    intervention = run.interventions.get()
    service.note(intervention.pk, "olga", MARKUP)
    with_markup(run)
    admin = person(MARKUP, "admin", first_name=MARKUP)
    tokens.make(admin, MARKUP, Role.VIEWER)
    client = Client()
    client.force_login(admin)
    seen, escaped = 0, 0
    for door, address in addresses(run).items():
        if door.method == "GET":
            answer = send(client, door, address)
            if answer.get("Content-Type", "").startswith("text/html") and not answer.streaming:
                seen += 1
                escaped += "&lt;script&gt;alert(" in answer.content.decode()
                assert "<script>alert(" not in answer.content.decode(), str(door)
    print(f"{seen} pages, {escaped} of them show it as text")
    assert escaped > 20


# --- sockets ---


@pytest.mark.parametrize("path", [door.path for door in SOCKETS])
async def test_sockets_open_for_those_who_may_view_on_this_site_alone(stuck: Run, path: str) -> None:
    cast: Cast = await in_thread(Cast)()
    address = path.replace("{run_id}", str(stuck.pk))
    for caller, client in cast.clients.items():
        token = client.defaults.get("HTTP_AUTHORIZATION", "")
        headers = {"host": "localhost"} | ({"authorization": token} if token else {})
        for origin, refused in (("http://localhost", None), ("https://evil.example", 4403)):
            async with socket_of(client, address, origin=origin, **headers) as socket:
                may = cast.roles[caller] not in (None, "none")
                code = refused or (None if may else 4401)
                if code is None:
                    sent = await socket.receive_nothing(0.01)
                    assert sent in (True, False), caller
                else:
                    assert await closing_code(socket) == code, (caller, origin)


def test_a_token_of_the_api_opens_no_page(stuck: Run) -> None:
    _, text = tokens.make(person("ada", "admin"), "t", Role.ADMIN)
    assert bearer(text).get(reverse("run-list")).status_code == 302
