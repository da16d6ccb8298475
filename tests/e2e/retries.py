"""A browser on a starved machine may miss a gesture, so a test of this suite that fails is tried once more.

The whole run, over all its processes, may retry `--max-suite-reruns` times (pyproject.toml); after that a
failure is final. Each retry is printed at the end of the run with its traceback. No other suite retries.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

RETRIES_PER_TEST = 1


def allow_retries(items: Iterable[pytest.Item], folder: Path) -> None:
    for item in items:
        if folder in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=RETRIES_PER_TEST))
