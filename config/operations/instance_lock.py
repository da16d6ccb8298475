"""At most one `up` per data folder, by an flock that the kernel releases when its holder ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.lib.errors import ConfigError

HOLDER_BYTES_MAX = 200


class AlreadyUp(ConfigError):
    """Sagaboard is up already on this data folder."""

    def __init__(self, data_dir: Path, holder: str) -> None:
        super().__init__(
            f"Sagaboard is up already on {data_dir} (process {holder or 'unknown'}); "
            "stop that one, or set another DATA_DIR"
        )


@contextmanager
def only_one(data_dir: Path) -> Iterator[int]:
    """Holds the lock, and gives its descriptor, which a forked process closes.

    Raises AlreadyUp, with the process id of the holder. The file itself stays.
    """
    descriptor = os.open(data_dir / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.read(descriptor, HOLDER_BYTES_MAX).decode(errors="replace").strip()
        os.close(descriptor)
        raise AlreadyUp(data_dir, holder) from error
    os.truncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    try:
        yield descriptor
    finally:
        os.close(descriptor)
