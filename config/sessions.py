"""Who opens a socket: a person with a session, or a token. `config.callers` is the same for calls."""

from __future__ import annotations

from functools import partial
from typing import Any

from channels.db import database_sync_to_async

from config.tokens import redeem

BEARER = "bearer "


class TokenSockets:
    """ASGI middleware: a socket that brings a token is its person's, and nobody's if it does not hold.

    `scope["ask"]` asks again whether it still holds.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        value = dict(scope.get("headers", [])).get(b"authorization", b"").decode("latin1")
        if value.lower().startswith(BEARER):
            from django.contrib.auth.models import AnonymousUser

            ask = partial(redeem, value[len(BEARER) :].strip())
            found = await database_sync_to_async(ask)()
            scope = {**scope, "user": found or AnonymousUser(), "ask": ask}
        return await self.inner(scope, receive, send)
