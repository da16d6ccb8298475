"""How large folders, modules and functions may become, and what each package says of itself."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.architecture.source import PRODUCT, ROOT, modules

MODULES_MAX = 16
LINES_MAX = 400
FUNCTION_LINES_MAX = {"tests": 60, **dict.fromkeys(PRODUCT, 40)}
EVERYTHING = (*PRODUCT, "tests")


def test_no_folder_holds_too_many_modules() -> None:
    counts = Counter(path.parent for path in modules(*EVERYTHING) if path.name != "__init__.py")
    too_many = {str(folder): count for folder, count in counts.items() if count > MODULES_MAX}
    assert not too_many, f"more than {MODULES_MAX} modules; group them by subject"


def test_no_module_is_too_long() -> None:
    lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in modules(*EVERYTHING)}
    too_long = {name: length for name, length in lengths.items() if length > LINES_MAX}
    assert not too_long, f"more than {LINES_MAX} lines; split them"


@pytest.mark.parametrize("package", EVERYTHING)
def test_no_function_is_too_long(package: str) -> None:
    lines_max = FUNCTION_LINES_MAX[package]
    too_long = {
        f"{path}:{name}": length
        for path in modules(package)
        for name, length in _functions(path)
        if length > lines_max
    }
    assert not too_long, f"more than {lines_max} lines; split them"


def _functions(path: Path) -> list[tuple[str, int]]:
    nodes = ast.walk(ast.parse((ROOT / path).read_text()))
    return [
        (node.name, (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_each_package_says_what_it_holds() -> None:
    folders = {path.parent for path in modules(*EVERYTHING) if "management" not in path.parts}
    silent = [
        str(folder)
        for folder in sorted(folders)
        if not (ROOT / folder / "__init__.py").exists()
        or not ast.get_docstring(ast.parse((ROOT / folder / "__init__.py").read_text()))
    ]
    assert not silent, "no docstring in the __init__.py of these packages"
