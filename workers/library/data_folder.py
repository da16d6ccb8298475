"""The folder of DATA_DIR whose files workers read and write by name: `files/`.

A name may have folders in it. What would lead out of the folder, or to what the product keeps there for
itself (names that begin with a point), is refused.
"""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath

from django.conf import settings

from workers import CriticalFailure

FOLDER = "files"
NAME_CHARS_MAX = 400
PART_BYTES_MAX = 200  # of a name of a file or folder; file systems take 255, temporary names are longer
BLOCK_BYTES = 1_000_000


def root() -> Path:
    return Path(settings.DATA_DIR) / FOLDER


def path_of(name: str) -> Path:
    """Returns the path of a file by its name. Raises CriticalFailure with the code `bad_path`."""
    path = PurePosixPath(name)
    if not name or len(name) > NAME_CHARS_MAX or not name.isprintable() or not path.parts:
        raise bad_path(name, f"a file's name has 1 to {NAME_CHARS_MAX} printable characters")
    if path.is_absolute() or "\\" in name:
        raise bad_path(name, f"names begin in the folder {FOLDER}/ of the data folder, as orders/today.csv")
    if any(part.startswith(".") for part in path.parts) or "/./" in name:
        raise bad_path(name, "no part of a name may begin with a point, so that none leads out of the folder")
    if any(len(part.encode()) > PART_BYTES_MAX for part in path.parts):
        raise bad_path(name, f"a part of it is longer than {PART_BYTES_MAX} bytes")
    place = root()
    for part in path.parts:
        place /= part
        if place.is_symlink():
            raise bad_path(name, "it leads over a symbolic link, which may lead anywhere")
    return place


def bad_path(name: str, reason: str) -> CriticalFailure:
    return CriticalFailure(f"{name!r:.120}: {reason}", code="bad_path")


def existing(name: str) -> Path:
    """Returns the path of a file that is there.

    Raises CriticalFailure with the code `bad_path` or `no_file`.
    """
    path = path_of(name)
    if not path.is_file():
        raise CriticalFailure(
            f"there is no file {name!r} in the folder {FOLDER}/ of the data folder", code="no_file"
        )
    return path


def digest_of(path: Path) -> str:
    """Returns the SHA-256 of a file in hexadecimal digits; empty if there is none."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                digest.update(block)
    except FileNotFoundError:
        return ""
    return digest.hexdigest()
