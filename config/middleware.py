"""Middleware of every page and call: rate limits, size of bodies, caches, 405 as a problem document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse

from config.accounts.authentication import user_of_token
from config.accounts.rate_limits import TooMany, caller, client_ip, client_of, consume
from config.lib.problems import problem, refused
from config.telemetry.attempt import called_by

API = "/api/"
PROBLEM_PATHS = (API, "/hooks/")  # errors below these are answered with problem documents
SIGN_IN = (
    *("login", "admin:login", "first-sign-in", "sign-in-code"),
    *("password_reset", "password_change", "second-factor"),
)
TOO_MANY, TOO_LARGE, NOT_ALLOWED = 429, 413, 405

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class LimitsMiddleware:
    """Counts each request of a client, and answers 429 if this or a view exceeds a limit."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.sign_in = {reverse(name) for name in SIGN_IN}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            token_user = user_of_token(request) if request.path.startswith(API) else None
        except (DatabaseError, InterfaceError):  # the view says it, if it has to know who asks
            token_user = None
        try:
            consume("calls", client_of(token_user) if token_user else caller(request))
            is_attempt = request.method == "POST" or "t" in request.GET  # `t`: the first user's sign-in link
            if is_attempt and request.path in self.sign_in:
                consume("sign_in", str(client_ip(request)))
        except TooMany as error:
            return too_many(request, error)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return too_many(request, error) if isinstance(error, TooMany) else None


def too_many(request: HttpRequest, error: TooMany) -> HttpResponse:
    if request.path.startswith(PROBLEM_PATHS):
        return refused(request, error)
    response = HttpResponse(render_to_string("429.html", {"reason": str(error)}), status=error.status)
    response["Retry-After"] = str(error.retry_after_s)
    return response


class TraceparentMiddleware:
    """A run that a request starts goes on with the trace that the request belongs to."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with called_by(request.headers.get("traceparent", "")):
            return self.get_response(request)


class NoStoreMiddleware:
    """Answers of the API hold data of runs, so no browser and no proxy keeps them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(PROBLEM_PATHS):
            response["Cache-Control"] = "no-store"
        return response


class MethodsMiddleware:
    """Turns 405 of API and webhooks, which Django and Ninja answer in plain text, into a problem document."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != NOT_ALLOWED or not request.path.startswith(PROBLEM_PATHS):
            return response
        allowed = response.headers.get("Allow", "")
        refusal = problem(
            NOT_ALLOWED, f"{request.method} is not for this address; it takes {allowed}.", "not_allowed"
        )
        refusal["Allow"] = allowed
        return refusal


class BodyLimit:
    """ASGI middleware: refuses a body larger than `BODY_BYTES_MAX` with 413, before it is buffered.

    A declared length is refused at once. A body without one is counted as it arrives; above the limit the
    application sees a disconnect, so that it stops reading, and the client gets the 413 afterwards.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        limit: int = settings.BODY_BYTES_MAX
        declared = dict(scope["headers"]).get(b"content-length", b"")
        if declared.isdigit() and len(declared) < 20 and int(declared) > limit:
            await _refuse(scope, send, limit)
            return
        received = 0

        async def counting_receive() -> dict[str, Any]:
            """The next message; a disconnect above the limit."""
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return message if received <= limit else {"type": "http.disconnect"}

        await self.inner(scope, counting_receive, send)
        if received > limit:
            await _refuse(scope, send, limit)


async def _refuse(scope: Any, send: Send, limit: int) -> None:
    text = f"A request may bring {limit:,} bytes at most."
    response = HttpResponse(text, content_type="text/plain; charset=utf-8", status=TOO_LARGE)
    if scope["path"].startswith(PROBLEM_PATHS):
        response = problem(TOO_LARGE, text, "too_large")
    headers = [(name.lower().encode(), value.encode()) for name, value in response.items()]
    headers += [(b"content-length", str(len(response.content)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": TOO_LARGE, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})
