"""What stands before every page and call: how often one may come, and how much one may bring."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse

from config.accounts.rate_limits import TooMany, address, caller, consume
from config.lib.problems import problem, refused

PROGRAMS = ("/api/", "/hooks/")  # they are answered with problem documents
SIGN_IN = ("login", "admin:login", "first-sign-in", "password_reset")
TOO_MANY, TOO_LARGE, NOT_ALLOWED = 429, 413, 405

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class LimitsMiddleware:
    """Counts each request of a caller, and answers 429 wherever a limit is reached."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.sign_in = {reverse(name) for name in SIGN_IN}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            consume("calls", caller(request))
            if self._is_sign_in(request):
                consume("sign_in", str(address(request)))
        except TooMany as error:
            return too_many(request, error)
        return self.get_response(request)

    def _is_sign_in(self, request: HttpRequest) -> bool:
        is_tried = request.method == "POST" or "t" in request.GET
        return is_tried and request.path in self.sign_in

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return too_many(request, error) if isinstance(error, TooMany) else None


def too_many(request: HttpRequest, error: TooMany) -> HttpResponse:
    if request.path.startswith(PROGRAMS):
        return refused(request, error)
    response = HttpResponse(render_to_string("429.html", {"reason": str(error)}), status=error.status)
    response["Retry-After"] = str(error.retry_after_s)
    return response


class MethodsMiddleware:
    """Says to programs which methods an address takes, where Django and Ninja answer in plain text."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != NOT_ALLOWED or not request.path.startswith(PROGRAMS):
            return response
        allowed = response.headers.get("Allow", "")
        told = problem(
            NOT_ALLOWED, f"{request.method} is not for this address; it takes {allowed}.", "not_allowed"
        )
        told["Allow"] = allowed
        return told


class BodyLimit:
    """ASGI middleware: a body larger than `BODY_BYTES_MAX` is refused with 413 before anybody keeps it."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        most: int = settings.BODY_BYTES_MAX
        if _told_length(scope) > most:
            await _refuse(scope, send, most)
            return
        seen = 0

        async def counted() -> dict[str, Any]:
            """The next part; that the client has gone, where it brings too much."""
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            return message if seen <= most else {"type": "http.disconnect"}

        await self.inner(scope, counted, send)
        if seen > most:
            await _refuse(scope, send, most)


def _told_length(scope: Any) -> int:
    text = dict(scope["headers"]).get(b"content-length", b"")
    return int(text) if text.isdigit() and len(text) < 20 else 0


async def _refuse(scope: Any, send: Send, most: int) -> None:
    said = f"A request may bring {most:,} bytes at most."
    response = HttpResponse(said, content_type="text/plain; charset=utf-8", status=TOO_LARGE)
    if scope["path"].startswith(PROGRAMS):
        response = problem(TOO_LARGE, said, "too_large")
    headers = [(name.lower().encode(), value.encode()) for name, value in response.items()]
    headers += [(b"content-length", str(len(response.content)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": TOO_LARGE, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})
