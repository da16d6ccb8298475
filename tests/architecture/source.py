"""The Python files of the repository, as the tests of this package read them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
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


@lru_cache(maxsize=1)
def product_trees() -> dict[str, ast.Module]:
    """The parsed modules of the product by their paths, without migrations."""
    return {str(path): ast.parse((ROOT / path).read_text()) for path in modules(*PRODUCT)}


def migration_trees() -> dict[str, ast.Module]:
    paths = (path for package in PRODUCT for path in sorted((ROOT / package).rglob("migrations/*.py")))
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in paths}


def imports_of(tree: ast.Module) -> Iterator[str]:
    """Dotted names of all that a module imports, within functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)
