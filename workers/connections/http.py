"""HTTP calls to the outside: guarded, bounded, and with what is known about a call that failed.

Each call has a TCP connection of its own. Kept ones would save a handshake, but a server that closes one just
then leaves a request of which nobody knows whether it took effect.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import httpcore2
import httpx2
from django.conf import settings

from config.lib.caches import cached_for_process
from config.telemetry.attempt import outgoing
from workers.connections.network import GuardedBackend, PrivateAddress
from workers.connections.opening import Opened
from workers.connections.sign_in import Conceal, SignInFailed, sign_in

CONNECT_TIMEOUT_S = 10.0
REDIRECTS_MAX = 10
SENT = "send_request_headers.started"  # the end of the name of httpcore's trace event
AGENT = "Sagaboard"
UNAUTHORIZED = 401
OnPart = Callable[[bytes], None]


class CallFailed(Exception):
    """A call failed. `was_sent`: the server may have got the request, so it may have taken effect.

    `code` is one of `bad_request` (it was never a request), `private_network`, `connect`, `tls`, `timeout`,
    `broken` (the answer ended early), `redirect`, `too_large`, `sign_in`.
    """

    def __init__(self, code: str, message: str, was_sent: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.was_sent = was_sent


@dataclass(frozen=True)
class Reply:
    """An answer, its body decoded. Names of headers are small; those that came several times are joined."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    encoding: str | None
    url: str

    @property
    def text(self) -> str:
        """The body as text that can be kept; of an unknown charset it is read as UTF-8."""
        try:
            text = self.content.decode(self.encoding or "utf-8", errors="replace")
        except LookupError:
            text = self.content.decode(errors="replace")
        return text.replace("\x00", "\ufffd")

    @property
    def phrase(self) -> str:
        """What the status means; empty for one that no standard names."""
        return HTTPStatus(self.status).phrase if self.status in set(HTTPStatus) else ""


@dataclass(frozen=True)
class Call:
    """A request to make. `url`: relative to the connection's address, if there is one."""

    method: str
    url: str
    query: Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = None
    json: Any = None
    form: Mapping[str, Any] | None = None
    content: bytes | None = None
    timeout: float = 30.0
    bytes_max: int = 1_000_000
    redirects: bool = True
    is_kept: bool = True  # whether the reply has the body, or only `on_part` gets it


async def send(
    call: Call,
    opened: Opened | None = None,
    conceal: Conceal | None = None,
    on_part: OnPart | None = None,
) -> Reply:
    """Makes a call. Raises CallFailed.

    `conceal` gets what became secret on the way, `on_part` each part of the answer's body as it comes.
    """
    sent = _Sent(on_part=on_part)
    try:
        async with asyncio.timeout(call.timeout):
            return await _send(call, opened, sent, conceal or (lambda *values: None))
    except PrivateAddress as error:
        raise CallFailed("private_network", str(error), sent.is_true) from error
    except (TimeoutError, httpx2.TimeoutException) as error:
        when = "no whole answer came" if sent.is_true else "no connection was made"
        raise CallFailed("timeout", f"{when} in {call.timeout:g} s", sent.is_true) from error
    except (httpx2.ConnectError, httpx2.ProxyError) as error:
        code = "tls" if isinstance(_root(error), ssl.SSLError) else "connect"
        raise CallFailed(code, f"no connection was made: {_root(error)}", sent.is_true) from error
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError, UnicodeError) as error:
        raise CallFailed("bad_request", f"the request cannot be sent: {error}", sent.is_true) from error
    except SignInFailed as error:
        raise CallFailed("sign_in", str(error)) from error
    except httpx2.HTTPError as error:
        words = str(error) or type(error).__name__
        raise CallFailed("broken", f"the answer is broken: {words}", sent.is_true) from error


async def _send(call: Call, opened: Opened | None, sent: _Sent, conceal: Conceal) -> Reply:
    own = {**outgoing(), **(opened.headers if opened else {})}
    async with client(call.timeout) as http:
        request = http.build_request(
            call.method,
            httpx2.URL(address_of(call.url, opened)).copy_merge_params(call.query or {}),
            headers={"User-Agent": AGENT, **own, **(call.headers or {})},
            json=call.json,
            data=call.form,
            content=call.content,
            extensions={"trace": sent.trace},
        )
        is_old = await sign_in(request, opened, conceal, GuardedTransport) if opened else False
        reply = await _follow(http, request, call, sent, opened is not None)
        if reply.status == UNAUTHORIZED and opened and is_old:  # its token has ended before its time
            await sign_in(request, opened, conceal, GuardedTransport, is_refused=True)
            reply = await _follow(http, request, call, sent, True)
        return reply


async def _follow(
    http: httpx2.AsyncClient, request: httpx2.Request, call: Call, sent: _Sent, has_secret: bool
) -> Reply:
    """Sends a request and follows its redirects; one with a secret goes to no other origin."""
    for _ in range(REDIRECTS_MAX + 1):
        response = await http.send(request, stream=True)
        try:
            following = response.next_request
            if not call.redirects or following is None:
                return await _read(response, call, sent.on_part)
            if has_secret and _origin(following.url) != _origin(request.url):
                message = f"the answer leads to {following.url.host}, which the connection is not for"
                raise CallFailed("redirect", message, True)
            following.extensions = dict(request.extensions)
            request = following
        finally:
            await response.aclose()
    raise CallFailed("redirect", f"more than {REDIRECTS_MAX} redirects", True)


async def _read(response: httpx2.Response, call: Call, on_part: OnPart | None) -> Reply:
    """Reads an answer, unpacked, up to a limit. Raises CallFailed."""
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > call.bytes_max:
            raise CallFailed("too_large", f"the answer has more than {call.bytes_max:,} bytes", True)
        if on_part is not None:
            on_part(part)
        if call.is_kept:
            parts.append(part)
    url = str(response.url.copy_with(query=None, fragment=None))
    headers = {name.lower(): ", ".join(response.headers.get_list(name)) for name in response.headers}
    return Reply(response.status_code, headers, b"".join(parts), response.charset_encoding, url)


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


@dataclass
class _Sent:
    """Whether a request has begun to leave this host, and who reads along."""

    is_true: bool = False
    on_part: OnPart | None = None

    async def trace(self, name: str, info: Any) -> None:
        self.is_true = self.is_true or name.endswith(SENT)


def _root(error: BaseException) -> BaseException:
    """The error of the network behind those of the layers above."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error


def client(timeout: float) -> httpx2.AsyncClient:
    """A client that reaches open networks alone, and takes no proxies or passwords from the environment."""
    return httpx2.AsyncClient(
        transport=GuardedTransport(),
        timeout=httpx2.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT_S)),
        trust_env=False,
    )


class GuardedTransport(httpx2.AsyncHTTPTransport):
    """The transport of httpx with a pool whose network backend checks addresses."""

    def __init__(self) -> None:
        super().__init__(verify=_ssl_context(), trust_env=False)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=_ssl_context(),
            max_keepalive_connections=0,
            network_backend=GuardedBackend(settings.HTTP_PRIVATE_NETWORKS),
        )


@cached_for_process()
def _ssl_context() -> ssl.SSLContext:
    """The authorities that the host trusts; `SSL_CERT_FILE` adds others."""
    return httpx2.create_ssl_context()


def address_of(url: str, opened: Opened | None) -> str:
    """The whole address of a call. Raises CallFailed.

    With a connection, the address is below that of the connection: its secret goes nowhere else.
    """
    if opened is None:
        if not url.lower().startswith(("https://", "http://")):
            raise CallFailed("bad_request", "without a connection a URL begins with https:// or http://")
        return url
    base = opened.address.rstrip("/")
    if url.lower().startswith(("https://", "http://")):
        if not (url + "/").startswith(base + "/") and not url.startswith(base + "?"):
            raise CallFailed("bad_request", f"the URL is not below the address of the connection, {base}")
        return url
    path = url.lstrip("/")
    if {".", ".."} & set(unquote(path.partition("?")[0]).replace("\\", "/").split("/")):
        raise CallFailed("bad_request", "a path has no . and no ..")
    return base if not path else base + path if path.startswith("?") else f"{base}/{path}"
