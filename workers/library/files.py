"""Files that workers write into DATA_DIR.

The name follows from the step, so that attempts overwrite each other. An undo leaves a mark under the step's
idempotency key before it removes a file, and who writes one looks for the mark before and after: so a late
attempt leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from workers import CriticalFailure, StepHandle

MARKS = ".undone"
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


def write_of(step: StepHandle, path: Path, text: str) -> WrittenFile:
    """Writes a file of a step. Raises CriticalFailure, and leaves no file, if the step was undone before."""
    _refuse_undone(step)
    written = write(path, text)
    try:
        _refuse_undone(step)
    except CriticalFailure:
        remove(path)
        raise
    return written


def mark_undone(step: StepHandle) -> None:
    """Has later attempts of the step write nothing. An undo calls it before it removes anything."""
    mark = _mark_of(step)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()


def _refuse_undone(step: StepHandle) -> None:
    if _mark_of(step).exists():
        raise CriticalFailure("this step was undone before; this attempt comes too late", code="undone")


def _mark_of(step: StepHandle) -> Path:
    digest = hashlib.sha256(step.idempotency_key.encode()).hexdigest()
    return Path(settings.DATA_DIR) / MARKS / digest


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
