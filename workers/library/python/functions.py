"""Functions that steps may call, by their dotted names: those that the setting PYTHON_FUNCTIONS lists."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any

from django.conf import settings

from workers import CriticalFailure

ALL = ":*"


def function_of(name: str) -> Callable[..., Any]:
    """Returns a function by its dotted name.

    Raises CriticalFailure with the code `not_allowed` or `not_found`.
    """
    module, _, attribute = name.rpartition(".")
    if name not in settings.PYTHON_FUNCTIONS and f"{module}{ALL}" not in settings.PYTHON_FUNCTIONS:
        raise CriticalFailure(
            f"the setting PYTHON_FUNCTIONS does not list {name!r:.200}; an administrator can add it,"
            " and restarts the worker processes",
            code="not_allowed",
        )
    try:
        function: Any = getattr(import_module(module), attribute, None)
    except Exception as error:
        message = f"the module {module!r:.200} cannot be imported: {type(error).__name__}: {error}"
        raise CriticalFailure(message, code="not_found") from error
    if not is_offered(function, module, attribute, is_named=name in settings.PYTHON_FUNCTIONS):
        raise CriticalFailure(f"there is no function {name!r:.200}", code="not_found")
    named: Callable[..., Any] = function
    return named


def is_offered(function: Any, module: str, attribute: str, *, is_named: bool) -> bool:
    """Whether it may be called. `module:*` means what the module itself defines, but for private parts."""
    if not callable(function):
        return False
    is_own = inspect.isfunction(function) and function.__module__ == module
    return is_named or (is_own and not attribute.startswith("_"))


def allowed_names() -> list[str]:
    """Returns the names of all functions that may be called; a module that cannot be imported has none."""
    names = [entry for entry in settings.PYTHON_FUNCTIONS if not entry.endswith(ALL)]
    for entry in settings.PYTHON_FUNCTIONS:
        if entry.endswith(ALL):
            names += functions_in(entry.removesuffix(ALL))
    return sorted(set(names))


def functions_in(module: str) -> list[str]:
    try:
        members = vars(import_module(module))
    except Exception:  # whoever calls one of its functions is told
        return []
    return [
        f"{module}.{name}"
        for name, member in members.items()
        if is_offered(member, module, name, is_named=False)
    ]
