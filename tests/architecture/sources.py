"""The product's Python sources, for tests that look at all of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from django.conf import settings

PACKAGES = ("config", "designer", "runs", "workers")


@lru_cache(maxsize=1)
def modules() -> dict[str, ast.Module]:
    """The parsed modules of the product by their paths below its root."""
    root = Path(settings.BASE_DIR)
    return {str(path.relative_to(root)): ast.parse(path.read_text()) for path in _files(root)}


def migrations() -> dict[str, ast.Module]:
    return {path: tree for path, tree in modules().items() if is_migration(path)}


def is_migration(path: str) -> bool:
    return "/migrations/" in path


def imports_of(tree: ast.Module) -> Iterator[str]:
    """Dotted names of all that a module imports, within functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


def _files(root: Path) -> list[Path]:
    files = (path for package in PACKAGES for path in sorted((root / package).glob("**/*.py")))
    return [path for path in files if "node_modules" not in path.parts]
