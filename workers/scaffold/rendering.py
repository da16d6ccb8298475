"""Rendering and writing of files from templates, and the tidying of imports where ruff is at hand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.template import Context, Engine

FOLDER = Path(__file__).resolve().parent


def rendered(template: str, values: Mapping[str, Any]) -> str:
    """`template`: a file of this package."""
    text = (FOLDER / template).read_text(encoding="utf-8")
    return Engine(autoescape=False).from_string(text).render(Context(dict(values), autoescape=False))


def is_formatted(path: Path) -> bool:
    """Whether ruff, by the settings of the project of a file, has nothing to change in it."""
    return _ruff("format", "--check", paths=[path])


def tidy(paths: Sequence[Path], to_format: Sequence[Path]) -> None:
    """Sorts the imports of files and formats those of `to_format`, by the settings of their project.

    Without ruff they stay as they are, which is as right, and only not as neat.
    """
    _ruff("check", "--select", "I", "--fix", paths=paths)
    _ruff("format", paths=to_format)


def _ruff(*words: str, paths: Sequence[Path]) -> bool:
    if find_spec("ruff") is None:
        return False
    command = [sys.executable, "-m", "ruff", *words, "--quiet", "--no-cache", "--", *map(str, paths)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
