"""Guards and conditions of edges, as a run decides them. PURE.

A step that failed and was passed over may leave out what a condition reads. The author has said that the run
goes on without it, so such a condition does not hold; it does not fail the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designer.errors import ExpressionError
from designer.expressions.expressions import compile_expression, condition
from runs.machine.states import StepStatus


def holds(source: str, bindings: Mapping[str, Any]) -> bool | None:
    """Returns whether a condition is true; None if a failure that was passed over left it without a value.

    Raises ExpressionError if it cannot be evaluated for any other reason.
    """
    try:
        return condition(source, bindings)
    except ExpressionError:
        if reads_failed(source, bindings):
            return None
        raise


def reads_failed(source: str, bindings: Mapping[str, Any]) -> bool:
    """Whether an expression reads the context, or a step by name, after a failure that was passed over."""
    failed = {
        name for name, outcome in bindings["outcomes"].items() if outcome["status"] == StepStatus.FAILED
    }
    code = compile_expression(source).code
    if not failed:
        return False
    if "context" in code.variables:
        return True
    read = [code.keys.get(name) for name in ("steps", "outcomes") if name in code.variables]
    return any(names is None or bool(names & failed) for names in read)
