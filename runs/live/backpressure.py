"""Backpressure for sockets: sending waits for slow browsers, so that unsent frames stay in the database.

Daphne's `send` writes a frame into the buffer of its Twisted transport and returns at once, however full the
buffer is; a browser that reads slowly would fill the memory of the process. A transport tells the one
producer that is registered with it when its buffer is too full and when it is empty again (`IPushProducer`:
`pauseProducing`, `resumeProducing`). `Backpressure` registers itself as that producer and makes `send` wait
in between. Under servers whose `send` waits by itself, it never closes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

Send = Callable[[Any], Awaitable[None]]


class Backpressure:
    """The producer of one transport: open until its buffer is full, and again when it is empty."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._open = asyncio.Event()
        self._open.set()

    async def send(self, text: str) -> None:
        """Sends a frame when there is room for it, past the consumer, whose own `send` does not wait."""
        if not self._open.is_set():
            await self._open.wait()
        await self._send({"type": "websocket.send", "text": text})

    def pauseProducing(self) -> None:
        self._open.clear()

    def resumeProducing(self) -> None:
        self._open.set()

    stopProducing = resumeProducing


def backpressure_of(send: Send) -> Backpressure:
    """Returns the backpressure of the socket that `send` writes to.

    Daphne passes `send` as a partial of its protocol, which has the transport.
    """
    backpressure = Backpressure(send)
    protocol = send.args[0] if isinstance(send, partial) and send.args else None
    transport = getattr(protocol, "transport", None)
    if transport is not None and hasattr(transport, "registerProducer"):
        transport.unregisterProducer()  # it takes one producer, and has Twisted's HTTP channel
        transport.registerProducer(backpressure, True)
    return backpressure


def with_backpressure(application: Any) -> Any:
    """Adds `scope["backpressure"]` to each socket. Must be outermost, as other layers wrap `send`."""

    async def application_with_backpressure(scope: Any, receive: Any, send: Send) -> Any:
        return await application({**scope, "backpressure": backpressure_of(send)}, receive, send)

    return application_with_backpressure
