"""Writing a worker with its undo into a module, new or not, and the test of both beside it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from workers.registry import Catalog
from workers.scaffold.errors import FileInTheWay, NameTaken, NotPython
from workers.scaffold.names import PairNames, module_name
from workers.scaffold.rendering import is_formatted, rendered, tidy

RECORDS = frozenset({"records", "record_once", "record_undone"})


@dataclass(frozen=True)
class Written:
    """What was written, and where it is imported from: `root` must be in Python's path."""

    names: PairNames
    file: Path
    test: Path
    root: Path
    module: str


def write_pair(
    names: PairNames, file: Path, tests: Path | None, category: str, catalog: Catalog | None
) -> Written:
    """Writes a pair and its test. `tests`: the folder of the test, or None for the usual one.

    Raises ScaffoldError, and nothing is written then. `catalog`: names that are taken.
    """
    file = file.expanduser().resolve()
    root, module = module_name(file)
    for name in (names.worker, names.undo):
        if catalog is not None and name in catalog:
            raise NameTaken(name, f"the module {catalog[name].module}")
    test = (tests or _usual_tests(file, root)).resolve() / f"test_{names.function}.py"
    if test.exists():
        raise FileInTheWay(test)
    is_new = not file.exists()
    text = added_to('"""Own workers."""\n' if is_new else _text_of(file), file, names, category)
    is_neat = is_new or is_formatted(file)
    for path, content in (
        (file, text),
        (test, rendered("pair/test.py-tpl", {"names": names, "module": module})),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    tidy([file, test], [file, test] if is_neat else [test])
    return Written(names, file, test, root, module)


def added_to(text: str, file: Path, names: PairNames, category: str) -> str:
    """The text of a module with the pair behind what is there. Raises NotPython or NameTaken."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise NotPython(file, getattr(error, "lineno", None), f"this is no Python ({error})") from error
    bound = set(_bound(tree))
    defined = RECORDS & {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    taken = {names.worker, names.undo} & set(_workers_in(tree))
    taken |= {names.function, names.undo_function, names.model} & bound
    if defined != RECORDS:  # what is called so is something else
        taken |= RECORDS & bound
    for name in sorted(taken):
        raise NameTaken(name, str(file))
    blocks = [rendered("pair/pair.py-tpl", {"names": names, "category": category})]
    if defined != RECORDS:
        blocks.insert(0, rendered("pair/records.py-tpl", {}))
    statements = _missing(tree, [each for block in blocks for each in _imports(ast.parse(block))])
    bodies = [_without_imports(block) for block in blocks]
    return "\n\n".join([_with_imports(text, tree, statements).rstrip() + "\n", *bodies]).lstrip("\n")


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)


def _usual_tests(file: Path, root: Path) -> Path:
    """The folder `tests` of the project, where there is one; otherwise that of the module."""
    return root / "tests" if (root / "tests").is_dir() else file.parent


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotPython(file, None, f"it cannot be read ({error})") from error


def _workers_in(tree: ast.Module) -> Iterator[str]:
    """The names in the decorators of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called == "worker" and isinstance(node.args[0].value, str):
                yield node.args[0].value


def _bound(tree: ast.Module) -> Iterator[str]:
    """What the names at the top of a module are."""
    for node in tree.body:
        if isinstance(node, _DEFINITIONS):
            yield node.name
        elif isinstance(node, _IMPORTS):
            yield from (alias.asname or alias.name for alias in node.names)
        for inner in ast.walk(node) if isinstance(node, ast.Assign | ast.AnnAssign) else ():
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                yield inner.id


def _imports(tree: ast.Module) -> Iterator[tuple[str | None, str]]:
    """What a module imports at its top: a name of a module, or a module (None and its name)."""
    for node in tree.body:
        for alias in node.names if isinstance(node, _IMPORTS) else ():
            if alias.asname is None:
                yield node.module if isinstance(node, ast.ImportFrom) else None, alias.name


def _missing(tree: ast.Module, needed: list[tuple[str | None, str]]) -> list[str]:
    """Import statements for what a module does not import yet."""
    lacking = sorted({*needed} - {*_imports(tree)}, key=lambda pair: (pair[0] or "", pair[1]))
    plain = [f"import {name}" for module, name in lacking if module is None]
    by_module = groupby((pair for pair in lacking if pair[0] is not None), key=lambda pair: pair[0])
    return plain + [
        f"from {module} import {', '.join(name for _, name in pairs)}" for module, pairs in by_module
    ]


def _without_imports(block: str) -> str:
    body = next(node for node in ast.parse(block).body if not isinstance(node, _IMPORTS))
    first = min([body.lineno, *(line.lineno for line in getattr(body, "decorator_list", ()))])
    return "".join(block.splitlines(keepends=True)[first - 1 :])


def _with_imports(text: str, tree: ast.Module, statements: list[str]) -> str:
    """Puts the statements behind the last import of the head of a module, or behind its docstring."""
    if not statements:
        return text
    at, gap = 0, ["\n"]
    for node in tree.body:
        is_import = isinstance(node, _IMPORTS)
        if not is_import and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            break
        at, gap = node.end_lineno or at, [] if is_import else ["\n"]
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return "".join([*lines[:at], *gap, *(f"{line}\n" for line in statements), *lines[at:]])
