"""Services on this machine that connections lead to: an HTTP API and a mail server."""

from __future__ import annotations

import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

TOKEN = "correct-horse-battery"
SEEN: list[str] = []


class Api(BaseHTTPRequestHandler):
    """Answers 200 to whoever brings the token, and repeats it in the body; `/N` answers with the status N."""

    def do_GET(self) -> None:
        SEEN.append(f"{self.command} {self.path}")
        is_known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        last = self.path.rpartition("/")[2]
        self.send_response(int(last) if last.isdecimal() else 200 if is_known else 401)
        if last == "302":
            self.send_header("Location", "http://127.0.0.2/")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(TOKEN.encode())

    do_HEAD = do_GET

    def log_message(self, *words: Any) -> None:
        pass


class Mail(StreamRequestHandler):
    """Speaks as much SMTP as signing in needs. No mail is taken."""

    def handle(self) -> None:
        self._say("220 here")
        for line in self.rfile:
            verb, _, rest = line.decode().strip().partition(" ")
            verb = verb.upper()
            SEEN.append(verb)
            if verb == "EHLO":
                self._say("250-here\r\n250 AUTH PLAIN")
            elif verb == "AUTH":
                known = b64decode(rest.partition(" ")[2]) == f"\0ada\0{TOKEN}".encode()
                self._say("235 welcome" if known else "535 not so")
            elif verb == "QUIT":
                return self._say("221 bye")
            else:
                self._say("502 not here")
        return None

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def served(handler: type[Api] | type[Mail]) -> Iterator[int]:
    """The port of a running server."""
    SEEN.clear()
    make = ThreadingHTTPServer if handler is Api else Server
    with make(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()
