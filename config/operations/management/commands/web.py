"""`manage.py web`: one web process."""

from __future__ import annotations

import socket
from argparse import ArgumentParser
from contextlib import nullcontext
from typing import Any

from config.lib.commands import Refused, SagaboardCommand
from config.operations.options import port_number
from config.operations.serving.listening_socket import listen

PASSED = 3  # the first descriptor that systemd passes, see sd_listen_fds(3)


class Command(SagaboardCommand):
    requires_system_checks: list[str] = []  # a restart is faster without them
    help = "Runs a web process. SIGTERM or Ctrl-C: it answers what it has begun, and ends."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on; default 127.0.0.1")
        parser.add_argument("--port", type=port_number, default=8000, help="default 8000")
        parser.add_argument(
            "--passed-socket",
            action="store_true",
            help=f"listen on descriptor {PASSED}, which a socket unit of systemd passes, instead",
        )

    def handle(self, *args: Any, host: str, port: int, passed_socket: bool, **options: Any) -> None:
        with passed() if passed_socket else listen(host, port, ports=1) as listener:
            from config.operations.serving.web_server import serve  # it takes hold of the event loop

            serve(listener.fileno())


def passed() -> Any:
    """The socket that was passed. Raises Refused."""
    try:
        return nullcontext(socket.socket(fileno=PASSED))
    except OSError as error:
        raise Refused(f"no socket was passed as descriptor {PASSED} ({error.strerror})") from error
