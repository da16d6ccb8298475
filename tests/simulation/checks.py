"""The checks of one run of the simulation, at each commit and at its end.

A witness reads each entry and knows the rules on its own; a replica replays the journal. After each commit
the stored rows must equal the replica.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from designer.analysis.coverage import Plan
from designer.document.graph import Action, Step
from designer.errors import ExpressionError
from designer.expressions.functions.times import NOW
from runs.machine.acts import key_of
from runs.machine.bindings import bind, bindings_at, task_bindings
from runs.machine.events import Entry
from runs.machine.journal.apply import Nothing, apply
from runs.machine.retry_policy import action_of
from runs.machine.rollback.pivots import PAST_PIVOT
from runs.machine.rollback.plan import may_go_back, plan
from runs.machine.states import COUNTERS, RunState, State, StepState, UndoStatus
from tests.simulation.effects import Effects
from tests.simulation.memory import Memory
from tests.simulation.model import demand
from tests.simulation.witness import Witness
from workers.sdk.outcome import Failure, Outcome


def moved_by(entries: list[Entry]) -> set[str]:
    """Returns the steps that end in these entries, by themselves, with their map, or as enough others did."""
    ends = [entry for entry in entries if entry.type in ("step.failed", "step.completed")]
    cancelled = {name for entry in ends for name in entry.data.get("cancelled", ())}
    return cancelled | {entry.step for entry in entries}


class Watched:
    """One run with its witness and its replica."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.witness = Witness(memory.base, memory.input)
        self.replica = State(RunState(id=memory.run.id), memory.input, Nothing())

    @contextmanager
    def commit(self) -> Iterator[list[Entry]]:
        """Wraps a commit, which puts the entries that it appends into the list."""
        entries: list[Entry] = []
        before, graph = self.memory.state(), self.memory.graph
        planned = before.run.phase != "undo" and before.steps() and plan(graph, before)
        yield entries
        for entry in entries:
            if planned and entry.type == "run.compensating" and "to_step" not in entry.data:
                self._check_plan(planned, entry, moved_by(entries))
            self.witness.read(entry)
            apply(self.replica, entry)
            demand(entry.status == self.replica.run.status, f"{entry} does not say {self.replica.run.status}")
        self._compare()

    def _check_plan(self, planned: Plan, entry: Entry, moved: set[str]) -> None:
        """The rollback does what the plan said just before, except for steps that end in this event."""
        planned_undos = [name for name in planned.undo if name not in moved]
        undos = [name for name in entry.data["plan"] if name not in moved]
        demand(planned_undos == undos, f"the plan was {planned_undos}, the rollback does {undos}")

    def _compare(self) -> None:
        """The stored rows equal what the journal alone gives."""
        demand(self.memory.run == self.replica.run, f"{self.memory.run} is not {self.replica.run}")
        demand(self.memory.rows == self.replica.changed, "rows and journal differ")

    # --- attempts ---

    def perform(self, effects: Effects, key: str) -> tuple[Outcome, tuple[Step, ...]]:
        """Carries out a claimed attempt, as `workers.process.jobs` does."""
        state = self.memory.state()
        step_state, step = state.step(key), self.memory.graph.by_name[key.partition("[")[0]]
        direction = step_state.phase
        if direction in ("forward", "fallback"):
            demand(self.witness.ended.get(key) != "completed", f"{key} completed, and its work is done again")
        bindings = task_bindings(self.memory.graph, state, key, direction)
        self._check_bindings(bindings, state, step_state, step)
        began = next(entry.at for entry in reversed(self.memory.journal) if self._begins(entry, key))
        demand(bindings[NOW] == began, f"{key} began at {began} and is told {bindings[NOW]}")
        try:
            bind(action_of(step, direction), bindings)
        except ExpressionError as error:
            return Outcome("failed", failure=Failure("bad_expression", str(error))), ()
        return effects.attempt(state.run.id, key, step, direction, key_of(state.run.id, step_state))

    @staticmethod
    def _begins(entry: Entry, key: str) -> bool:
        return entry.step == key and entry.type in ("step.started", "compensation.started")

    def _check_bindings(
        self, bindings: Mapping[str, Any], state: State, step_state: StepState, step: Step
    ) -> None:
        if step_state.phase == "undo":
            seq = step_state.undo_output_seq if step_state.undo_second else step_state.output_seq
            known = self.memory.known_payloads.get(seq or 0, {})
            output = self.witness.refused.get(self.witness.act(step_state.name), known)
            demand(
                bindings["output"] == output,
                f"{bindings['output']} is not what {step_state.name} gave: {output}",
            )
            return
        expected = self.witness.model.context(step.name)
        context = bindings["context"]
        for key, value in self.witness.model.patches.get(step_state.name, {}).items():
            demand(context[key] == value or step_state.carry_seq, f"{step_state.name} lacks its patch")
        actual = bindings_at(self.memory.graph, state, step.name)["context"]
        demand(actual == expected, f"{step.name} sees {actual}, where the rules say {expected}")
        if step_state.map_name and step.repeats:
            demand(bindings["turn"] == step_state.index + 1, "a turn has another number")
        elif step_state.map_name:
            start = step_state.index * step.batch_size
            items = self.memory.known_payloads[self.memory.rows[step.name].items_seq or 0]
            part = items[start] if step.batch_size == 1 else items[start : start + step.batch_size]
            demand(
                part == bindings["item" if step.batch_size == 1 else "batch"], "an item gets another's value"
            )

    # --- the end ---

    def check_end(self, effects: Effects) -> None:
        self._replay()
        self._recount()
        for run, key in effects.there:
            if run == self.memory.run.id:
                self._check_effect(key)

    def _replay(self) -> None:
        fresh = Watched(self.memory)
        for entry in self.memory.journal:
            apply(fresh.replica, entry)
        fresh._compare()

    def _recount(self) -> None:
        """The run's counters equal the sums over its steps."""
        run, state = RunState(), State(RunState(), {}, Nothing())
        for step in self.memory.rows.values():
            state.put(step)
        witness = self.witness
        abandoned = {key for key, undo in witness.undo.items() if undo == "abandoned"}
        leaving = {step.name for step in self.memory.rows.values() if step.left}
        expected = abandoned | witness.remains | witness.left.keys()
        demand(leaving == expected, f"{leaving} left something, where the rules say {expected}")
        for name in (*COUNTERS, "left_undone"):
            counted = getattr(state.run, name) - getattr(run, name)
            stored = getattr(self.memory.run, name)
            demand(counted == stored, f"{name} is {stored}, but the steps add up to {counted}")

    def check_child(self, child: Memory) -> None:
        """The effects of a child stay, are undone or are reported, as its parent's step says."""
        step = self.memory.rows[child.parent_step]
        if step.child != child.run.id:
            return
        definition = self.memory.graph.by_name[step.map_name or step.name]
        is_told = step.child_pivot or not child.run.pivot or definition.detached
        demand(is_told, f"{step.name} has not heard of its child's pivot")
        if definition.detached and step.undo == UndoStatus.NONE:
            return  # what it leaves is its own
        self._check_left(step, child)
        if not definition.undoes_by_run:
            return
        status, given_up = child.run.status.value, self.memory.journal[-1].data.get("abandoned", ())
        stays = self.memory.run.status == "completed" or self.witness.keeps(step.name)
        expected = {
            "none": stays,
            "compensated": status == "compensated" or (definition.detached and not child.run.left_undone),
            "abandoned": status in ("failed", "cancelled")
            or step.name in (*given_up, *self.witness.given_up),
            "resolved": True,
        }
        demand(
            expected.get(step.undo, False), f"the undo of {step.name} is {step.undo}, its child is {status}"
        )

    def _check_left(self, step: StepState, child: Memory) -> None:
        """What a child has left is counted by its parent, if that heard of the child's last end."""
        was_rolled_back = any(entry.data.get("reason") == "rollback" for entry in child.journal)
        through_parent = step.undo == "abandoned" and step.name not in self.witness.given_up
        was_abandoned = "abandoned" in self.memory.journal[-1].data
        if was_abandoned or may_go_back(child.run) or (was_rolled_back and not through_parent):
            return
        count = child.run.left_undone
        demand(step.left >= count, f"{step.name} counts {step.left}, its child has left {count}")
        if through_parent:
            demand(step.left_last == max(1, count), f"{step.name} counts {step.left_last}, not {count}")

    def _check_effect(self, place: str) -> None:
        """An effect of a run that did not complete is undone, or its step is marked as abandoned."""
        key = place.removesuffix(":fallback")
        step, state = self.memory.graph.by_name[key.partition("[")[0]], self.memory.rows[key]
        is_kept = self.memory.run.status == "completed" or self.witness.keeps(key)
        if is_kept or not isinstance(step.compensation, Action):
            return
        demand(state.undo == "abandoned", f"the effect of {key} is there, and its undo is {state.undo}")


def marks_of(entry: Entry) -> Iterator[str]:
    """Yields what is counted of an entry beside its type."""
    if "about" in entry.data:
        yield f"asked about the run: {entry.data['about']}"
    if entry.type == "compensation.failed" and entry.data["error"]["code"] == PAST_PIVOT:
        yield "asked before the undo of a child"
    if "held_up" in entry.data:
        yield "a beginning held up by a pause"
    if entry.data.get("caught"):
        yield "a failure caught"
    if "past_pivot" in entry.data:
        yield "a pivot passed"
