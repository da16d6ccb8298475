"""Answers that wait for the end of a run: at once when it ends, at most so long, and without a thread."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.db import connections

from config.accounts import tokens
from config.accounts.permissions import Role
from config.asgi import application
from designer.document.graph import Step
from runs.delivery.waiting import WAIT, WAITED
from runs.engine import engine
from runs.live import waiting
from runs.models import Run
from tests.integration.runs.conftest import Publish, chain
from tests.integration.runs.triggers.triggering import hook_trigger
from tests.people import person

WAITERS = 60


def scope_of(method: str, path: str, token: str = "", query: str = "", **extra: Any) -> dict[str, Any]:
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    if token:
        headers.append((b"authorization", f"Bearer {token}".encode()))
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
        "scheme": "http",
        **extra,
    }


async def answer_to(scope: dict[str, Any], body: bytes = b"") -> tuple[int, dict[str, str], Any]:
    caller = ApplicationCommunicator(application, scope)
    await caller.send_input({"type": "http.request", "body": body, "more_body": False})
    start = await caller.receive_output(30)
    content = b""
    while True:
        part = await caller.receive_output(30)
        content += part.get("body", b"")
        if not part.get("more_body"):
            break
    await caller.wait(30)
    headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, json.loads(content)


@pytest.fixture
def token() -> str:
    return tokens.make(person("vera", "viewer"), "test", Role.VIEWER)[1]


@pytest.fixture
def held(publish: Publish) -> Run:
    """A run that waits for a signal."""
    version = publish(
        chain(Step("wait", kind="wait", signal="go"), Step("say", kind="set", values={"a": "=1"}))
    )
    return engine.start_run(version, {})


def in_thread(act: Any) -> Any:
    def acted() -> Any:
        try:
            return act()
        finally:
            connections.close_all()

    return sync_to_async(acted, thread_sensitive=False)()


async def test_it_answers_when_the_run_has_ended(held: Run, token: str) -> None:
    scope = scope_of("GET", f"/api/v1/runs/{held.pk}", token, "wait=20")
    began = time.monotonic()
    tasks = [asyncio.create_task(answer_to(scope)) for _ in range(WAITERS)]
    await asyncio.sleep(1)
    assert not any(task.done() for task in tasks)
    await in_thread(lambda: engine.signal(held.pk, "go"))
    answers = await asyncio.gather(*tasks)
    assert time.monotonic() - began < 18
    for status, headers, run in answers:
        assert (status, run["status"], run["output"].get("a")) == (200, "completed", 1)
        assert headers["cache-control"] == "no-store" and WAIT.lower() not in headers


async def test_it_answers_after_so_long_at_most(held: Run, token: str) -> None:
    scope = scope_of("GET", f"/api/v1/runs/{held.pk}", token, "wait=0.5")
    began = time.monotonic()
    status, headers, run = await answer_to(scope)
    assert (status, run["status"]) == (200, "waiting") and 0.4 < time.monotonic() - began < 10
    assert WAIT.lower() not in headers


async def test_what_has_ended_is_answered_at_once(held: Run, token: str) -> None:
    await in_thread(lambda: engine.cancel_run(held.pk))
    status, _, run = await answer_to(scope_of("GET", f"/api/v1/runs/{held.pk}", token, "wait=60"))
    assert (status, run["status"]) == (200, "cancelled")


@pytest.mark.parametrize("wait", ["-1", "61", "x", "nan"])
async def test_a_wait_that_is_none_is_refused(held: Run, token: str, wait: str) -> None:
    status, _, problem = await answer_to(scope_of("GET", f"/api/v1/runs/{held.pk}", token, f"wait={wait}"))
    assert status == 422 and problem["problems"][0]["path"] == "query.wait"


async def test_where_too_many_wait_the_first_answer_is_given(
    held: Run, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "WAITING_MAX", 0)
    scope = scope_of("GET", f"/api/v1/runs/{held.pk}", token, "wait=60")
    status, headers, run = await answer_to(scope)
    assert (status, run["status"]) == (200, "waiting") and WAIT.lower() not in headers


async def test_a_caller_who_goes_leaves_nothing_behind(held: Run, token: str) -> None:
    caller = ApplicationCommunicator(
        application, scope_of("GET", f"/api/v1/runs/{held.pk}", token, "wait=60")
    )
    await caller.send_input({"type": "http.request", "body": b"", "more_body": False})
    await asyncio.sleep(1)
    await caller.send_input({"type": "http.disconnect"})
    await caller.wait(10)


# --- webhooks that wait ---


async def test_a_webhook_answers_with_the_output_of_its_run(publish: Publish) -> None:
    steps = (Step("wait", kind="wait", signal="go"), Step("say", kind="set", values={"sum": "=input.a + 1"}))
    version = await in_thread(lambda: publish(chain(*steps)))
    _, path = await in_thread(lambda: hook_trigger(version.workflow, answer={"wait": 20, "status": 201}))
    task = asyncio.create_task(answer_to(scope_of("POST", path), b'{"a": 4}'))
    run_id = await in_thread(the_run)
    await in_thread(lambda: engine.signal(run_id, "go"))
    status, headers, output = await task
    assert (status, output["sum"]) == (201, 5)
    assert headers["x-run"] == str(run_id) and headers["location"] == f"/api/v1/runs/{run_id}"


async def test_a_webhook_whose_run_fails_answers_with_a_problem(publish: Publish) -> None:
    version = await in_thread(lambda: publish(chain(Step("wait", kind="wait", signal="go"))))
    _, path = await in_thread(lambda: hook_trigger(version.workflow, answer={"wait": 20, "failed": 502}))
    task = asyncio.create_task(answer_to(scope_of("POST", path), b"{}"))
    run_id = await in_thread(the_run)
    await in_thread(lambda: engine.cancel_run(run_id))
    status, headers, problem = await task
    assert (status, problem["run"], problem["run_status"]) == (502, str(run_id), "cancelled")
    assert headers["content-type"] == "application/problem+json"


async def test_a_webhook_whose_run_takes_longer_answers_with_its_address(publish: Publish) -> None:
    version = await in_thread(lambda: publish(chain(Step("wait", kind="wait", signal="go"))))
    _, path = await in_thread(lambda: hook_trigger(version.workflow, answer={"wait": 1}))
    status, headers, document = await answer_to(scope_of("POST", path), b"{}")
    run_id = await in_thread(the_run)
    assert status == 202 and document["address"] == headers["location"] == f"/api/v1/runs/{run_id}"


async def test_nobody_from_outside_can_say_that_a_run_was_waited_for(publish: Publish) -> None:
    version = await in_thread(lambda: publish(chain(Step("wait", kind="wait", signal="go"))))
    _, path = await in_thread(lambda: hook_trigger(version.workflow, answer={"wait": 1}))
    scope = scope_of("POST", path)
    scope["headers"].append((WAITED.replace("_", "-").encode(), b"1"))
    scope["headers"].append((WAIT.lower().encode(), b"1 1"))
    status, _, _ = await answer_to(scope, b"{}")
    assert status == 202


def the_run() -> Any:
    """The one run, as soon as it is there."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        run = Run.objects.filter(status="waiting").first()
        if run is not None:
            return run.pk
        time.sleep(0.02)
    raise AssertionError("no run was started")
