"""The consequences of an answer to an intervention or an approval before it is given. PURE.

`decide` decides about the answer as about a real one and the decision is thrown away, so the preview is what
happens if the run does not move meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from designer.document.graph import Graph
from runs.machine.answers import Answer
from runs.machine.decide import decide
from runs.machine.events import AnswerIntervention, Approve, Decision
from runs.machine.rollback.plan import final_status
from runs.machine.states import UNDO_LEFT, RunStatus, State, UndoStatus, evolve

BEGINS = ("step.queued", "step.started", "step.waiting")


@dataclass(frozen=True, slots=True)
class Preview:
    """The consequences of an answer.

    `starts`: steps that begin at once. `undo`: undos that follow, first to last, beginning with the one in
    question where it is tried again. `remains`: steps whose effects are not undone. `past_pivot`: completed
    points of no return that the undos go back over. `asks`: steps about which a person is asked anew.
    `still_open`: how many other interventions of the run stay open. `ends`: how the run ends if all goes
    well; None where that depends on steps that are still to come, or on what child runs leave.
    """

    starts: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    remains: tuple[str, ...] = ()
    past_pivot: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    still_open: int = 0
    ends: RunStatus | None = None


def preview(
    graph: Graph,
    state: State,
    step: str,
    answer: Answer,
    at: datetime,
    *,
    patch: Mapping[str, Any] | None = None,
    output: Any = None,
) -> Preview:
    """Returns the consequences of `answer` to the open intervention of `step`. Raises Refused."""
    opened = state.step(step).intervention or 0
    event = AnswerIntervention(at, step, opened, answer, "preview", "preview", patch, output)
    return _preview_of(decide(graph, state, event))


def preview_rejection(graph: Graph, state: State, step: str, at: datetime) -> Preview:
    """Returns the consequences of rejecting the approval that `step` waits for. Raises Refused."""
    return _preview_of(decide(graph, state, Approve(at, step, False, "preview", "preview", is_admin=True)))


def _preview_of(decision: Decision) -> Preview:
    state = decision.state
    undo = undo_line(state)
    steps = state.steps().values()
    asks = tuple(entry.step for entry in decision.entries if entry.type == "intervention.opened")
    return Preview(
        starts=tuple(entry.step for entry in decision.entries if entry.type in BEGINS),
        undo=undo,
        remains=_remains(decision),
        past_pivot=_past_pivot(decision),
        asks=asks,
        still_open=sum(step.intervention is not None for step in steps) - len(asks),
        ends=_end(state, undo),
    )


def _remains(decision: Decision) -> tuple[str, ...]:
    left = [
        step.name
        for step in decision.state.steps().values()
        if step.undo == UndoStatus.ABANDONED and not step.is_map
    ]
    entries = [entry for entry in decision.entries if entry.type == "run.compensating"]
    return (*left, *(name for entry in entries for name in entry.data.get("remains", ())))


def _past_pivot(decision: Decision) -> tuple[str, ...]:
    return tuple(name for entry in decision.entries for name in entry.data.get("past_pivot", ()))


def _end(state: State, undo: tuple[str, ...]) -> RunStatus | None:
    run = state.run
    if run.final is not None:
        return run.final
    if run.phase != "undo":
        return None
    ends = final_status(evolve(run, undone=run.undone + len(undo)))
    may_leave_more = any(state.step(name).child is not None for name in undo)  # its run says that at its end
    return None if may_leave_more and ends != RunStatus.FAILED else ends


def undo_line(state: State) -> tuple[str, ...]:
    """Returns planned undos that have not ended, in the order in which they start; failed ones included."""
    steps = {name: step for name, step in state.steps().items() if step.undo in UNDO_LEFT and not step.is_map}
    after = {name: step.undo_after for name, step in steps.items()}
    ready = [name for name in steps if after[name] == 0]
    ready.sort(key=lambda name: -(steps[name].ended_seq or 0))
    line: list[str] = []
    while ready:
        name = ready.pop(0)
        line.append(name)
        for following in _set_free(state, name, steps[name].undo_then, line):
            if following in after and not steps[name].undo_released:
                after[following] -= 1
                if after[following] == 0:
                    ready.append(following)
    return (*line, *(name for name in steps if name not in line))


def _set_free(state: State, name: str, then: tuple[str, ...], line: list[str]) -> tuple[str, ...]:
    """Returns the undos that wait for this one; after a map's last item, also those that wait for the map."""
    map_name = state.step(name).map_name
    if map_name is None:
        return then
    items = (key for key, item in state.items(map_name).items() if item.undo in UNDO_LEFT)
    is_last = all(key in line for key in items)
    return (*then, *(state.step(map_name).undo_then if is_last else ()))


def waits_behind(state: State, step: str) -> tuple[str, ...]:
    """Returns the undos that start only after the undo of `step` has ended or been answered, in order."""
    behind: set[str] = set()
    to_visit = [step]
    while to_visit:
        name = to_visit.pop()
        current = state.step(name)
        if current.undo_released:
            continue
        then = (*current.undo_then, *state.step(current.map_name or "").undo_then)
        to_visit += [key for key in then if key not in behind]
        behind.update(then)
    return tuple(name for name in undo_line(state) if name in behind)


def may_depend_on_output(graph: Graph, state: State, step: str) -> bool:
    """Whether the steps after a resolved one depend on the output that a person enters for it."""
    is_forward = state.step(step).undo == UndoStatus.NONE
    edges = graph.outgoing.get(step, ())
    return is_forward and any(edge.is_choice for edge in edges)
