"""The server of the Model Context Protocol: streamable HTTP, without sessions.

An agent has the token of a person, and no more rights. Each tool is a call of the REST API, made within this
process through the same application, so permissions, checks, limits and idempotency are those of the API.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

import httpx2
from channels.db import database_sync_to_async
from django.contrib.admin.models import CHANGE, LogEntry
from mcp import types
from mcp.server import Server, ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from pydantic import ValidationError

from config import installation
from config.accounts.actors import IS_AGENT
from config.accounts.models import ApiToken
from config.accounts.permissions import TOKEN_ID, may
from config.mcp.endpoint import TOKEN, USER
from config.mcp.tools import BY_NAME, TOOLS, Tool
from workers.client import ApiError, AsyncClient

BODY_BYTES_MAX = 6_000_000
TEXT_CHARS_MAX = 200_000
LOGGED_CHARS_MAX = 200
BOARD = "http://board"  # the same process
PASSED_ON = frozenset({b"host", b"x-forwarded-for", b"x-forwarded-proto"})
GUIDES = {
    "definitions": "The document of a workflow, field by field, with all error codes.",
    "expressions": "The language of expressions, with all functions.",
    "semantics": "What a workflow means when it runs.",
    "workers": "What workers are and what they say.",
}
INSTRUCTIONS = (
    "Workflows whose failures are undone. Read before you write: get_workflow before save_draft, "
    "list_answers before answer_intervention, get_rollback_plan before roll_back. The guides are resources."
)

Context = ServerRequestContext[Any, Any]
Scope = Any

logging.getLogger("mcp").setLevel(logging.WARNING)


class AgentServer:
    """Serves agents; `board` is the ASGI application that answers the calls of tools."""

    def __init__(self, board: Any) -> None:
        self._board = board
        self._server: Server[Any] = Server(
            "sagaboard",
            title="Sagaboard",
            version=installation.version(),
            instructions=INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=_list_resources,
            on_read_resource=_read_resource,
        )

    async def answer(self, scope: Scope, receive: Any, send: Any) -> None:
        """Answers a request whose scope has the agent's user and token."""
        manager = StreamableHTTPSessionManager(
            self._server, json_response=True, stateless=True, max_request_body_size=BODY_BYTES_MAX
        )
        async with manager.run():
            await manager.handle_request(scope, receive, send)

    async def _list_tools(self, context: Context, params: Any) -> types.ListToolsResult:
        """The tools that the agent's token may use."""
        user = _scope_of(context)[USER]
        acts = await database_sync_to_async(lambda: {tool.act for tool in TOOLS if may(user, tool.act)})()
        return types.ListToolsResult(tools=[_described(tool) for tool in TOOLS if tool.act in acts])

    async def _call_tool(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        tool = BY_NAME.get(params.name)
        if tool is None:
            return _failed(f"There is no tool {params.name!r:.80}.")
        try:
            given = tool.arguments.model_validate(params.arguments or {})
        except ValidationError as error:
            return _failed(str(error))
        call = tool.call(**{name: getattr(given, name) for name in type(given).model_fields})
        scope = _scope_of(context)
        transport = httpx2.ASGITransport(partial(self._as_agent, scope))
        async with AsyncClient(BOARD, scope[TOKEN], transport=transport) as board:
            try:
                answer = await board.send(call)
            except ApiError as error:
                return _failed(str(error), error.problem)
        if tool.changes:
            await database_sync_to_async(_log)(scope[USER], tool, params.arguments or {})
        return _answered(answer)

    async def _as_agent(self, agent: Scope, scope: Scope, receive: Any, send: Any) -> None:
        """The board, asked as by the agent itself; the scope says, as no header could, that it is one."""
        headers = [(name, value) for name, value in scope["headers"] if name not in PASSED_ON]
        headers += [(name, value) for name, value in agent["headers"] if name in PASSED_ON]
        whence = {name: agent[name] for name in ("client", "scheme") if agent.get(name)}
        await self._board({**scope, **whence, "headers": headers, IS_AGENT: True}, receive, send)


def _scope_of(context: Context) -> Scope:
    """The scope of the agent's own request."""
    assert context.request is not None
    return context.request.scope


def _described(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        description=tool.doc,
        input_schema=tool.arguments.model_json_schema(),
        annotations=types.ToolAnnotations(read_only_hint=not tool.changes),
    )


def _answered(answer: Any) -> types.CallToolResult:
    text = json.dumps(answer, ensure_ascii=False)
    if len(text) > TEXT_CHARS_MAX:
        return _failed(f"The answer has {len(text):,} characters; {TEXT_CHARS_MAX:,} fit. Ask for less.")
    content: list[types.ContentBlock] = [types.TextContent(type="text", text=text)]
    structured = answer if isinstance(answer, dict) else {"result": answer}
    return types.CallToolResult(content=content, structured_content=structured)


def _failed(text: str, problem: Mapping[str, Any] | None = None) -> types.CallToolResult:
    content: list[types.ContentBlock] = [types.TextContent(type="text", text=text)]
    return types.CallToolResult(
        content=content, structured_content=dict(problem) if problem else None, is_error=True
    )


async def _list_resources(context: Context, params: Any) -> types.ListResourcesResult:
    return types.ListResourcesResult(
        resources=[
            types.Resource(name=name, uri=f"guide://{name}", description=doc, mime_type="text/markdown")
            for name, doc in GUIDES.items()
        ]
    )


async def _read_resource(
    context: Context, params: types.ReadResourceRequestParams
) -> types.ReadResourceResult:
    name = str(params.uri).removeprefix("guide://")
    if name not in GUIDES:
        raise ValueError(f"there is no guide {name!r:.80}")
    text = await database_sync_to_async((installation.ROOT / "docs" / f"{name}.md").read_text)()
    contents: list[types.TextResourceContents | types.BlobResourceContents] = [
        types.TextResourceContents(uri=params.uri, mime_type="text/markdown", text=text)
    ]
    return types.ReadResourceResult(contents=contents)


def _log(user: Any, tool: Tool, arguments: Mapping[str, Any]) -> None:
    """Writes to the audit log that an agent has acted, at the token that it acted with."""
    named = {name: value for name, value in arguments.items() if isinstance(value, str | int)}
    text = ", ".join(f"{name}={value}" for name, value in named.items())[:LOGGED_CHARS_MAX]
    rows = ApiToken.objects.filter(pk=getattr(user, TOKEN_ID))
    LogEntry.objects.log_actions(user.pk, rows, CHANGE, f"An agent: {tool.name} {text}", single_object=True)
