"""The ASGI application: pages and API over HTTP, journals over WebSocket.

Consumers check the origin of a socket themselves: only they can close it with a code that says why.
"""

from __future__ import annotations

import gc
from typing import Any

from autobahn.websocket import protocol
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings
from django.urls import re_path

from config import http
from config.accounts.authentication import TokenSockets
from config.lib.apart import enable
from config.mcp.endpoint import AgentEndpoint
from config.middleware import BodyLimit
from runs.live.backpressure import with_backpressure
from runs.live.routing import websocket_urlpatterns
from runs.live.waiting import WaitingAnswers


def uncoloured(value: Any) -> Any:
    """Replaces Autobahn's colouring of log text.

    Autobahn colours a debug line for every frame even if it is not logged: a quarter of the cost of a frame.
    """
    return value


vars(protocol).update(hltype=uncoloured, hlval=uncoloured)


def close_socket(socket: WebSocketProtocol, code: int | None = None) -> None:
    """Closes a socket for Daphne, with any code that a server may send (RFC 6455, section 7.4.1).

    Autobahn lets applications send 1000 and 3000 to 4999 alone: with 1008, 1009 or 1013 it raises, and the
    browser sees no code at all.
    """
    socket.sendCloseFrame(code=1000 if code is None else code, isReply=False)


WebSocketProtocol.serverClose = close_socket


async def refuse_unknown(scope: Any, receive: Any, send: Any) -> Any:
    """Closes a socket at an unknown address; without it `URLRouter` raises and each logs a traceback."""
    await receive()
    await send({"type": "websocket.close"})


if settings.CALLS_APART:
    enable()

sockets = URLRouter([*websocket_urlpatterns, re_path("", refuse_unknown)])
application = ProtocolTypeRouter(
    {
        "http": BodyLimit(AgentEndpoint(WaitingAnswers(http.application))),
        "websocket": with_backpressure(AuthMiddlewareStack(TokenSockets(sockets))),
    }
)
gc.freeze()  # no later collection walks over what is loaded for as long as the process lives
