"""A data folder of a test's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def data_dir(settings: Any, tmp_path: Path) -> None:
    """A data folder that no other test writes to."""
    settings.DATA_DIR = tmp_path
