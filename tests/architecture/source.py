"""The Python files of the repository, as the tests of this package read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PRODUCT = ("config", "designer", "runs", "workers")
NOT_OURS = {"node_modules", "migrations", "__pycache__"}


def modules(*packages: str) -> Iterator[Path]:
    """Paths from the repository's root; without migrations, whose names are stored in databases."""
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT)
            if NOT_OURS.isdisjoint(name.parts):
                yield name
