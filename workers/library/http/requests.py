"""`http_request`: calls an HTTP API. Its undo is another request, in the undo slot of its step.

An answer that is expected completes the step. Any other fails it under its status as code (`http_402`, with
the cause `http_4xx`). A request that was sent and not answered may have taken effect, unless it only reads:
its outcome is unknown.
"""

from __future__ import annotations

import mimetypes
from typing import Any

from config.lib.errors import Unreadable
from config.lib.json_reader import read_json
from workers import CriticalFailure, StepHandle, TemporaryFailure, UnknownOutcome, worker
from workers.connections.http import Call, CallFailed, Reply, send
from workers.connections.opening import open_connection_async
from workers.library.data_folder import existing
from workers.library.http.failures import names_of, of_call, of_reply
from workers.library.http.params import HttpRequest

READING = frozenset({"GET", "HEAD", "OPTIONS"})
UNANSWERED = frozenset({500, 502, 504})  # the server may have done what was asked for
GONE = frozenset({404, 410})
SNIPPET_CHARS = 300
FILE_BYTES_MAX = 100_000_000
HIDDEN_HEADERS = frozenset({"set-cookie", "www-authenticate"})


@worker(
    "http_request",
    category="HTTP and APIs",
    title="HTTP request",
    rehearsal="record",
    stub={"status": 200, "headers": {}, "body": {}},
)
async def http_request(params: HttpRequest, step: StepHandle) -> dict[str, Any]:
    """Calls an HTTP API: `GET /orders/7`, `POST /charges`.

    Gives `status`, `headers` (their names in small letters) and `body`, parsed where it is JSON. Its undo is
    another request that reads `output`, such as `POST /refunds` with `{"charge": "=output.body.id"}`. Sends
    `Idempotency-Key` with requests that change something, the same for all attempts, another one for the
    undo. To verify, it asks whether the effect is there: an expected answer says so, 404 and 410 say no.
    """
    named = params.connection
    opened = await open_connection_async(named, "http", step) if named else None
    try:
        reply = await send(_call(params, step), opened, step.conceal)
    except CallFailed as failed:
        changes = params.method not in READING
        raise of_call(failed, f"{params.method}: {failed}", changes=changes) from failed
    if step.direction == "verify" and reply.status in GONE and not params.expects(reply.status):
        return {"outcome": "not_done"}
    if not params.expects(reply.status):
        return _refused(reply, params)
    output = {"status": reply.status, "headers": _headers(reply), "body": _body(reply, params)}
    return {"outcome": "done", "output": output} if step.direction == "verify" else output


def _call(params: HttpRequest, step: StepHandle) -> Call:
    headers = dict(params.headers)
    names = {name.lower() for name in headers}
    if params.method not in READING and "idempotency-key" not in names:
        headers["Idempotency-Key"] = step.request_key
    if "content-type" not in names and params.text is not None:
        headers["Content-Type"] = "text/plain; charset=utf-8"
    if "content-type" not in names and params.file is not None:
        kind, _ = mimetypes.guess_type(params.file)
        headers["Content-Type"] = kind or "application/octet-stream"
    return Call(
        params.method,
        params.address,
        query={name: value for name, value in params.query.items() if value is not None},
        headers=headers,
        json=params.json_body,
        form=params.form,
        content=_content(params),
        timeout=params.timeout,
        bytes_max=params.bytes_max,
        redirects=params.redirects,
    )


def _content(params: HttpRequest) -> bytes | None:
    if params.file is not None:
        path = existing(params.file)
        if path.stat().st_size > FILE_BYTES_MAX:
            raise CriticalFailure(f"the file has more than {FILE_BYTES_MAX:,} bytes", code="too_large")
        return path.read_bytes()
    return None if params.text is None else params.text.encode()


def _refused(reply: Reply, params: HttpRequest) -> dict[str, Any]:
    """The failure of an answer that is not expected; one that may be another next time is raised."""
    message = f"{params.method} was answered by {reply.status} {reply.phrase}: {_snippet(reply)}"
    code, cause = names_of(reply.status)
    is_open = reply.status in UNANSWERED and params.method not in READING
    if is_open and params.server_errors == "unknown":
        raise UnknownOutcome(f"{message}; it may have taken effect", code=code, cause=cause)
    failure = of_reply(reply, message)
    if isinstance(failure, TemporaryFailure):
        raise failure
    response = {"status": reply.status, "headers": _headers(reply), "body": _lenient_body(reply)}
    return {"status": "failed", "code": code, "cause": cause, "message": message, "response": response}


def _snippet(reply: Reply) -> str:
    text = " ".join(reply.text.split())
    return text[:SNIPPET_CHARS] + ("…" if len(text) > SNIPPET_CHARS else "") or "no body"


def _headers(reply: Reply) -> dict[str, str]:
    return {name: value for name, value in reply.headers.items() if name not in HIDDEN_HEADERS}


def _body(reply: Reply, params: HttpRequest) -> Any:
    """The body of an answer that is right. Raises for one that is not JSON where it has to be."""
    if params.read_as == "text":
        return reply.text
    if params.read_as == "auto":
        return _lenient_body(reply)
    try:
        return read_json(reply.content)
    except Unreadable as error:
        message = f"{params.method}: the answer's body is not JSON: {error}"
        if params.method in READING:
            raise CriticalFailure(message, code="bad_response") from error
        raise UnknownOutcome(f"{message}; it has probably taken effect", code="bad_response") from error


def _lenient_body(reply: Reply) -> Any:
    """JSON where the answer says that it is, and it is; else text, null without a body."""
    if not reply.content:
        return None
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.endswith(("/json", "+json")):
        try:
            return read_json(reply.content)
        except Unreadable:
            return reply.text
    return reply.text
