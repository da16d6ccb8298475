"""`manage.py up`: the whole product on one machine, as processes under `config.operations.supervisor`."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.urls import reverse

from config.accounts.first_user import create_first_user, sign_in_path
from config.lib.commands import Refused, SagaboardCommand, redis_problem
from config.operations import embedded_redis
from config.operations.instance_lock import only_one
from config.operations.listening_socket import listen
from config.operations.options import port_number, process_count
from config.operations.supervisor import Part, Supervisor
from designer.services.workflows import sync_patterns
from workers.registry import get_catalog

WEB_GRACE_S = 10.0
STOP_MARGIN_S = 15.0
SCHEDULER_GRACE_S = 10.0
REDIS_GRACE_S = 10.0
PROBE_TIMEOUT_S = 1.0
SOCKET_PING_S = 20
APPLICATION_CLOSE_S = 5
LOOPBACK = ("127.0.0.1", "localhost")
EVERY_ADDRESS = "0.0.0.0"  # nosec B104  # only where --host says so


class Command(SagaboardCommand):
    help = "Runs the whole product on this machine: Redis, web, workers and scheduler. Ctrl-C stops it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        processes = max(2, min(8, os.cpu_count() or 2))
        parser.add_argument(
            "--port", type=port_number, default=8000, help="default 8000; or the next free one"
        )
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on; default 127.0.0.1")
        parser.add_argument("--workers", type=process_count, default=processes, help="worker processes")

    def handle(self, *args: Any, port: int, host: str, workers: int, **options: Any) -> None:
        with only_one(settings.DATA_DIR), listen(host, port) as listener:
            prepare()
            supervisor = Supervisor()
            supervisor.listen()
            taken = listener.getsockname()[1]
            if taken != port:
                supervisor.say(f"Port {port} is taken; using {taken}.")
            try:
                for part in parts(listener, host, workers):
                    supervisor.start(part)
                if not supervisor.stopping:
                    welcome(supervisor, host, taken)
                supervisor.keep_alive()
                supervisor.say("Stopping: web, workers (each finishes its step), scheduler, Redis.")
                listener.close()
            finally:
                supervisor.stop()
            supervisor.say("Stopped.")


def prepare() -> None:
    """Does everything that can fail before the first process starts. Raises Refused or a ConfigError."""
    get_catalog()
    if settings.REDIS_EMBEDDED:
        embedded_redis.end_leftover()
    elif not embedded_redis.answers():
        raise Refused(redis_problem(ConnectionError("no answer")))
    call_command("migrate", interactive=False, verbosity=0)
    sync_patterns()


def parts(listener: socket.socket, host: str, workers: int) -> list[Part]:
    """The parts in the order of starting; the supervisor stops them in reverse order."""
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    environment = part_environment(host)
    ordered = [
        Part("scheduler", [*manage, "scheduler"], SCHEDULER_GRACE_S, environment=environment),
        Part(
            "workers",
            [*manage, "worker", "--processes", str(workers)],
            settings.STOP_GRACE_S + STOP_MARGIN_S,
            environment=environment,
        ),
        web_part(listener, environment),
    ]
    if settings.REDIS_EMBEDDED:
        command = embedded_redis.command(settings.DATA_DIR)
        ordered.insert(
            0, Part("redis", command, REDIS_GRACE_S, embedded_redis.answers, orphaned=signal.SIGTERM)
        )
    return ordered


def web_part(listener: socket.socket, environment: dict[str, str]) -> Part:
    command = [
        *(sys.executable, "-m", "daphne", "--verbosity", "0", "--fd", str(listener.fileno())),
        *("--ping-interval", str(SOCKET_PING_S), "--application-close-timeout", str(APPLICATION_CLOSE_S)),
        "config.asgi:application",
    ]
    return Part(
        "web",
        command,
        WEB_GRACE_S,
        is_ready=lambda: web_answers(listener),
        environment=environment,
        descriptors=[listener.fileno()],
    )


def part_environment(host: str) -> dict[str, str]:
    """Environment of the parts: independent of the working directory, with the name in --host allowed."""
    path = os.pathsep.join(filter(None, [str(settings.BASE_DIR), os.environ.get("PYTHONPATH")]))
    hosts = [*settings.ALLOWED_HOSTS, *([host] if host != EVERY_ADDRESS else [])]
    return {
        **os.environ,
        "PYTHONPATH": path,
        "DATA_DIR": str(settings.DATA_DIR),
        "SIMULATE_FAULTS": os.environ.get("SIMULATE_FAULTS", "1"),  # `up` is for trying out
        "ALLOWED_HOSTS": ",".join(dict.fromkeys(hosts)),
    }


def web_answers(listener: socket.socket) -> bool:
    """Whether the web process answers a request, be it with an error page."""
    host, port = listener.getsockname()
    client = http.client.HTTPConnection(
        "127.0.0.1" if host == EVERY_ADDRESS else host, port, timeout=PROBE_TIMEOUT_S
    )
    try:
        client.request("GET", reverse("login"), headers={"Host": "localhost"})
        client.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()
    return True


def welcome(supervisor: Supervisor, host: str, port: int) -> None:
    public_host = "localhost" if host in (*LOOPBACK, EVERY_ADDRESS) else host
    address = f"http://{public_host}:{port}"
    password = create_first_user()
    link = sign_in_path()
    connections.close_all()
    supervisor.say(f"\nSagaboard is up: {address}/")
    if password is not None:
        supervisor.say(f"User: admin\nPassword: {password}    (shown this once; change it in the admin)")
    if link is not None:
        supervisor.say(f"Sign in without typing (works once, for half an hour): {address}{link}")
    if host == EVERY_ADDRESS:
        supervisor.say("Browsers elsewhere reach it by the names in ALLOWED_HOSTS.")
    supervisor.say("Ctrl-C stops everything in order.\n")
