"""Interventions: questions to a person are opened and closed here. PURE."""

from __future__ import annotations

from typing import Any, Literal

from runs.machine.transition import Transition, error_data
from workers.sdk.outcome import Failure

CaseKind = Literal["step_failed", "compensation_failed"]


def open_intervention(
    transition: Transition, key: str, kind: CaseKind, failure: Failure, **more: Any
) -> None:
    error = error_data(failure.code, failure.message, type=failure.type, traceback=failure.traceback)
    transition.emit("intervention.opened", key, data={"kind": kind, "error": error, **more})


def close_intervention(
    transition: Transition,
    key: str,
    answer: str,
    by: str = "",
    note: str = "",
    patch: Any = None,
    proposed_by: str = "",
) -> None:
    """Answer the open case of a step; what follows from the answer is the caller's."""
    state = transition.step(key)
    kind: CaseKind = "compensation_failed" if state.undo == "failed" else "step_failed"
    data = {"kind": kind, "opened": state.intervention, "answer": answer, "by": by}
    more = {name: text for name, text in (("note", note), ("proposed_by", proposed_by)) if text}
    transition.emit("intervention.answered", key, data=data | more, payload=patch)
