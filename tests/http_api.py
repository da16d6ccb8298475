"""An HTTP API that tests call: it charges and refunds, and misbehaves in every way it is asked to.

It listens on loopback, with TLS by an authority of its own where a test wants it. Every request is recorded.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CHUNK = b"x" * 1_000_000
GIGABYTE = 1_000_000_000
SLOW_S_MAX = 30.0


@dataclass(frozen=True)
class Recorded:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class HttpApi:
    """The API's books, and what it was asked. `stopping` ends answers that take their time."""

    url: str = ""
    requests: list[Recorded] = field(default_factory=list)
    charges: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    sent: int = 0
    document: Any = None
    stopping: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def to(self, path: str) -> list[Recorded]:
        return [request for request in self.requests if request.path == path]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: HttpApi

    def log_message(self, *args: Any) -> None:
        pass

    def answer(
        self, status: int, body: Any = None, headers: dict[str, str] | None = None, kind: str = ""
    ) -> None:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        if body is not None:
            self.send_header("Content-Type", kind or "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value.encode().decode("latin-1"))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def handle_any(self) -> Any:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Recorded(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)
        with self.api.lock:
            self.api.requests.append(request)
        name = parts.path.strip("/").partition("/")[0]
        method = getattr(self, f"on_{name}", None)
        if method is None:
            return self.answer(404, {"error": "no such path"})
        return method(request)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = handle_any

    def on_echo(self, request: Recorded) -> None:
        self.answer(
            200,
            {
                "method": request.method,
                "query": request.query,
                "headers": request.headers,
                "body": request.body.decode(),
            },
            {"Set-Cookie": "session=1", "X-Kind": "echo"},
        )

    def on_status(self, request: Recorded) -> None:
        status = int(request.path.rpartition("/")[2])
        self.answer(status, None if status == 204 else {"error": {"code": f"code_{status}"}}, request.query)

    def on_charges(self, request: Recorded) -> None:
        """`POST /charges`, once for each key; `fail=1` in the query refuses."""
        if request.method == "GET":
            key = request.path.rpartition("/")[2]
            charge = self.api.charges.get(key)
            return self.answer(200 if charge else 404, charge or {"error": "no such charge"})
        key = request.headers["idempotency-key"]
        with self.api.lock:
            made = {"id": f"ch_{len(self.api.charges) + 1}", "key": key, **request.json}
            charge = self.api.charges.setdefault(key, made)
        return self.answer(201, charge)

    def on_refunds(self, request: Recorded) -> None:
        key = request.headers["idempotency-key"]
        with self.api.lock:
            made = {"id": f"re_{len(self.api.refunds) + 1}", "key": key, **request.json}
            refund = self.api.refunds.setdefault(key, made)
        self.answer(201, refund)

    def on_openapi(self, request: Recorded) -> None:
        """The API's own description."""
        self.answer(200, self.api.document)

    def on_flaky(self, request: Recorded) -> None:
        """500 for the first request to a path, 200 for the next ones."""
        first = len(self.api.to(request.path)) == 1
        self.answer(500 if first else 200, {"try": len(self.api.to(request.path))})

    def on_slow(self, request: Recorded) -> None:
        self.api.stopping.wait(min(float(request.query.get("s", "5")), SLOW_S_MAX))
        self.answer(200, {})

    def on_trickle(self, request: Recorded) -> None:
        """One byte in a tenth of a second, so that no read takes long and the whole never ends."""
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        until = time.monotonic() + SLOW_S_MAX
        while not self.api.stopping.wait(0.1) and time.monotonic() < until:
            self.wfile.write(b"x")
            self.wfile.flush()

    def on_short(self, request: Recorded) -> None:
        """Promises more bytes than it sends."""
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"{")
        self.close_connection = True

    def on_dead(self, request: Recorded) -> None:
        self.close_connection = True

    def on_huge(self, request: Recorded) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(GIGABYTE))
        self.end_headers()
        for _ in range(GIGABYTE // len(CHUNK)):
            self.wfile.write(CHUNK)
            self.api.sent += len(CHUNK)

    def on_redirect(self, request: Recorded) -> None:
        self.answer(int(request.query.get("status", "302")), None, {"Location": request.query["to"]})

    def on_rows(self, request: Recorded) -> None:
        """A CSV of `n` rows."""
        lines = [f"{number},name {number}" for number in range(int(request.query.get("n", "3")))]
        self.answer(200, "\n".join(["id,name", *lines, ""]).encode(), kind="text/csv")

    def on_text(self, request: Recorded) -> None:
        self.answer(200, "Grüße".encode("latin-1"), kind="text/plain; charset=latin-1")

    def on_broken_json(self, request: Recorded) -> None:
        self.answer(200, b'{"a": 1, "a": 2')

    def on_v1(self, request: Recorded) -> None:
        """A chat completion, streamed in pieces that break anywhere; the prompt says what becomes of it."""
        asked = request.json
        prompt = asked["messages"][-1]["content"]
        if prompt == "busy":
            return self.answer(429, {"error": {"message": "too many"}}, {"Retry-After": "7"})
        schema = asked.get("response_format")
        text = ('{"a": 1}' if prompt != "bad" else "no JSON") if schema else f"You said: {prompt} – grüße"
        chunks: list[dict[str, Any]] = [
            {"model": "stub-1", "choices": [{"delta": {"content": text[at : at + 3]}}]}
            for at in range(0, len(text), 3)
        ]
        chunks.append({"choices": [{"delta": {}, "finish_reason": "stop"}]})
        chunks.append({"choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 34}})
        lines = "".join(f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n" for chunk in chunks)
        content = (lines + ("" if prompt == "cut" else "data: [DONE]\n\n")).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        for at in range(0, len(content), 11):
            self.wfile.write(content[at : at + 11])
            self.wfile.flush()

    def on_token(self, request: Recorded) -> None:
        """A token endpoint of OAuth2: user `id`, password `client-secret`."""
        form = dict(parse_qsl(request.body.decode()))
        is_known = self.headers.get("Authorization") == "Basic aWQ6Y2xpZW50LXNlY3JldA=="
        if not is_known or form.get("grant_type") != "client_credentials":
            return self.answer(401, {"error": "invalid_client"})
        token = f"access-token-{len(self.api.to('/token'))}"
        return self.answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def on_guarded(self, request: Recorded) -> None:
        """Lets the newest token in; with `old=1` in the query only the second one."""
        wanted = "access-token-2" if "old" in request.query else f"access-token-{len(self.api.to('/token'))}"
        is_right = self.headers.get("Authorization") == f"Bearer {wanted}"
        self.answer(200 if is_right else 401, {"ok": is_right})


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, address: Any) -> None:
        """A client that went away is none of the test's business."""


@contextmanager
def http_api(host: str = "localhost", certificate: Path | None = None) -> Iterator[HttpApi]:
    """Serves the API; with TLS, if `certificate` is the file of a key and its certificate."""
    api = HttpApi()
    server = Server(
        ("127.0.0.1" if host == "localhost" else host, 0), type("Bound", (Handler,), {"api": api})
    )
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    api.url = f"{'https' if certificate else 'http'}://{host}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield api
    finally:
        api.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


def write_certificate(folder: Path, host: str = "localhost") -> Path:
    """A self-signed certificate with its key, for `host`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    names = x509.SubjectAlternativeName([x509.DNSName(host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{host}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
