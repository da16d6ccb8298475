"""Orders through the proxy while one unit after the other restarts; nobody may notice.

No request is repeated: one that is not answered as it should is a violation, like a frame that is missing.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import UUID

import httpx2
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import Group, User

from runs.machine.states import RUN_ENDED
from runs.models import Run
from tests.chaos import verdict
from tests.chaos.watchers import Watcher
from tests.deployment.proxy import nginx
from tests.deployment.units import Unit
from tests.postgres import free_port

PASSWORD = "a long and good one"
FLOWS = 2
WATCHERS = 4
OPEN_MAX = 60
WATCHED_ONE_OF = 3
ANSWER_S_MAX = 60.0
END_S_MAX = 120.0
SERVICES = ("sagaboard-web@", "sagaboard-web@", "sagaboard-worker", "sagaboard-scheduler")


@dataclass
class Deployment:
    """The units of one host behind the proxy."""

    units: list[Unit]
    port: int
    plain_port: int
    tls: ssl.SSLContext

    @property
    def address(self) -> str:
        return f"https://localhost:{self.port}"

    def signed_in(self) -> httpx2.Client:
        """A browser that has sent the form."""
        client = httpx2.Client(verify=self.tls, base_url=self.address, timeout=ANSWER_S_MAX)
        form = client.get("/accounts/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)
        assert token is not None, form.text
        facts = {"username": "olga", "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        answer = client.post(
            "/accounts/login/", data=facts, headers={"Referer": f"{self.address}/accounts/login/"}
        )
        assert answer.status_code == 302 and settings.SESSION_COOKIE_NAME in client.cookies, answer.text
        return client


@contextmanager
def deployed(folder: Path, environment: Mapping[str, str]) -> Iterator[Deployment]:
    """The units run, and the proxy; all stop in order at the end."""
    port, plain_port = free_port(), free_port()
    facts = {**environment, "HTTPS": "on", "CSRF_TRUSTED_ORIGINS": f"https://localhost:{port}"}
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=512))
        tls = stack.enter_context(nginx(folder, port, plain_port, listener.getsockname()[1]))
        units = [
            Unit(name, facts, folder / f"{name}{number}.log", listener.fileno() if "web" in name else None)
            for number, name in enumerate(SERVICES)
        ]
        for unit in units:
            unit.start()
            stack.callback(unit.stop)
        yield Deployment(units, port, plain_port, tls)


@dataclass
class Flow(threading.Thread):
    """A person who orders again and again."""

    deployment: Deployment
    watched: deque[UUID]
    number: int
    pause_s: float
    count: int = 0
    slowest_s: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        with closing(self.deployment.signed_in()) as client:
            while not self.ended.wait(self.pause_s):
                began = time.monotonic()
                try:
                    self._order(client)
                except httpx2.HTTPError as error:
                    self.wrong.append(repr(error))
                self.slowest_s = max(self.slowest_s, time.monotonic() - began)

    def _order(self, client: httpx2.Client) -> None:
        headers = {
            "X-CSRFToken": client.cookies["csrftoken"],
            "Referer": self.deployment.address,
            "Idempotency-Key": f"{self.number}-{self.count}",
        }
        self.count += 1
        path = "/api/v1/workflows/order_processing/runs"
        answer = client.post(path, json={"input": ORDER}, headers=headers)
        if answer.status_code != 201:
            self.wrong.append(f"an order was answered {answer.status_code}: {answer.text[:200]}")
            return
        if self.count % WATCHED_ONE_OF == 0:
            self.watched.append(UUID(answer.json()["id"]))
        state = client.get("/api/v1/runs", params={"status": "running", "limit": OPEN_MAX})
        if state.status_code != 200:
            self.wrong.append(f"a list was answered {state.status_code}: {state.text[:200]}")
        elif len(state.json()["runs"]) >= OPEN_MAX:
            self.ended.wait(0.5)


ORDER: dict[str, object] = {}


@dataclass
class Report:
    orders: int
    restarts: int
    watched: int
    cuts: int
    slowest_s: float
    violations: list[str]


def play(
    deployment: Deployment, order: dict[str, object], goes_on: Callable[[int], bool], pause_s: float
) -> Report:
    """Restarts units in turn under load, while `goes_on` of their number; then looks at everything."""
    ORDER.update(order)
    user, _ = User.objects.get_or_create(username="olga")
    user.password = PBKDF2PasswordHasher().encode(
        PASSWORD, "salt"
    )  # the tests' own hasher is none of the product's
    user.save()
    user.groups.set(Group.objects.filter(name__in=("Operator", "Designer")))
    watched: deque[UUID] = deque()
    flows = [Flow(deployment, watched, number, pause_s) for number in range(FLOWS)]
    with closing(deployment.signed_in()) as client:
        cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME]}"
    watchers = [Watcher(deployment.port, cookie, watched, deployment.tls) for _ in range(WATCHERS)]
    for thread in (*flows, *watchers):
        thread.start()
    wrong, restarts = [], 0
    while goes_on(restarts):
        unit = deployment.units[restarts % len(deployment.units)]
        if problem := unit.stop():
            wrong.append(problem)
        unit.start()
        restarts += 1
        await_(partial(has_reached, flows, sum(flow.count for flow in flows) + FLOWS))
    for flow in flows:
        flow.ended.set()
        flow.join()
        wrong += flow.wrong
    await_(lambda: not Run.objects.exclude(status__in=RUN_ENDED).exists())
    await_(lambda: not watched and not any(watcher.current for watcher in watchers))
    for watcher in watchers:
        watcher.ended.set()
    orders = sum(flow.count for flow in flows)
    return Report(
        orders, restarts, sum(len(watcher.followed) for watcher in watchers),
        sum(watcher.cuts for watcher in watchers), max(flow.slowest_s for flow in flows),
        [*wrong, *found(orders, watchers)],
    )  # fmt: skip


def has_reached(flows: list[Flow], count: int) -> bool:
    return sum(flow.count for flow in flows) >= count or any(flow.wrong for flow in flows)


def found(orders: int, watchers: list[Watcher]) -> Iterator[str]:
    if (count := Run.objects.count()) != orders:
        yield f"{orders} orders were answered and {count} runs are there"
    yield from verdict.every_run_ended()
    yield from verdict.journals()
    yield from verdict.completed_once()
    yield from verdict.watched(watchers)
    yield from verdict.books()


def await_(condition: Callable[[], bool]) -> None:
    """Waits for it, or for too long: what is missing then is found at the end."""
    until = time.monotonic() + END_S_MAX
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
