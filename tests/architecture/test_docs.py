"""Files and modules that the docs name are there."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from runs.subscriptions.events import TYPES
from tests.architecture.source import PRODUCT, ROOT

PACKAGES = "|".join((*PRODUCT, "tests"))
NAMED_PATH = re.compile(rf"(?<![\w./-])(?:{PACKAGES})/[\w./-]*\w/?")
NAMED_MODULE = re.compile(rf"(?<![\w./-])(?:{PACKAGES})(?:\.[A-Za-z_]\w*)+(?![\w/])")
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
each_doc = pytest.mark.parametrize("doc", DOCS, ids=lambda doc: str(doc.relative_to(ROOT)))


@each_doc
def test_paths_that_a_doc_names_exist(doc: Path) -> None:
    missing = [path for path in NAMED_PATH.findall(doc.read_text()) if not (ROOT / path).exists()]
    assert not missing


@each_doc
def test_modules_that_a_doc_names_exist(doc: Path) -> None:
    names = set(NAMED_MODULE.findall(doc.read_text())) - TYPES.keys()  # `workers.none` is an event
    missing = [name for name in names if not _exists(name)]
    assert not missing


def _exists(name: str) -> bool:
    """Whether it is a package, a module, or a name in a module."""
    path = ROOT / name.replace(".", "/")
    if path.is_dir() or path.with_suffix(".py").exists():
        return True
    module, _, attribute = name.rpartition(".")
    return bool(module) and _exists(module) and hasattr(import_module(module), attribute)
