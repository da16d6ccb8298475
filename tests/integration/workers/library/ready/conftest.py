"""A data folder of a test's own, with its folder of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def data_dir(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    (tmp_path / "files").mkdir()
    return tmp_path


@pytest.fixture
def files(data_dir: Path) -> Path:
    """The folder whose files workers read and write."""
    return data_dir / "files"
