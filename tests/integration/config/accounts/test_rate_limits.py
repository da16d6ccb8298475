"""Limits of every door: how often somebody may come, how much they may bring, how many sockets they hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.test import Client
from django.urls import reverse
from redis import Redis

from config.accounts import rate_limits
from config.accounts.permissions import Role
from config.accounts.tokens import make
from config.asgi import application
from config.lib.caches import clear_all
from config.middleware import BodyLimit
from runs.live.consumers import MESSAGE_CHARS_MAX, MESSAGES_PER_MINUTE_MAX
from runs.models import Run
from tests.integration.runs.live.test_live import closing_code, socket_of
from tests.people import client_of, person

NOON = 1_800_000_000 // 60 * 60


@pytest.fixture(autouse=True)
def counted_anew(redis_client: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "clock", lambda: NOON + 10)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    return lambda second: monkeypatch.setattr(rate_limits, "clock", lambda: NOON + second)


@pytest.fixture
def few(settings: Any) -> Callable[..., None]:
    """Sets limits of doors."""

    def set_them(**most: int) -> None:
        settings.LIMITS = {**settings.LIMITS, **most}

    return set_them


def spent(times: int, caller: str = "ada") -> None:
    for _ in range(times):
        rate_limits.consume("calls", caller)


def expect_two_a_minute(at: Callable[[int], None]) -> None:
    at(10)
    spent(2)
    with pytest.raises(rate_limits.TooMany, match="More than 2 a minute. Try again in 50 s.") as refused:
        spent(1)
    assert refused.value.retry_after_s == 50
    spent(2, "bob")
    rate_limits.consume("starts", "ada")
    at(60)
    spent(2)


def test_a_door_lets_in_what_its_setting_says_for_each_by_themselves(
    at: Callable[[int], None], few: Callable[..., None], redis_client: Redis
) -> None:
    few(calls=2)
    expect_two_a_minute(at)
    assert all(0 < int(redis_client.ttl(key)) <= 120 for key in redis_client.keys("limit:*"))
    assert rate_limits._local._counts == {}


def test_doors_are_guarded_while_redis_is_away(
    at: Callable[[int], None], few: Callable[..., None], settings: Any
) -> None:
    few(calls=2)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    clear_all()
    expect_two_a_minute(at)


def test_counts_of_a_process_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "LOCAL_COUNTS_MAX", 3)
    here = rate_limits._LocalCounts()
    for key in "abcd":
        here.count(key)
    assert here.count("d") == 2 and here.count("a") == 1
    assert len(here._counts) == 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/api/v1/runs", "/runs/", "/accounts/login/", "/admin/", "/api/v1/openapi.json"]
)
def test_each_page_and_call_is_counted(few: Callable[..., None], path: str) -> None:
    few(calls=3)
    client = client_of("ada", "viewer")
    for _ in range(3):
        assert client.get(path).status_code < 400
    refused = client.get(path)
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    if path.startswith("/api/"):
        assert refused["Content-Type"] == "application/problem+json"
        told = refused.json()
        assert (told["status"], told["type"]) == (429, "urn:sagaboard:too_many")
        assert "More than 3 a minute" in told["detail"]
    else:
        assert "More than 3 a minute" in refused.content.decode()
        assert "Content-Security-Policy" in refused
    assert Client().get("/accounts/login/").status_code == 200  # a stranger is counted by address


@pytest.mark.django_db
def test_each_token_is_counted_by_itself_wherever_it_is_used(few: Callable[..., None]) -> None:
    few(calls=3)
    owner = person("olga", "operator")
    texts = [make(owner, name, Role.VIEWER)[1] for name in ("one", "two")]

    def call(text: str, address: str) -> int:
        headers = {"Authorization": f"Bearer {text}"}
        return Client(REMOTE_ADDR=address).get("/api/v1/runs", headers=headers).status_code

    assert [call(texts[0], f"10.0.0.{number}") for number in range(4)] == [200, 200, 200, 429]
    assert [call(texts[1], "10.0.0.1") for _ in range(4)] == [200, 200, 200, 429]
    browser = Client()
    browser.force_login(owner)
    assert browser.get("/api/v1/runs").status_code == 200
    assert [call("sgb_wrong", "10.0.0.1") for _ in range(4)] == [401, 401, 401, 429]


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["login", "admin:login", "password_reset"])
def test_signing_in_is_counted_by_address_whatever_the_name(few: Callable[..., None], page: str) -> None:
    few(sign_in=3)
    for number in range(3):
        sent = {"username": f"name{number}", "password": "x", "email": f"{number}@example.org"}
        assert Client(REMOTE_ADDR="10.0.0.1").post(reverse(page), sent).status_code in (200, 302)
    assert Client(REMOTE_ADDR="10.0.0.1").post(reverse(page), {}).status_code == 429
    assert Client(REMOTE_ADDR="10.0.0.1").get(reverse(page)).status_code in (200, 302)
    assert Client(REMOTE_ADDR="10.0.0.2").post(reverse(page), {}).status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/workflows/order/runs", "/workflows/order/start/"])
def test_starts_are_counted_and_one_too_many_starts_nothing(
    operator: Client, order: Any, few: Callable[..., None], path: str
) -> None:
    few(starts=2)

    def start(key: str) -> Any:
        if path.startswith("/api/"):
            return operator.post(path, {"input": {}}, content_type="application/json")
        return operator.post(path, {"input": "{}", "key": key})

    assert [start(key).status_code < 400 for key in "ab"] == [True, True]
    refused = start("c")
    assert refused.status_code == 429 and "Retry-After" in refused
    assert Run.objects.count() == 2


# --- size ---


async def sent(path: str, *parts: bytes, told: int | None = None) -> dict[str, Any]:
    """Start of the answer to a POST of these chunks."""
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    if told is not None:
        headers.append((b"content-length", str(told).encode()))
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    http = ApplicationCommunicator(BodyLimit(application.application_mapping["http"]), scope)
    for left, part in zip(range(len(parts) - 1, -1, -1), parts, strict=True):
        await http.send_input({"type": "http.request", "body": part, "more_body": left > 0})
    start = await http.receive_output(20)
    body = await http.receive_output(20)
    await http.wait(20)
    return {**start, "body": body["body"], "headers": dict(start["headers"])}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("told", [True, False])
async def test_more_than_a_request_may_bring_is_refused_unread(settings: Any, told: bool) -> None:
    settings.BODY_BYTES_MAX = 1_000
    parts = [b"x" * 300] * 4
    answer = await sent("/api/v1/workflows/validate", *parts, told=1_200 if told else None)
    assert answer["status"] == 413
    assert answer["headers"][b"content-type"] == b"application/problem+json"
    assert b"1,000 bytes at most" in answer["body"]
    page = await sent("/accounts/login/", *parts)
    assert (page["status"], page["headers"][b"content-type"]) == (413, b"text/plain; charset=utf-8")
    within = await sent("/api/v1/workflows/validate", b"x" * 900, told=900)
    assert within["status"] == 403  # a stranger's


# --- sockets ---


async def test_a_person_holds_so_many_sockets_and_no_more(viewer: Client, settings: Any) -> None:
    settings.SOCKETS_PER_PERSON = 2
    async with socket_of(viewer, "/ws/runs/"):
        async with socket_of(viewer, "/ws/interventions/") as second:
            async with socket_of(viewer, "/ws/runs/") as third:
                assert await closing_code(third) == 1013
            assert await second.receive_nothing(0.05)
        async with socket_of(viewer, "/ws/runs/") as again:
            assert await again.receive_nothing(0.05)


async def test_opening_sockets_is_counted_as_calls(viewer: Client, few: Callable[..., None]) -> None:
    few(calls=1)
    async with socket_of(viewer, "/ws/runs/") as first, socket_of(viewer, "/ws/runs/") as second:
        assert await closing_code(second) == 1013
        assert await first.receive_nothing(0.05)


async def test_what_a_watcher_says_is_bounded(viewer: Client) -> None:
    async with socket_of(viewer, "/ws/runs/") as large:
        await large.send_to(text_data="x" * (MESSAGE_CHARS_MAX + 1))
        assert await closing_code(large) == 1009
    async with socket_of(viewer, "/ws/runs/") as loud:
        for _ in range(MESSAGES_PER_MINUTE_MAX):
            await loud.send_to(text_data="{}")
        assert await loud.receive_nothing(0.05)
        for _ in range(MESSAGES_PER_MINUTE_MAX + 1):  # so that a minute that ends meanwhile changes nothing
            await loud.send_to(bytes_data=b"\0")
        assert await closing_code(loud) == 1008
