"""Whether the gate of an SQLite file's writers is open."""

from __future__ import annotations

import fcntl
from pathlib import Path


def is_free(path: Path) -> bool:
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
