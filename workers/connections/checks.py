"""Tests a connection from the web process: whether its service answers, and accepts how it is signed in.

A check sends no mail and changes nothing. It runs in the thread of its request with an event loop of its own,
so it blocks nobody else; how many run at once, and how long, is bounded. The answer's body is dropped.
"""

from __future__ import annotations

import asyncio
import os
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_network
from threading import BoundedSemaphore
from typing import Any, Literal
from urllib.parse import urlsplit

import psycopg

from config.lib.env import FILE_SCHEMES, MAIL_SCHEMES
from config.lib.secrets import redact
from workers.connections import service
from workers.connections.errors import NotOpened, TooManyChecks
from workers.connections.http import Call, CallFailed, send
from workers.connections.network import open_addresses
from workers.connections.opening import Opened, open_connection

TIMEOUT_S = 10.0
EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))
AT_ONCE_MAX = 8
MESSAGE_CHARS_MAX = 500
POSTGRES_PORT = 5432
Method = Literal["GET", "HEAD"]

_turns = BoundedSemaphore(AT_ONCE_MAX)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check came to. `status`: that of an HTTP answer; `code`: why there was none."""

    is_ok: bool
    message: str
    ms: int
    status: int | None = None
    code: str = ""


class CheckFailed(Exception):
    """The service does not answer, or does not accept how it is signed in."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


ADVICE = {
    "connect": "Check the address, and that the service is up and can be reached from here.",
    "tls": "Check that the address fits the service's certificate; SSL_CERT_FILE adds authorities to trust.",
    "timeout": "Check the address, and whether the service is slow just now.",
    "broken": "Check that the address is that of such a service.",
    "redirect": "State the address that it leads to.",
    "too_large": "It does answer: test another path, or by HEAD.",
    "sign_in": "Check the user or client id, and give the secret its value again.",
    "private_network": "An administrator sets it.",
    "bad_request": "Check the path.",
}


def check(name: str, method: Method = "GET", path: str = "") -> Checked:
    """Tests a connection. `method` and `path` are for HTTP. Raises UnknownConnection, TooManyChecks."""
    connection = service.find(name)
    if not _turns.acquire(blocking=False):
        raise TooManyChecks
    began = time.monotonic()
    try:
        opened = open_connection(name, connection.kind)
        secrets: list[Any] = [opened.secret] if opened.secret else []
        try:
            status, message = CHECKS[connection.kind](opened, secrets, method, path)
            return Checked(status is None or status < 400, message, _ms(began), status)
        except (CallFailed, CheckFailed) as error:
            message = _sentence(str(redact(str(error), secrets))[:MESSAGE_CHARS_MAX])
            return Checked(False, f"{message} {ADVICE[error.code]}", _ms(began), code=error.code)
    except NotOpened as error:
        return Checked(False, str(error), _ms(began), code=error.code)
    finally:
        _turns.release()


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1_000)


def _sentence(text: str) -> str:
    text = " ".join(text.split()).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."


# --- HTTP ---


def _check_http(opened: Opened, secrets: list[Any], method: Method, path: str) -> tuple[int, str]:
    call = Call(method, path, timeout=TIMEOUT_S)
    reply = asyncio.run(send(call, opened, lambda *values: secrets.extend(values)))
    phrase = f" ({reply.phrase})" if reply.phrase else ""
    return reply.status, f"It answered {reply.status}{phrase}.{_meaning(reply.status)}"


def _meaning(status: int) -> str:
    if status in (401, 403):
        return " It does not accept how it is signed in: check that, or give the secret its value again."
    if status in (404, 405, 410):
        return " It is there; test another path of it."
    if status == 429:
        return " It takes no more calls just now; a limit keeps steps from asking too often."
    if status >= 500:
        return " It has a fault of its own; try again later."
    return " It is there, but refuses this request." if status >= 400 else ""


# --- mail ---


def _check_mail(opened: Opened, secrets: list[Any], method: Method, path: str) -> tuple[None, str]:
    scheme, host, port = _place(opened, MAIL_SCHEMES)
    context = ssl.create_default_context()
    server: smtplib.SMTP = (
        _TlsMailServer(timeout=TIMEOUT_S, context=context)
        if scheme == "smtps"
        else _MailServer(timeout=TIMEOUT_S)
    )
    with _told(), server:
        server._host = host  # type: ignore[attr-defined]  # the name that a certificate is checked for
        server.connect(host, port)
        server.ehlo_or_helo_if_needed()
        if scheme == "smtp+tls":
            server.starttls(context=context)
        if opened.auth == "basic":
            server.login(opened.username, opened.secret)
    return None, "It answered, and let us sign in." if opened.auth == "basic" else "It answered."


class _MailServer(smtplib.SMTP):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        found: socket.socket = super()._get_socket(str(_address_of(host, port)), port, timeout)  # type: ignore[misc]
        return found


class _TlsMailServer(smtplib.SMTP_SSL):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        found: socket.socket = super()._get_socket(str(_address_of(host, port)), port, timeout)  # type: ignore[misc]
        return found


@contextmanager
def _told() -> Iterator[None]:
    """Turns what a mail server and the network raise into CheckFailed."""
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        raise CheckFailed("sign_in", f"it refused the user or password ({error.smtp_code})") from error
    except smtplib.SMTPNotSupportedError as error:
        raise CheckFailed("broken", f"it lacks what is needed: {error}") from error
    except smtplib.SMTPServerDisconnected as error:
        raise CheckFailed("broken", "it closed the connection") from error
    except smtplib.SMTPException as error:
        raise CheckFailed("broken", "it does not answer as a mail server does") from error
    except TimeoutError as error:
        raise CheckFailed("timeout", f"no answer came in {TIMEOUT_S:g} s") from error
    except ssl.SSLError as error:
        raise CheckFailed("tls", f"no secure connection was made: {error.reason or error}") from error
    except (OSError, UnicodeError) as error:
        raise CheckFailed("connect", f"no connection was made: {error}") from error


# --- databases ---


def _check_database(opened: Opened, secrets: list[Any], method: Method, path: str) -> tuple[None, str]:
    if urlsplit(opened.address).scheme in FILE_SCHEMES:
        _ask_sqlite(opened)
    else:
        asyncio.run(_ask_postgresql(opened))
    return None, "It answered SELECT 1."


def _ask_sqlite(opened: Opened) -> None:
    """Reads alone, where steps do: a test makes no file. Which files there are, its words do not tell."""
    from sqlalchemy.exc import DBAPIError  # few need it, and it takes some MB

    from workers.connections.databases import connect

    try:
        with connect(opened, read_only=True, timeout=TIMEOUT_S) as database:
            database.exec_driver_sql("SELECT 1 FROM sqlite_schema").first()
    except (NotOpened, DBAPIError) as error:
        raise CheckFailed("connect", "the file cannot be read as a database") from error


async def _ask_postgresql(opened: Opened) -> None:
    _, host, port = _place(opened, {})
    try:
        with _told():
            address = _address_of(host, port)
        async with asyncio.timeout(TIMEOUT_S):
            async with await psycopg.AsyncConnection.connect(
                opened.address,
                user=opened.username or None,
                password=opened.secret or None,
                hostaddr=str(address),
                connect_timeout=int(TIMEOUT_S),
                passfile=os.devnull,  # no password of this host's
            ) as database:
                await database.execute("SELECT 1")
    except TimeoutError as error:
        raise CheckFailed("timeout", f"no answer came in {TIMEOUT_S:g} s") from error
    except psycopg.Error as error:
        is_refusal = isinstance(error, psycopg.OperationalError) and "authentication" in str(error)
        raise CheckFailed("sign_in" if is_refusal else "connect", f"the database says: {error}") from error


def _place(opened: Opened, ports: dict[str, int]) -> tuple[str, str, int]:
    """Scheme, host and port of an address."""
    parts = urlsplit(opened.address)
    return parts.scheme, parts.hostname or "", parts.port or ports.get(parts.scheme, POSTGRES_PORT)


def _address_of(host: str, port: int) -> IPv4Address | IPv6Address:
    """The address of a mail server or a database, which mostly are in private networks, as steps reach it.

    Raises CheckFailed, OSError.
    """
    addresses = open_addresses(host, port, EVERYWHERE)
    if not addresses:
        raise CheckFailed("connect", f"{host} has no address")
    return addresses[0]


CHECKS: dict[str, Callable[[Opened, list[Any], Method, str], tuple[int | None, str]]] = {
    "http": _check_http,
    "smtp": _check_mail,
    "sql": _check_database,
}
