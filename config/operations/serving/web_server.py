"""The web process: Daphne with the product's application, which answers what it has begun before it ends.

Importing it takes hold of the process's event loop, as Daphne does.

Daphne itself cancels all requests when it is told to stop, so that a caller does not learn what became of a
run that it has started. `DrainingServer` stops to accept connections first, and lets requests be answered for
up to `DRAIN_S`. Sockets are closed then; browsers open them again, and read on from their last number.
"""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Any

from daphne.cli import CommandLineInterface
from daphne.http_protocol import WebRequest
from daphne.server import Server
from twisted.internet.defer import Deferred

DRAIN_S = 5.0
QUIET_S = 0.25  # in which connections that were taken last bring their request
POLL_S = 0.02
SOCKET_PING_S = 20
APPLICATION_CLOSE_S = 5


class DrainingServer(Server):
    def listen_success(self, port: Any) -> None:
        self.port = port
        super().listen_success(port)

    def kill_all_applications(self) -> Deferred[Any]:
        """Daphne calls it when the process was told to end, and waits for what it returns."""
        return Deferred.fromFuture(asyncio.ensure_future(self._drain()))

    async def _drain(self) -> None:
        self.port.stopListening()
        loop = asyncio.get_running_loop()
        busy_at = began = loop.time()
        while loop.time() < min(busy_at + QUIET_S, began + DRAIN_S):
            await asyncio.sleep(POLL_S)
            if self._is_answering():
                busy_at = loop.time()
        await super().kill_all_applications().asFuture(loop)

    def _is_answering(self) -> bool:
        return any(
            isinstance(protocol, WebRequest) and not facts["application_instance"].done()
            for protocol, facts in self.connections.items()
            if "application_instance" in facts
        )


class Interface(CommandLineInterface):
    server_class = DrainingServer


def serve(descriptor: int) -> None:
    """Serves on a socket that listens, until the process is told to end."""
    words = ["--verbosity", "0", "--fd", str(descriptor), "--ping-interval", str(SOCKET_PING_S)]
    words += ["--application-close-timeout", str(APPLICATION_CLOSE_S), "config.asgi:application"]
    Interface().run(words)
    # The thread of a request that was given up waits for the event loop, which is over. Python would join it.
    logging.shutdown()
    os._exit(0)
