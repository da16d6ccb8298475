"""The secret of a connection reaches the worker that opens it, and is found nowhere else."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from redis import Redis

from designer.services import workflows
from runs.models import Run
from tests.people import client_of
from tests.security.test_secrets import SECRET, assert_nowhere, everything_shown, everything_stored
from workers.cli.local_run import start_and_run
from workers.connections.opening import open_secret

JSON = "application/json"
END = "nothing follows"
PAGES = (
    *("/connections/", "/connections/shop/", "/secrets/shop/", "/new-connection/", "/admin/"),
    *("/api/v1/connections", "/api/v1/connections/shop", "/api/v1/secrets"),
)


@pytest.fixture(autouse=True)
def catalog(settings: Any, redis_client: Any, transactional_db: None) -> None:
    settings.WORKER_MODULES = ["tests.integration.designer.connections.callers"]


@pytest.fixture
def admin() -> Client:
    return client_of("root", "admin")


def given_and_changed(client: Client) -> list[str]:
    """The answers to a connection that is made with its secret, refused, and given a new value of it."""
    form = {"name": "shop", "address": "https://shop.example.org", "auth": "bearer", "value": SECRET}
    answers = [
        client.post("/new-connection/", {**form, "address": "nowhere"}),
        client.post("/new-connection/", {**form, "value": "a-first-value"}, follow=True),
        client.post("/secrets/shop/", {"value": SECRET}, follow=True),
        client.put("/api/v1/secrets/shop", {"value": SECRET}, content_type=JSON),
        client.put("/api/v1/secrets/shop", {"value": SECRET, "more": 1}, content_type=JSON),
    ]
    return [answer.content.decode() for answer in answers]


def sent(redis_client: Redis) -> Iterator[str]:
    """All that is said to Redis, frames of pages among it, until END."""
    with redis_client.monitor() as monitor:
        yield ""
        for command in monitor.listen():
            if END in command["command"]:
                return
            yield command["command"]


@pytest.mark.parametrize("worker", ["ask", "ask_and_fail"])
def test_it_is_nowhere_but_in_its_worker(
    worker: str, admin: Client, redis_client: Redis, caplog: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    assert_nowhere("\n".join(given_and_changed(admin)))
    assert open_secret("shop") == SECRET
    step = {"name": "a", "worker": worker, "params": {"connection": "shop", "keys": ["shop"]}}
    version = workflows.import_document({"schema": 1, "name": "keeps", "steps": [step]}, publish=True).version
    assert version is not None
    frames = sent(redis_client)
    next(frames)
    *_, run = start_and_run(version, {}, None)
    redis_client.echo(END)
    run.refresh_from_db()
    assert run.status == ("completed" if worker == "ask" else "failed")
    assert_nowhere("\n".join(frames))
    assert_nowhere(everything_stored())
    assert_nowhere(everything_shown(admin, run))
    assert_nowhere("\n".join(admin.get(page).content.decode() for page in PAGES))
    assert_nowhere("\n".join(LogEntry.objects.values_list("change_message", flat=True)))
    assert_nowhere(caplog.text)
    assert_nowhere(exported(admin, run))


def exported(client: Client, run: Run) -> str:
    """The workflow and the run as files."""
    urls = ["/workflows/keeps/export/yaml/", "/workflows/keeps/export/json/", f"/api/v1/runs/{run.pk}/export"]
    return "\n".join(client.get(url).content.decode() for url in urls) + json.dumps(run.error)
