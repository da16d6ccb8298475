"""Browsers that follow runs by socket, are cut off again and again, and must not miss an entry."""

from __future__ import annotations

import base64
import json
import os
import socket
import ssl
import struct
import threading
import time
from collections import deque
from uuid import UUID

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
TIMEOUT_S = 30.0
AGAIN_S = 0.3
END_TYPES = ("run.completed", "run.compensated", "run.failed", "run.cancelled", "run.blocked")


class Cut(Exception):
    """The connection ended."""


class Socket:
    """As much of RFC 6455 as it takes to read text frames; `tls` for `wss:`."""

    def __init__(self, port: int, path: str, cookie: str, tls: ssl.SSLContext | None = None) -> None:
        self.stream = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
        if tls is not None:
            self.stream = tls.wrap_socket(self.stream, server_hostname="localhost")
        self.buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        host, scheme = f"localhost:{port}", "http" if tls is None else "https"
        lines = (
            f"GET {path} HTTP/1.1", f"Host: {host}", f"Origin: {scheme}://{host}", "Upgrade: websocket",
            "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13",
            f"Cookie: {cookie}", "", "",
        )  # fmt: skip
        self.stream.sendall("\r\n".join(lines).encode())
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise Cut(head)

    def text(self) -> str:
        """The next message; raises Cut or OSError."""
        while True:
            kind, body = self._frame()
            if kind == TEXT:
                return body.decode()
            if kind == CLOSE:
                raise Cut(body)
            if kind == PING:
                self._send(PONG, body)

    def close(self) -> None:
        self.stream.close()

    def _frame(self) -> tuple[int, bytes]:
        first, second = self._take(2)
        length = second & 0x7F
        if length > 125:
            length = int.from_bytes(self._take(2 if length == 126 else 8), "big")
        return first & 0x0F, self._take(length)

    def _send(self, kind: int, body: bytes) -> None:
        self.stream.sendall(struct.pack("!BBI", 0x80 | kind, 0x80 | len(body), 0) + body)

    def _take(self, size: int) -> bytes:
        while len(self.buffer) < size:
            self._more()
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def _more(self) -> None:
        received = self.stream.recv(65_536)
        if not received:
            raise Cut
        self.buffer += received


class Watcher(threading.Thread):
    """Follows one run after the other from its first entry to its end."""

    def __init__(
        self, port: int, cookie: str, waiting: deque[UUID], tls: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.tls = tls
        self.cookie = cookie
        self.waiting = waiting
        self.seen: dict[UUID, list[int]] = {}
        self.followed: set[UUID] = set()  # to their end
        self.cuts = 0
        self.current: UUID | None = None
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.is_set():
            if not self.waiting:
                time.sleep(AGAIN_S)
                continue
            self.current = self.waiting.popleft()
            self._follow(self.current)
            self.current = None

    def _follow(self, run_id: UUID) -> None:
        seen = self.seen.setdefault(run_id, [])
        while not self.ended.is_set():
            try:
                if self._read(run_id, seen):
                    self.followed.add(run_id)
                    return
            except (Cut, OSError):
                self.cuts += 1
                time.sleep(AGAIN_S)

    def _read(self, run_id: UUID, seen: list[int]) -> bool:
        """True when the run has ended; raises when the connection did."""
        after = seen[-1] if seen else 0
        found = Socket(self.port, f"/ws/runs/{run_id}/?after={after}", self.cookie, self.tls)
        try:
            while not self.ended.is_set():
                entry = json.loads(found.text())
                seen.append(entry["seq"])
                if entry["type"] in END_TYPES:
                    return True
        finally:
            found.close()
        return False
