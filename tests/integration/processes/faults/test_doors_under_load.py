"""Webhook calls and events in parallel, one of ten sent twice, while web and worker processes are killed.

Senders do as senders do: what is not answered is sent again, with the id that it had. Each must have started
one run, and none may be lost. `DOORS_CALLS` says how many; the suite sends few.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from django.utils import timezone
from redis import Redis

from config.accounts import tokens
from config.accounts.permissions import Role
from designer.document.graph import Step
from runs.models import Run, TriggerCall
from runs.triggers.incoming.verification import Verification, signed_headers
from tests.chaos.stack import Part, Stack
from tests.integration.processes.conftest import database_address, wait_for
from tests.integration.runs.conftest import Publish, chain, publish
from tests.integration.runs.triggers.triggering import event_trigger, hook_trigger
from tests.people import person
from workers.connections.service import put_secret

__all__ = ["publish"]
CALLS = int(os.environ.get("DOORS_CALLS", "240"))
SENT_TWICE_ONE_OF = 10
SENDERS = 12
KILLED_EVERY_S = 2.5
ANSWERED_WITHIN_S = 120 + CALLS / 10
SECRET = "the secret of the sender"
WORKERS = "tests.integration.processes.workers"


class Sender:
    """Sends calls and events until each is answered; counts how often it had to."""

    def __init__(self, port: int, hook: str, verify: Verification, token: str) -> None:
        self.port, self.hook, self.verify, self.token = port, hook, verify, token
        self.tries: Counter[str] = Counter()
        self.seconds: list[float] = []

    def send(self, number: int) -> None:
        until = time.monotonic() + ANSWERED_WITHIN_S
        while time.monotonic() < until:
            began = time.monotonic()
            status = self._try(number)
            self.tries[str(status)] += 1
            if status in (200, 201):
                self.seconds.append(time.monotonic() - began)
                return
            assert status is None or status >= 500, f"{number} was answered with {status}"
            time.sleep(0.1)
        raise AssertionError(f"{number} was not answered")

    def _try(self, number: int) -> int | None:
        """The answer's status; None where there was none."""
        caller = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            caller.request("POST", *self._call(number))
            answer = caller.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            caller.close()

    def _call(self, number: int) -> tuple[str, bytes, dict[str, str]]:
        json_type = {"Content-Type": "application/json"}
        if number % 2:
            event = {"id": str(number), "source": "/load", "type": "load.event", "data": {"number": number}}
            headers = {**json_type, "Authorization": f"Bearer {self.token}"}
            return "/api/v1/events", json.dumps(event).encode(), headers
        body = json.dumps({"number": number}).encode()
        signature = signed_headers(self.verify, SECRET, body, timezone.now(), "load")
        return self.hook, body, {**json_type, **signature, "X-GitHub-Delivery": f"load-{number}"}


@contextmanager
def killing(parts: list[Part], answered: Callable[[], int]) -> Iterator[Counter[str]]:
    """Keeps parts alive, and meanwhile kills one after the other, and worker processes of the pool.

    The first one is killed at once, and each later one only after more calls were answered: on a busy machine
    a web process may need longer to start than lies between two kills, and nothing would ever be answered.
    """
    kills: Counter[str] = Counter()
    is_over = threading.Event()
    rnd = random.Random(7)

    def work() -> None:
        next_at, answered_before = time.monotonic(), 0
        while not is_over.wait(0.05):
            for part in parts:
                part.keep_alive()
            if time.monotonic() < next_at or answered() == answered_before:
                continue
            part = rnd.choice(parts) if kills else parts[0]
            children = part.children() if part.name == "here" else []
            if children and rnd.random() < 0.7:
                with suppress(ProcessLookupError):
                    os.kill(rnd.choice(children), 9)
                kills["worker process"] += 1
            else:
                part.kill()
                kills[part.name] += 1
            next_at, answered_before = time.monotonic() + KILLED_EVERY_S, answered()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield kills
    finally:
        is_over.set()
        thread.join()


def all_completed(parts: list[Part]) -> bool:
    """Keeps parts alive: the last kill may have been a moment ago."""
    for part in parts:
        part.keep_alive()
    return not Run.objects.exclude(status="completed").exists()


@pytest.mark.long
@pytest.mark.rule("R11.18")
def test_each_call_and_event_starts_one_run_whatever_is_killed(
    transactional_db: None,
    own_workers: None,
    redis_client: Redis,
    publish: Publish,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("CALLS_PER_MINUTE", "HOOKS_PER_MINUTE", "STARTS_PER_MINUTE"):
        monkeypatch.setenv(name, "1000000")
    for name, value in {"WORKER_MODULES": WORKERS, **database_address()}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")
    put_secret("load", SECRET)
    workflow = publish(chain(Step("say", worker="newcomer"))).workflow
    verify = {"scheme": "github", "secrets": ["load"]}
    trigger, path = hook_trigger(workflow, verify=verify)
    event_trigger(workflow, "load.*")
    token = tokens.make(person("olga", "operator"), "load", Role.OPERATOR)[1]
    stack = Stack(tmp_path)
    sender = Sender(stack.port, path, Verification.model_validate(verify), token)
    parts = [stack.web, stack.scheduler, stack.pools[0]]
    numbers = [*range(CALLS), *range(0, CALLS, SENT_TWICE_ONE_OF)]
    random.Random(3).shuffle(numbers)
    began = time.monotonic()
    try:
        with killing(parts, lambda: len(sender.seconds)) as kills, ThreadPoolExecutor(SENDERS) as senders:
            list(senders.map(sender.send, numbers))
        took = time.monotonic() - began
        started = Counter(run.input["number"] for run in Run.objects.only("input"))
        assert started == Counter(range(CALLS))
        wait_for(partial(all_completed, parts), seconds=300)
    finally:
        stack.stop()
    assert kills["web"] and TriggerCall.objects.filter(trigger=trigger).count() <= 100
    middle = sorted(sender.seconds)[len(sender.seconds) // 2] * 1_000
    print(f"{len(numbers)} sent in {took:.0f} s, {middle:.0f} ms each; {dict(kills)}; {dict(sender.tries)}")
