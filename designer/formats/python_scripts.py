"""Python files that build workflows. Runs the file: only a command of the server's own user may call it."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from inspect import Parameter, iscoroutinefunction, isfunction, signature
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

from designer.builder import WorkflowBuilder
from designer.document.graph import Graph
from designer.errors import FormatError

PREFIX = "create_"
_numbers = count(1)


def run_script(path: Path) -> list[Graph]:
    """Runs a file and returns the workflows that it builds, each name once (the last one counts).

    These are the graphs at the module's level, then those that its `create_…` functions without required
    arguments return. Raises FormatError, which names the line.
    """
    module = _load(path)
    built = [value for value in vars(module).values() if isinstance(value, Graph)]
    for function in _creators(module):
        try:
            value = function()
            built += [value.build() if isinstance(value, WorkflowBuilder) else value]
        except (Exception, SystemExit) as error:
            raise _failure(path, error) from None
    graphs = {graph.name: graph for graph in built if isinstance(graph, Graph)}
    if not graphs:
        problem = f"no workflow is built at the module's level or returned by a {PREFIX}… function"
        raise FormatError("no_workflow", problem)
    return list(graphs.values())


def _load(path: Path) -> ModuleType:
    """Runs a file as a module of a new name; meanwhile its folder is importable, as with `python FILE`."""
    name = f"sagaboard_script_{next(_numbers)}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise FormatError("unreadable", "the file cannot be loaded as Python")
    module = sys.modules[name] = module_from_spec(spec)
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise _failure(path, error) from None
    finally:
        sys.path.remove(folder)
    return module


def _creators(module: ModuleType) -> Iterator[Any]:
    for name, value in list(vars(module).items()):
        is_own = isfunction(value) and value.__module__ == module.__name__
        if not is_own or not name.startswith(PREFIX) or iscoroutinefunction(value):
            continue
        optional = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
        parameters = signature(value).parameters.values()
        if all(part.default is not Parameter.empty or part.kind in optional for part in parameters):
            yield value


def _failure(path: Path, error: BaseException) -> FormatError:
    """An exception of the file, with the last line of the file that it passed."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    line = error.lineno if isinstance(error, SyntaxError) else frames[-1].lineno if frames else None
    place = f" (line {line})" if line else ""
    message = " ".join(str(error).split())
    return FormatError("script_failed", f"{type(error).__name__}: {message}{place}")
