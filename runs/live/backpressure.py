"""Waits for slow browsers, so that what they have not taken yet stays in the database and not in memory.

Daphne writes a frame into its transport's buffer whatever its length. The transport says when the buffer is
too full, to the one producer that is registered with it: that is the valve of its socket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

Send = Callable[[Any], Awaitable[None]]


class Backpressure:
    """Open until the transport's buffer is full, and again when it is empty."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._open = asyncio.Event()
        self._open.set()

    async def send(self, text: str) -> None:
        """A frame, when there is room for it; past all that has to do with how a socket is opened."""
        if not self._open.is_set():
            await self._open.wait()
        await self._send({"type": "websocket.send", "text": text})

    def pauseProducing(self) -> None:
        self._open.clear()

    def resumeProducing(self) -> None:
        self._open.set()

    stopProducing = resumeProducing


def backpressure_of(send: Send) -> Backpressure:
    """The valve of the socket that `send` writes to. Servers whose `send` waits by itself need none."""
    backpressure = Backpressure(send)
    protocol = send.args[0] if isinstance(send, partial) and send.args else None
    transport = getattr(protocol, "transport", None)
    if transport is not None and hasattr(transport, "registerProducer"):
        transport.unregisterProducer()
        transport.registerProducer(backpressure, True)
    return backpressure


def with_backpressure(application: Any) -> Any:
    """Gives each socket its valve, as `scope["valve"]`. To be the outermost: others wrap `send`."""

    async def application_with_backpressure(scope: Any, receive: Any, send: Send) -> Any:
        return await application({**scope, "valve": backpressure_of(send)}, receive, send)

    return application_with_backpressure
