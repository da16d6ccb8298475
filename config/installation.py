"""Where the product's files lie, and what it is called there: a clone, or a wheel in an environment.

In a wheel, everything lies in `sagaboard/_product`: see `config.installed`.
"""

from __future__ import annotations

import sys
import tomllib
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = ROOT / "pyproject.toml"  # stays behind when a wheel is built
IS_CLONE = PROJECT.exists()
PROGRAM = "manage.py" if IS_CLONE else "sagaboard"  # as messages name it


def version() -> str:
    """The product's version, which stands in pyproject.toml alone."""
    if IS_CLONE:
        return str(tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["version"])
    return metadata.version("sagaboard")


def data_folder() -> Path:
    """The default of DATA_DIR: beside the code of a clone, else where the command was started."""
    return (ROOT if IS_CLONE else Path.cwd()) / "var"


def import_path() -> list[str]:
    """The folders of this process's modules, for a Python that it starts: the product's own comes first."""
    return list(dict.fromkeys([str(ROOT), *(folder for folder in sys.path if folder not in ("", "."))]))
