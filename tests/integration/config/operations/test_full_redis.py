"""A full Redis answers and takes nothing: health, doctor and pages say so, and say when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.urls import reverse
from redis import Redis

from config.operations import context_processors, health, redis_probe
from runs.delivery import undispatched
from tests.people import client_of
from workers.process.full_redis import FullRedis


@pytest.fixture
def full(redis_client: Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    monkeypatch.setattr(health, "CACHED_S", -1.0)
    monkeypatch.setattr(context_processors, "CACHED_S", -1.0)
    redis_client.config_set("maxmemory-policy", "noeviction")
    redis_client.config_set("maxmemory", 1)
    yield redis_client
    redis_client.config_set("maxmemory", 0)


def doctor() -> str:
    out = StringIO()
    try:
        call_command("doctor", stdout=out, stderr=out)
    except (SystemExit, CommandError) as end:
        out.write(str(end))
    return out.getvalue()


def test_health_doctor_and_pages_say_that_redis_is_full_and_that_it_is_not_any_more(
    full: Redis, transactional_db: None
) -> None:
    person = client_of("olga", "operator")
    assert full.ping()
    part = health.parts(("redis",))["redis"]
    assert not part.is_ok and "Redis is full" in part.text and "OOM" in part.text
    assert person.get("/api/v1/health").status_code == 503
    assert "Redis is full" in person.get(reverse("home")).content.decode()
    assert "Redis is full" in doctor()
    full.config_set("maxmemory", 0)
    assert health.parts(("redis",))["redis"].is_ok
    assert "Redis is full" not in person.get(reverse("home")).content.decode()
    assert "can be written" in doctor()


def test_the_probe_leaves_nothing_for_long(redis_client: Redis) -> None:
    assert redis_probe.problem(1.0) == ""
    assert 0 < redis_client.pttl(redis_probe.KEY) <= redis_probe.TTL_MS


def test_what_is_said_is_looked_at_again_within_ten_seconds() -> None:
    assert health.CACHED_S + health.REDIS_TIMEOUT_S < 10
    assert context_processors.CACHED_S + context_processors.REDIS_TIMEOUT_S < 10


@pytest.mark.parametrize("refusal", ["OOM command not allowed", "MISCONF", "READONLY"])
def test_other_refusals_are_told_as_they_are(
    redis_client: Redis, monkeypatch: pytest.MonkeyPatch, refusal: str
) -> None:
    from redis.exceptions import OutOfMemoryError, ResponseError

    def refuse(*_: object, **__: object) -> None:
        raise (OutOfMemoryError if refusal.startswith("OOM") else ResponseError)(refusal)

    monkeypatch.setattr(Redis, "set", refuse)
    assert refusal in redis_probe.problem(1.0)


def test_an_attempt_of_the_database_is_not_taken_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "workers.process.full_redis.undispatched", lambda queues, tried: "j" if "j" not in tried else None
    )
    full = FullRedis(["default"])
    assert full.next_job("q", lambda wait: None) == ("q", "j")
    assert full.next_job("q", lambda wait: None if wait is None else ("q", "later")) == ("q", "later")
    assert full.next_job("q", lambda wait: ("q", "own")) == ("q", "own")


def test_a_database_that_is_away_is_asked_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise DatabaseError

    monkeypatch.setattr("workers.process.full_redis.undispatched", away)
    assert FullRedis(["default"]).next_job("q", lambda wait: None) is None


def test_only_queued_attempts_of_the_queues_are_found(db: None) -> None:
    assert undispatched.undispatched(["default"]) is None
