"""A receiver that listens on loopback, and subscriptions that lead there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from rq import Queue

from runs.delivery import queue as run_queue
from runs.maintenance.sweep import sweep_once
from runs.models import Delivery, Subscription
from runs.statistics.counters import tally_once
from runs.subscriptions import service
from runs.subscriptions.collecting import note_ends
from runs.subscriptions.service import SubscriptionSpec
from tests.http_api import HttpApi, http_api

Subscribe = Callable[..., Subscription]


@pytest.fixture
def receiver(settings: Settings) -> Iterator[HttpApi]:
    settings.HTTP_PRIVATE_NETWORKS = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
    settings.SITE_URL = "https://board.example.org"
    with http_api() as api:
        yield api


@pytest.fixture
def subscribe(receiver: HttpApi) -> Subscribe:
    def subscribe(*types: str, path: str = "/echo", **fields: Any) -> Subscription:
        values = {"name": "ops", "kind": "webhook", "address": receiver.url + path, **fields}
        return service.create(SubscriptionSpec(types=types, **values))

    return subscribe


def collect() -> None:
    """What the scheduler does in one pass."""
    while tally_once(note_ends):
        pass
    sweep_once()


def work() -> int:
    """Does all that worker processes are to do for deliveries. Returns how many jobs that were."""
    queue = Queue("default", connection=run_queue.connection())
    done = 0
    while job := queue.fetch_job(next(iter(queue.get_job_ids()), "")):
        queue.remove(job)
        job.func(*job.args)
        done += 1
    return done


def pass_by() -> None:
    collect()
    sweep_once()
    work()


def told() -> list[str]:
    """The types of all deliveries, the oldest first."""
    return list(Delivery.objects.order_by("pk").values_list("type", flat=True))
