"""Loops: whether another turn follows, and when. PURE.

A turn is an item: `pages[2]` is the third turn of the loop `pages`. What is decided here is carried out by
`maps`, as for the items of a map.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from designer.document.graph import Step
from designer.errors import ExpressionError
from designer.expressions.expressions import bare, resolve
from designer.problems import truncate
from runs.machine.bindings import loop_bindings, turn_bindings
from runs.machine.conditions import holds
from runs.machine.errors import BadValue
from runs.machine.limits import WAIT_S_MAX
from runs.machine.states import StepStatus
from runs.machine.transition import Transition
from workers.sdk.outcome import Failure


@dataclass(frozen=True, slots=True)
class Turn:
    """Another turn follows, at once or at `due_at`."""

    due_at: datetime | None = None


def next_turn(transition: Transition, step: Step) -> Turn | Failure | None:
    """Returns what follows the turns so far: another one, a failure, or None if the loop is complete.

    Raises ExpressionError or BadValue.
    """
    state = transition.step(step.name)
    turns = state.items_total or 0
    if state.enough:
        return None
    seen = _Seen(transition, step, turns)
    if (turns and _is_reached(seen)) or not _goes_on(seen):
        return None
    if turns >= (step.max_turns or 0):
        return None if step.on_exhausted == "continue" else _exhausted(step)
    return Turn(_due_at(seen) if turns else None)


class _Seen:
    """What the conditions of a loop see after so many turns. They share a context, which may be large."""

    def __init__(self, transition: Transition, step: Step, turns: int) -> None:
        self.transition = transition
        self.step = step
        self.turns = turns

    @cached_property
    def _around(self) -> dict[str, Any]:
        return loop_bindings(self.transition.graph, self.transition.state, self.step.name)

    def bindings(self, *, is_next: bool = False) -> dict[str, Any]:
        state = self.transition.state
        return turn_bindings(self._around, state, self.step.name, self.turns, is_next=is_next)


def _is_reached(seen: _Seen) -> bool:
    """Whether `until` is true of the last turn; one that a person has skipped says nothing."""
    step = seen.step
    last = seen.transition.step(f"{step.name}[{seen.turns - 1}]")
    if step.until is None or last.status != StepStatus.COMPLETED:
        return False
    return bool(holds(bare(step.until), seen.bindings()))


def _goes_on(seen: _Seen) -> bool:
    """Whether `while` is true of the turn that would follow."""
    condition = seen.step.while_
    return condition is None or bool(holds(bare(condition), seen.bindings(is_next=True)))


def _exhausted(step: Step) -> Failure:
    goal = f"until {step.until}" if step.until else f"while {step.while_}" if step.while_ else "in turns"
    return Failure("turns_exhausted", f"{step.name} runs {goal}, and its {step.max_turns} turns are used up.")


def _due_at(seen: _Seen) -> datetime | None:
    """Returns when the next turn may begin; None for at once."""
    step = seen.step
    if step.delay is None:
        return None
    seconds: Any = resolve(step.delay, seen.bindings())
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ExpressionError(f"delay of {step.name} is {truncate(seconds)}, not a number")
    if not seconds <= WAIT_S_MAX:
        raise BadValue(f"delay of {step.name} is {seconds:,.0f} seconds; the limit is {WAIT_S_MAX:,}")
    return seen.transition.at + timedelta(seconds=seconds) if seconds > 0 else None
