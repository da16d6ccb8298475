"""Finds the process that holds SQLite's write lock and does not let go (Linux).

All writers wait for that lock, so a worker that keeps it (by a connection of its own, in a thread or a global
variable) stops the whole product. In WAL mode the lock is a POSIX lock on byte `WRITE_LOCK` of the file
`-shm` (https://www.sqlite.org/walformat.html), and the system lists it with its holder in `/proc/locks`. A
process that writes changes the file `-wal` with each commit; one that holds the lock while that file stays as
it is does nothing with it.
"""

from __future__ import annotations

import time
from pathlib import Path

WRITE_LOCK = 120
HELD_S_MAX = 10.0  # less than writers wait (`timeout` in config.settings)
LOCKS = Path("/proc/locks")


class LockWatch:
    """Follows the holder of one database's write lock from look to look."""

    def __init__(self, database: Path | None) -> None:
        self._shm = Path(f"{database}-shm") if database else None
        self._wal = Path(f"{database}-wal")
        self._seen: tuple[int, int, int] | None = None
        self._since = 0.0

    def stuck_holder(self) -> int | None:
        """The process that has held the lock for HELD_S_MAX and written nothing; None if there is none."""
        seen = self._look()
        now = time.monotonic()
        if seen is None or seen != self._seen:
            self._seen, self._since = seen, now
            return None
        return seen[0] if now - self._since > HELD_S_MAX else None

    def _look(self) -> tuple[int, int, int] | None:
        """The holder, and the size and time of the file that it would write to."""
        if self._shm is None:
            return None
        try:
            inode, wal = self._shm.stat().st_ino, self._wal.stat()
            locks = LOCKS.read_text().splitlines()
        except OSError:
            return None
        for line in locks:
            fields = line.split()
            # 7: POSIX ADVISORY WRITE 4711 fd:01:1835 120 120
            if fields[1] == "POSIX" and fields[3] == "WRITE" and fields[5].endswith(f":{inode}"):
                first, last = int(fields[6]), int(fields[7]) if fields[7] != "EOF" else WRITE_LOCK
                if first <= WRITE_LOCK <= last:
                    return int(fields[4]), wal.st_size, wal.st_mtime_ns
        return None


def parent_of(pid: int) -> int:
    """The parent of a process; 0 if it has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def line_of(pid: int) -> str:
    """The command line of a process, for people to read."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()[:200]
    except OSError:
        return "unknown"
