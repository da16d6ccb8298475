"""The ASGI application: pages and API over HTTP, journals over WebSocket.

The consumers check a socket's origin themselves, as only they can close it with a code that says why.
"""

from __future__ import annotations

from typing import Any

from autobahn.websocket import protocol
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path

from config import http
from config.accounts.authentication import TokenSockets
from config.middleware import BodyLimit
from runs.live.backpressure import with_backpressure
from runs.live.routing import websocket_urlpatterns


def unpainted(value: Any) -> Any:
    """Autobahn colours a line of its debugging log for every frame, shown or not: a quarter of its cost."""
    return value


vars(protocol).update(hltype=unpainted, hlval=unpainted)


async def refuse_unknown(scope: Any, receive: Any, send: Any) -> Any:
    """A socket of an address that does not exist is refused without noise in the log."""
    await receive()
    await send({"type": "websocket.close"})


sockets = URLRouter([*websocket_urlpatterns, re_path("", refuse_unknown)])
application = ProtocolTypeRouter(
    {
        "http": BodyLimit(http.application),
        "websocket": with_backpressure(AuthMiddlewareStack(TokenSockets(sockets))),
    }
)
