"""Files that workers write into DATA_DIR.

The name follows from the step, so that attempts overwrite each other.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from workers import StepHandle

UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class WrittenFile:
    path: str
    bytes: int
    sha256: str


def step_file(folder: str, step: StepHandle, suffix: str) -> Path:
    """Path of a step's file; the same for all attempts and for the undo."""
    return Path(settings.DATA_DIR) / folder / f"{safe_name(step.run_id, step.name)}{suffix}"


def run_folder(folder: str, step: StepHandle) -> Path:
    """Path of a folder that the steps of one run share."""
    return Path(settings.DATA_DIR) / folder / safe_name(step.run_id)


def safe_name(*parts: str) -> str:
    return UNSAFE.sub("-", "-".join(parts))


def write(path: Path, text: str) -> WrittenFile:
    """Writes a file beside its place and renames it, so that a reader never sees half of it."""
    content = text.encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    return WrittenFile(str(path), len(content), hashlib.sha256(content).hexdigest())


def remove(path: Path) -> bool:
    """Removes a file. Returns whether there was one."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def remove_folder(folder: Path) -> int:
    """Removes a folder of files. Returns how many there were."""
    paths = list(folder.iterdir()) if folder.is_dir() else []
    removed = sum(remove(path) for path in paths)
    with suppress(OSError):
        folder.rmdir()
    return removed
