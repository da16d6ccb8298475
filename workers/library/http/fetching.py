"""Fetches what an address answers into a file, in bounded memory."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import BinaryIO

from workers import StepHandle
from workers.connections.http import Call, CallFailed, send
from workers.connections.opening import open_connection
from workers.library.http.failures import of_call, of_reply

BYTES_MAX = 1_000_000_000
TIMEOUT_S = 600.0
OK = 200


def fetch(url: str, connection: str | None, path: Path, step: StepHandle) -> None:
    """Writes the answer as a file, which is there as a whole or not at all.

    Raises CriticalFailure and TemporaryFailure with the codes of `http_request`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        opened = open_connection(connection, "http", step) if connection else None
        with part.open("wb") as file:
            call = Call("GET", url, timeout=TIMEOUT_S, bytes_max=BYTES_MAX, is_kept=False)
            reply = asyncio.run(send(call, opened, step.conceal, lambda data: _write(file, data)))
        if reply.status != OK:
            raise of_reply(reply, f"GET was answered by {reply.status}")
        part.replace(path)
    except CallFailed as failed:
        raise of_call(failed, f"GET: {failed}", changes=False) from failed
    finally:
        part.unlink(missing_ok=True)


def _write(file: BinaryIO, data: bytes) -> None:
    file.write(data)
