"""What tests of triggers share: people, triggers of each kind, and calls."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from designer.models import Workflow
from runs.models import Trigger
from runs.triggers import service
from runs.triggers.spec import TriggerSpec
from tests.integration.runs.conftest import Publish, chain, step
from tests.people import client_of

SCHEMA = {"properties": {"order": {"type": "integer"}}}
EVENT = {"id": "1", "source": "/shop", "type": "order.placed", "data": {"order": 7}}
CLOUD = "application/cloudevents+json"
Do = Callable[[], Any]
# No time of its own comes between the moment a test calls a due time and the moment it is dealt with.
RARELY = "0 0 29 2 *"


@pytest.fixture
def sample(publish: Publish) -> Workflow:
    return publish(chain(step("a"), input_schema=SCHEMA)).workflow


@pytest.fixture
def operator() -> Client:
    return client_of("olga", "operator")


@pytest.fixture
def designer() -> Client:
    return client_of("dora", "designer")


def event_trigger(workflow: Workflow, event_type: str = "order.placed", **wanted: Any) -> Trigger:
    return service.create(workflow, "event", TriggerSpec(event_type=event_type, **wanted))[0]


def hook_trigger(workflow: Workflow, **wanted: Any) -> tuple[Trigger, str]:
    trigger, token = service.create(workflow, "hook", TriggerSpec(**wanted))
    return trigger, f"/hooks/{token}"


def schedule(workflow: Workflow, **wanted: Any) -> Trigger:
    return service.create(workflow, "schedule", TriggerSpec(**{"cron": RARELY, **wanted}))[0]


def send(client: Client, body: Any = None, content_type: str = CLOUD, **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(EVENT if body is None else body)
    return client.post("/api/v1/events", content, content_type=content_type, headers=headers)


def call(path: str, body: Any = b"", content_type: str = "application/json", **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body)
    client = Client(enforce_csrf_checks=True)
    return client.post(path, content, content_type=content_type, headers=headers)


def at_once(*acts: Do) -> list[Any]:
    """What each gives, where all begin in the same moment in threads of their own."""
    barrier = threading.Barrier(len(acts), timeout=20)

    def do(act: Do) -> Any:
        try:
            barrier.wait()
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(do, acts))


def make(client: Client, **body: Any) -> Any:
    return client.post("/api/v1/workflows/sample/triggers", body, content_type="application/json")


def change(client: Client, path: str, body: Any) -> Any:
    return client.patch(path, json.dumps(body), content_type="application/json")
