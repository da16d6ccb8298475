"""Pages say in words that Redis or the worker processes are away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings
from redis import Redis

from config import context
from runs import fleet


@pytest.fixture
def page(admin_client: Client, monkeypatch: pytest.MonkeyPatch, redis_client: Redis) -> Callable[[], str]:
    def page() -> str:
        monkeypatch.setattr(context, "_known", (0.0, ""))
        return admin_client.get(reverse("run-list")).content.decode()

    return page


def test_no_worker_process(page: Callable[[], str]) -> None:
    assert context.NO_WORKERS in page()


def test_no_redis(page: Callable[[], str], settings: Settings) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    assert context.NO_REDIS in page()


def test_all_is_well(page: Callable[[], str]) -> None:
    fleet.register("here:1:o", host="here", pid=1, queues=["default"], workers=[])
    text = page()
    fleet.gone("here:1:o")
    assert context.NO_WORKERS not in text and context.NO_REDIS not in text
