"""Opening and closing interventions, the open questions to a person about a step. PURE."""

from __future__ import annotations

from typing import Any

from runs.machine.answers import Answer, Kind
from runs.machine.states import StepState, UndoStatus
from runs.machine.transition import Transition, error_of
from workers.sdk.outcome import Failure


def kind_of(state: StepState) -> Kind:
    """Returns the kind of the open intervention of a step."""
    return "compensation_failed" if state.undo == UndoStatus.FAILED else "step_failed"


def open_intervention(transition: Transition, key: str, kind: Kind, failure: Failure, **more: Any) -> None:
    transition.emit("intervention.opened", key, data={"kind": kind, "error": error_of(failure), **more})


def close_intervention(
    transition: Transition,
    key: str,
    answer: Answer,
    by: str = "",
    note: str = "",
    patch: Any = None,
    proposed_by: str = "",
) -> None:
    """Answers the open intervention of a step; the caller applies what the answer says."""
    state = transition.step(key)
    data = {"kind": kind_of(state), "opened": state.intervention, "answer": answer, "by": by}
    more = {name: text for name, text in (("note", note), ("proposed_by", proposed_by)) if text}
    transition.emit("intervention.answered", key, data=data | more, payload=patch)
