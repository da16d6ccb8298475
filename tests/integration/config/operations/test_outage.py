"""Pages say in words that Redis or the worker processes are away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings
from redis import Redis

from config.lib.caches import clear_all
from config.operations import context_processors
from runs.delivery import worker_processes
from tests.integration.runs.conftest import catalog as catalog
from tests.integration.runs.conftest import order as order
from tests.integration.runs.conftest import publish as publish
from tests.integration.runs.conftest import run_here as run_here
from tests.integration.runs.conftest import stuck as stuck
from tests.integration.runs.conftest import undone as undone
from tests.integration.runs.conftest import waiting as waiting


@pytest.fixture
def page(admin_client: Client, redis_client: Redis) -> Callable[[], str]:
    def page() -> str:
        clear_all()
        return admin_client.get(reverse("run-list")).content.decode()

    return page


def test_no_worker_process(page: Callable[[], str]) -> None:
    assert context_processors.NO_WORKERS in page()


def test_no_redis(page: Callable[[], str], settings: Settings) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    assert context_processors.NO_REDIS in page()


def test_all_is_well(page: Callable[[], str]) -> None:
    worker_processes.register("here:1:o", host="here", pid=1, queues=["default"], workers=[])
    text = page()
    worker_processes.gone("here:1:o")
    assert context_processors.NO_WORKERS not in text and context_processors.NO_REDIS not in text
