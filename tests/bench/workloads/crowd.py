"""Many sockets in one process: `crowd.py PORT COOKIE RUN…` says `ready`, and at the end each frame's lag.

A socket a run that is named; ends when each has seen its run's end, or when standard input is closed.
"""

from __future__ import annotations

import json
import selectors
import sys
import time
from collections.abc import Sequence
from datetime import datetime

from tests.chaos.watchers import Socket

RUN_ENDS = ("run.completed", "run.failed", "run.compensated", "run.cancelled")
HEAD_BYTES, LENGTH_16, LENGTH_64 = 2, 126, 127
TEXT = 1


class Watcher:
    """One socket: cuts what comes into frames and keeps when each came."""

    def __init__(self, port: int, cookie: str, run_id: str) -> None:
        found = Socket(port, f"/ws/runs/{run_id}/", cookie)
        self.stream = found.stream
        self.stream.setblocking(False)
        self.buffer = found.buffer
        self.arrived: list[tuple[float, bytes]] = []
        self.is_over = False

    def read(self) -> None:
        data = self.stream.recv(65_536)
        now = time.time()
        self.buffer += data
        self.is_over = not data
        while (frame := self._frame()) is not None:
            self.arrived.append((now, frame))
            self.is_over = self.is_over or any(end.encode() in frame for end in RUN_ENDS)

    def _frame(self) -> bytes | None:
        if len(self.buffer) < HEAD_BYTES:
            return None
        kind, length, start = self.buffer[0] & 0x0F, self.buffer[1] & 0x7F, HEAD_BYTES
        if length >= LENGTH_16:
            start += 2 if length == LENGTH_16 else 8
            length = int.from_bytes(self.buffer[HEAD_BYTES:start], "big")
        if len(self.buffer) < start + length:
            return None
        body, self.buffer = self.buffer[start : start + length], self.buffer[start + length :]
        return body if kind == TEXT else b""


def main(port: int, cookie: str, run_ids: Sequence[str]) -> None:
    watchers = [Watcher(port, cookie, run_id) for run_id in run_ids]
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.time()
    with selectors.DefaultSelector() as selector:
        for watcher in watchers:
            selector.register(watcher.stream, selectors.EVENT_READ, watcher)
        selector.register(sys.stdin, selectors.EVENT_READ)
        while not all(watcher.is_over for watcher in watchers):
            ready = [key.data for key, _ in selector.select()]
            for watcher in filter(None, ready):
                watcher.read()
                if watcher.is_over:
                    selector.unregister(watcher.stream)
            if None in ready:
                break
    frames = [(at, json.loads(body)) for watcher in watchers for at, body in watcher.arrived if body]
    sent = [(at, datetime.fromisoformat(frame["at"]).timestamp()) for at, frame in frames]
    print(json.dumps([arrived - written for arrived, written in sent if written >= began]), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
