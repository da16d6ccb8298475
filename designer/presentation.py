"""How parts of a workflow are named on pages. PURE."""

from __future__ import annotations

from typing import Literal

from designer.graph import Edge, Step

Slot = Literal["action", "none", "irreversible", "unstated"]


def slot_of(step: Step) -> Slot:
    """What the undo slot of a step holds. A child run that is not said otherwise is rolled back."""
    if step.compensation in ("none", "irreversible"):
        return step.compensation
    if step.undo is not None or step.kind == "workflow":
        return "action"
    return "none" if step.kind in ("wait", "approval") else "unstated"


def edge_condition(edge: Edge) -> str:
    return "otherwise" if edge.otherwise else edge.when or ""
