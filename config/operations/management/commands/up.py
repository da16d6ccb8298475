"""`manage.py up`: the whole product on one machine, as processes under `config.operations.supervisor`."""

from __future__ import annotations

import gc
import http.client
import os
import signal
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module, invalidate_caches
from typing import Any

from django.conf import settings
from django.core.management import call_command, execute_from_command_line
from django.db import connections
from django.urls import reverse

from config.accounts.first_user import create_first_user, sign_in_path
from config.lib.commands import Refused, SagaboardCommand, redis_problem
from config.lib.errors import ConfigError
from config.operations import embedded_redis
from config.operations.instance_lock import only_one
from config.operations.options import port_number, process_count
from config.operations.parts import Part, fork
from config.operations.projects.reloading import Reloader
from config.operations.serving.listening_socket import listen
from config.operations.supervisor import Supervisor
from designer.services.workflows import sync_patterns
from runs.delivery.hints import announcer
from workers.registry import get_catalog, load_catalog

WEB_GRACE_S = 10.0
STOP_MARGIN_S = 15.0
SCHEDULER_GRACE_S = 10.0
REDIS_GRACE_S = 10.0
PROBE_TIMEOUT_S = 1.0
# What parts need. `config.asgi` itself, and what takes hold of an event loop, are for the web process alone.
LOADED = (
    "config.urls",
    "config.mcp.endpoint",
    "channels.auth",
    "daphne.ws_protocol",
    "runs.live.routing",
    "config.operations.management.commands.scheduler",
    "config.operations.management.commands.worker",
    "workers.process.jobs",
)
PARTS = ("scheduler", "workers", "web")  # what has loaded the user's modules
LOOPBACK = ("127.0.0.1", "localhost")
EVERY_ADDRESS = "0.0.0.0"  # nosec B104  # only where --host says so


class Command(SagaboardCommand):
    help = "Runs the whole product on this machine: Redis, web, workers and scheduler. Ctrl-C stops it."
    requires_system_checks = ()  # `prepare` checks, beside the preparation of the database

    def add_arguments(self, parser: ArgumentParser) -> None:
        processes = max(2, min(8, os.cpu_count() or 2))
        parser.add_argument(
            "--port", type=port_number, default=8000, help="default 8000; or the next free one"
        )
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on; default 127.0.0.1")
        parser.add_argument("--workers", type=process_count, default=processes, help="worker processes")
        parser.add_argument(
            "--reload", action="store_true", help="for development: take over changes of WORKER_MODULES"
        )

    def handle(self, *args: Any, port: int, host: str, workers: int, reload: bool, **options: Any) -> None:
        if reload and not settings.WORKER_MODULES:
            raise Refused("--reload watches the files of WORKER_MODULES, and it names none")
        with only_one(settings.DATA_DIR) as lock, listen(host, port) as listener:
            supervisor = Supervisor()
            reloader = Reloader(supervisor, PARTS) if reload else None
            prepare(reloader, self.check)
            supervisor.listen()
            taken = listener.getsockname()[1]
            if taken != port:
                supervisor.say(f"Port {port} is taken; using {taken}.")
            try:
                for part in parts(lock, listener, host, workers):
                    if reloader is not None and part.name in PARTS:
                        part = replace(part, may_begin=reloader.may_begin)
                    supervisor.start(part)
                if not supervisor.stopping:
                    welcome(supervisor, host, taken)
                supervisor.keep_alive(reloader.look if reloader else lambda: None)
                supervisor.say("Stopping: web, workers (each finishes its step), scheduler, Redis.")
                listener.close()
            finally:
                supervisor.stop()
            supervisor.say("Stopped.")


def prepare(reloader: Reloader | None, check: Callable[[], None]) -> None:
    """Does everything that can fail before the first process starts. Raises Refused or a ConfigError.

    With a reloader the user's modules are loaded in copies alone.
    """
    if reloader is None:
        get_catalog()
    else:
        sys.dont_write_bytecode = True  # it is told apart by seconds and size: too coarse for who saves often
        load_catalog((), settings.WORKER_LIBRARY)
    if settings.REDIS_EMBEDDED:
        embedded_redis.end_leftover()
    elif not embedded_redis.answers():
        raise Refused(redis_problem(ConnectionError("no answer")))
    announcer.is_silent = True  # its thread could hold a lock while a part is forked
    if reloader is not None:
        reloader.begin()
    connections.close_all()
    copy = fork.Process(target=Prepare().run_from_argv, args=([sys.argv[0], "up"],))
    copy.start()
    for module in LOADED:
        import_module(module)
    check()
    copy.join()
    if copy.exitcode:
        sys.exit(copy.exitcode)
    connections.close_all()
    gc.freeze()  # parts share the memory of what no collection touches


class Prepare(SagaboardCommand):
    """What a copy of `up` does with the database, while `up` itself loads the rest: they have two processors.

    Where there is a reloader, it is this copy that loads the user's modules.
    """

    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        sync_patterns()


def parts(lock: int, listener: socket.socket, host: str, workers: int) -> list[Part]:
    """The parts in the order of starting; the supervisor stops them in reverse order.

    All but Redis are copies of this process, which has loaded what they need. `lock`: the descriptor of the
    lock that this process alone holds.
    """

    def command(*words: str) -> Callable[[], None]:
        def run() -> None:
            begin_copy(lock, host)
            listener.close()
            run_command(*words, "--migrated")

        return run

    def web() -> None:
        begin_copy(lock, host)
        from config.operations.serving.web_server import serve  # it takes hold of the process's event loop

        serve(listener.fileno())

    ordered = [
        Part("scheduler", grace_s=SCHEDULER_GRACE_S, run=command("scheduler")),
        Part(
            "workers",
            grace_s=settings.STOP_GRACE_S + STOP_MARGIN_S,
            run=command("worker", "--processes", str(workers)),
        ),
        Part("web", grace_s=WEB_GRACE_S, is_ready=lambda: web_answers(listener), run=web),
    ]
    if settings.REDIS_EMBEDDED:
        words = embedded_redis.command(settings.DATA_DIR)
        redis = Part("redis", words, REDIS_GRACE_S, embedded_redis.answers, orphaned=signal.SIGTERM)
        ordered.insert(0, redis)
    return ordered


def begin_copy(lock: int, host: str) -> None:
    """What is different in a part from this process. `up` is for trying out, and by the name in --host."""
    os.close(lock)
    invalidate_caches()
    announcer.is_silent = False
    if "SIMULATE_FAULTS" not in os.environ:
        settings.SIMULATE_FAULTS = True
    more = [] if host in (EVERY_ADDRESS, *settings.ALLOWED_HOSTS) else [host]
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, *more]


def run_command(*words: str) -> None:
    """Does what `manage.py` does with these words."""
    try:
        execute_from_command_line([sys.argv[0], *words])
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


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
    supervisor.say(f"Its data lies in {settings.DATA_DIR}")
    if password is not None:
        supervisor.say(f"User: admin\nPassword: {password}    (shown this once; change it in the admin)")
    if link is not None:
        supervisor.say(f"Sign in without typing (works once, for half an hour): {address}{link}")
    if host == EVERY_ADDRESS:
        supervisor.say("Browsers elsewhere reach it by the names in ALLOWED_HOSTS.")
    supervisor.say("Ctrl-C stops everything in order.\n")
