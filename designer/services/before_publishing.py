"""What has to be so before a draft is published, beside a document without errors.

Apps above this one say it, once they are ready: the designer does not know how a workflow is tested.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Gate = Callable[[str, dict[str, Any], list[dict[str, Any]]], None]
"""Is given the name of a workflow, its document with all defaults, and its tests. Raises a DesignerError."""

_gates: dict[str, Gate] = {}


def add(code: str, gate: Gate) -> None:
    """`code`: that of the error with which the gate refuses."""
    _gates[code] = gate


def ask(
    name: str, resolved: dict[str, Any], tests: list[dict[str, Any]], despite: frozenset[str] = frozenset()
) -> None:
    """Asks every gate but those that are to be passed. Raises what they raise."""
    for code, gate in _gates.items():
        if code not in despite:
            gate(name, resolved, tests)
