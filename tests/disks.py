"""A small disk for a test: a file system in memory that can be filled up or made read-only."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.rights import run

FILLER = "filler"
CHUNK_BYTES = 1 << 16


class Disk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """Fills the disk to the last byte."""
        with (self.folder / FILLER).open("ab", buffering=0) as filler:
            size = CHUNK_BYTES
            while size:
                try:
                    filler.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    size //= 2

    def make_room(self) -> None:
        (self.folder / FILLER).unlink()

    def forbid_writing(self) -> None:
        """Makes the disk read-only, which works only while no file is open for writing."""
        run("mount", "-o", "remount,ro", str(self.folder))

    def allow_writing(self) -> None:
        run("mount", "-o", "remount,rw", str(self.folder))


@contextmanager
def small_disk(megabytes: int, owner: int | str = os.getuid()) -> Iterator[Disk]:
    """Mounts a disk for the block. Raises NotAllowed."""
    folder = Path(tempfile.mkdtemp(prefix="sagaboard-disk-"))
    try:
        run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700,uid={owner}", "none", str(folder))
        try:
            yield Disk(folder)
        finally:
            run("umount", "--lazy", str(folder))  # works while a process still has a file open
    finally:
        folder.rmdir()
