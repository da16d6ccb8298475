"""Refusals of the scaffold: nothing was written."""

from __future__ import annotations

from pathlib import Path

from config.lib.errors import SagaboardError


class ScaffoldError(SagaboardError):
    """Nothing was written."""


class BadName(ScaffoldError):
    """A name cannot be used; the message says which can."""


class NameTaken(ScaffoldError):
    """A worker or a definition has the name already."""

    def __init__(self, name: str, where: str) -> None:
        super().__init__(f"{name!r} exists already, in {where}; choose another name")


class FileInTheWay(ScaffoldError):
    """A file or folder that would be written is there already."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists already and is left as it is; move it away or choose another place")


class NotPython(ScaffoldError):
    """A module that is to be added to cannot be read as Python."""

    def __init__(self, path: Path, line: int | None, problem: str) -> None:
        where = f"{path}:{line}" if line else str(path)
        super().__init__(f"{where}: {problem}; mend it first")
