"""Names of what is written: from the name of a worker to those of its function, params and test."""

from __future__ import annotations

import builtins
import keyword
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from workers.scaffold.errors import BadName
from workers.sdk.decorator import check_name
from workers.sdk.errors import BadDefinition

CATEGORY = "Own workers"  # the heading in the palette
WORKER_CHARS_MAX = 60  # the undo's name is longer, and so are the names in the test
USED = frozenset({"call", "done", "examine", "fake_step", "json", "os", "outcome_of", "params", "pytest"}) | {
    "record_once",
    "record_undone",
    "records",
    "sqlite3",
    "step",
    "worker",
}
"""What the written modules call something else."""


@dataclass(frozen=True)
class PairNames:
    """A worker and its undo: `function` and `undo_function` are what Python calls them."""

    worker: str
    undo: str

    @property
    def function(self) -> str:
        return function_name(self.worker)

    @property
    def undo_function(self) -> str:
        return function_name(self.undo)

    @property
    def model(self) -> str:
        return "".join(part.capitalize() for part in self.function.split("_")) + "Params"

    @property
    def title(self) -> str:
        return self.worker.replace("_", " ").capitalize()


def pair_names(worker: str, undo: str) -> PairNames:
    """Names of a pair; without `undo` it is called `undo_…`. Raises BadName."""
    names = PairNames(worker, undo or f"undo_{worker}")
    for name in (names.worker, names.undo):
        try:
            check_name(name)
        except BadDefinition as error:
            raise BadName(str(error)) from error
        if len(name) > WORKER_CHARS_MAX + len("undo_"):
            raise BadName(f"worker {name!r}: names that are written have {WORKER_CHARS_MAX} letters at most")
    if names.function == names.undo_function:
        raise BadName(f"{names.worker!r} and {names.undo!r} would be one function, {names.function}")
    return names


def function_name(worker: str) -> str:
    """The Python name of a worker's function, which hides no name that its module uses."""
    name = re.sub(r"[^a-z0-9]+", "_", worker.lower()).strip("_")
    return f"{name}_worker" if keyword.iskeyword(name) or name in USED or hasattr(builtins, name) else name


def module_name(path: Path) -> tuple[Path, str]:
    """The folder from which the module of a file is imported, and its dotted name. Raises BadName."""
    folder, parts = path.parent, [path.stem]
    while (folder / "__init__.py").exists():
        folder, parts = folder.parent, [folder.name, *parts]
    name = ".".join(parts)
    if path.suffix != ".py" or not all(part.isidentifier() and not keyword.iskeyword(part) for part in parts):
        raise BadName(f"{path}: a module is a file such as shop/own_workers.py, with names that Python takes")
    known = find_spec(parts[0])
    places = [] if known is None else [known.origin, *(known.submodule_search_locations or ())]
    ours = {str(path), str(folder), str(folder / parts[0]), str(folder / parts[0] / "__init__.py")}
    if known is not None and not ours & set(map(str, places)):
        raise BadName(f"{path}: Python or the product has a module {parts[0]!r} already; choose another name")
    return folder, name
