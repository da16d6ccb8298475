"""The ASGI application under `/mcp`: lets agents with a token in, and everybody else on to the board."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from channels.db import database_sync_to_async

from config.accounts.tokens import redeem

if TYPE_CHECKING:
    from config.mcp.server import AgentServer

PATHS = frozenset({"/mcp", "/mcp/"})
USER, TOKEN = "board.user", "board.token"
BEARER = "bearer "

Scope = Any


class AgentEndpoint:
    """Answers agents below `/mcp`; everything else goes to `board`, which also answers the calls of tools."""

    def __init__(self, board: Any) -> None:
        self._board = board
        self._server: AgentServer | None = None

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["path"] in PATHS:
            await self._answer(scope, receive, send)
        else:
            await self._board(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Any, send: Any) -> None:
        value = dict(scope["headers"]).get(b"authorization", b"").decode("latin1")
        token = value[len(BEARER) :].strip() if value.lower().startswith(BEARER) else ""
        user = await database_sync_to_async(redeem)(token)
        if user is None:
            return await _unauthorized(send)
        await (await self._opened()).answer({**scope, USER: user, TOKEN: token}, receive, send)

    async def _opened(self) -> AgentServer:
        """The server, which takes a second and 20 MB to load: only a board with agents has it."""
        if self._server is None:
            self._server = await database_sync_to_async(_load)(self._board)
        return self._server


def _load(board: Any) -> AgentServer:
    from config.mcp.server import AgentServer

    return AgentServer(board)


async def _unauthorized(send: Any) -> None:
    problem = {"type": "about:blank", "title": "Unauthorized", "status": 401}
    body = json.dumps(problem | {"detail": "Agents send a token: Authorization: Bearer TOKEN."}).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"www-authenticate", b"Bearer")]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": body})
