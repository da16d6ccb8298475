"""A witness checks each entry of one run's journal against the rules as it is appended.

It knows the graph and the entries and shares no code with the rules of the machine. Raises Violation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from designer.document.graph import IRREVERSIBLE, Action, RollBack
from runs.machine.events import Entry
from tests.simulation.facts import Facts
from tests.simulation.model import Violation, demand

STARTS = frozenset(
    {"compensation.started", "step.waiting", "step.skipped", "run.completed", "run.compensated", "run.failed"}
)
UNDO_ENDED = frozenset({"compensated", "resolved", "abandoned", "none"})


class Witness(Facts):
    """The facts of a run and the rules about rollbacks, interventions and the end of the run."""

    def read(self, entry: Entry) -> None:
        try:
            self._read(entry)
        except Violation as violation:
            raise Violation(f"{violation} (entry {entry.seq} {entry.type} {entry.step})") from violation

    def _read(self, entry: Entry) -> None:
        demand(entry.seq == self.seq + 1, f"number {entry.seq} follows {self.seq}")
        demand(self.at is None or entry.at >= self.at, "time goes backwards")
        demand(self.phase != "ended" or entry.type == "run.compensating", "the run has ended")
        self.seq, self.at = entry.seq, entry.at
        if self.unrouted and entry.type not in ("intervention.answered", "step.failed"):  # of open questions
            error = entry.data.get("error") or {}
            demand(error.get("code") == "internal", f"the edges of {self.unrouted} are left undecided")
            demand(
                entry.type in ("run.compensating", "intervention.opened"), "a fault at an edge is passed over"
            )
            self.unrouted = ""
        demand(not (self.is_paused and self._starts(entry)), "something new starts in a paused run")
        READ[entry.type](self, entry)

    def _starts(self, entry: Entry) -> bool:
        """Whether something new begins with an entry; a failed map that is tried again begins no item yet."""
        if entry.type in ("step.completed", "step.failed"):
            is_tried_again = self.answers.get(entry.step) == "retry"
            return self.open.get(entry.step) == "blocked" and is_tried_again
        if entry.type == "step.started":
            return "again" not in entry.data
        return entry.type in STARTS or (entry.type == "step.queued" and "item" in entry.data)

    def event_received(self, entry: Entry) -> None:
        demand(self.phase == "forward", "an event is taken after the rollback began")
        demand(entry.data["key"] not in self.events, "an event is taken twice")
        self.events.add(entry.data["key"])

    def brought_forward(self, entry: Entry) -> None:
        key, what = entry.step, entry.data["for"]
        how = {"time": "waiting", "retry": "retrying"}.get(what)
        if how is None:
            demand(self.phase == "undo", "an undo is brought forward before the rollback began")
        else:
            demand(self.phase == "forward" and self.open.get(key) == how, f"what is not {how} comes now")
        demand(entry.data["by"], "nobody lets it happen now")

    # --- pauses ---

    def paused(self, entry: Entry) -> None:
        demand(not self.is_paused and self.phase != "ended", "a pause of what is paused or over")
        self.is_paused = True

    def unpaused(self, entry: Entry) -> None:
        demand(self.is_paused, "a run that was not paused is resumed")
        self.is_paused = False

    # --- rollback ---

    def compensating(self, entry: Entry) -> None:
        data = entry.data
        may_begin = self.phase == "forward" or (self._may_go_back() and data["reason"] == "rollback")
        demand(may_begin, "twice")
        demand(data.get("by") or not self.pivots, "a rollback begins past the point of no return")
        self.phase, self.reason, self.status, self.by = "undo", data["reason"], "", data.get("by", "")
        for key in data.get("cancelled", ()):
            self._cancel(key, entry.seq)
        left = {key for key, how in self.open.items() if how != "running" and self.waits.get(key) != "child"}
        demand(not left, f"{left} stay open")
        # A step that was taken over is an act of another run, before all of this one's.
        floor = self.acted[data["to_step"]] if data.get("to_step", "") not in {"", *self.over} else 0
        self.is_partial = "to_step" in data
        self.scope = {key for key in self.acted if self._is_due(key, floor)}
        demand(set(data["plan"]) == self.scope, f"plan {data['plan']}, where the rules say {self.scope}")
        self.remains |= {key for key in self.acted if self._remains(key, floor)}
        passed = {key for key in self.pivots if self._is_passed(key, floor)}
        below = {key for key in self.scope & self.child_pivots if self.model.step(key).undoes_by_run}
        passed |= {key.partition("[")[0] for key in below}
        told = set(data.get("past_pivot", ()))
        demand(told == passed or not self.by, f"passes {told}, where the rules say {passed}")
        for key in self.scope:
            self.undo[key] = "pending"

    def _may_go_back(self) -> bool:
        return self.status == "completed" or (self.status == "failed" and self.is_partial)

    def _is_passed(self, key: str, floor: int) -> bool:
        """Whether a rollback to `floor` goes back over a pivot that has had its effect."""
        is_there = self.ended.get(key) == "completed" or bool({key, f"{key}:fallback"} & self.refused.keys())
        return is_there and self.stands(key) and key in self.acted and self._when(key) > floor

    def stands(self, key: str) -> bool:
        """Whether nothing of a step, or of the items of a map, is undone or to be undone."""
        items = (other for other in self.undo if other.startswith(f"{key}["))
        return all(self.undo.get(name, "none") == "none" for name in (key, *items))

    def keeps(self, key: str) -> bool:
        """Whether the run ended by a partial rollback that was not about `key`."""
        return self.is_partial and key not in self.scope

    def _is_due(self, key: str, floor: int) -> bool:
        return self.is_undoable(key) and self.undo.get(key, "none") == "none" and self._when(key) > floor

    def _remains(self, key: str, floor: int) -> bool:
        return self.is_irreversible(key) and self._when(key) > floor

    def _when(self, key: str) -> int:
        """Returns the number of the entry that ended the step, or the map that an item belongs to."""
        return self.maps_ended.get(key.partition("[")[0], self.acted[key])

    def is_undoable(self, key: str) -> bool:
        step = self.model.step(key)
        if step.compensation is None or isinstance(step.compensation, RollBack):
            return key in self.children
        return isinstance(step.compensation, Action) and ("[" in key or step.kind not in ("map", "loop"))

    def is_irreversible(self, key: str) -> bool:
        step = self.model.step(key)
        return step.compensation == IRREVERSIBLE and (step.kind not in ("map", "loop") or "[" in key)

    def late(self, entry: Entry) -> None:
        """Plans the undo of a step that completes during the rollback."""
        key = entry.step
        if self.phase != "undo" or key not in self.acted or key in self.maps:
            return
        if self.is_undoable(key):
            self.scope.add(key)
            self.undo[key] = "pending"
        if self.is_irreversible(key):
            self.remains.add(key)

    def undo_started(self, entry: Entry) -> None:
        key, data = entry.step, entry.data
        demand(self.phase == "undo", "an undo while going forward")
        demand(not self.open, f"an undo starts while {set(self.open)} are under way")
        demand(key in self.scope, "an undo that was not planned")
        demand(self.undo[key] in ("pending", "failed"), f"an undo that is {self.undo[key]}")
        self._check_order(key)
        may_pass = self.by or self.allowed.get(key) or key not in self.child_pivots
        demand("child" not in data or may_pass, "a child run is rolled back past its point of no return")
        if "child" not in data:
            self._take_lease(key, data["lease"])
        self.undo[key] = "running"

    def _check_order(self, key: str) -> None:
        for other in self.scope - {key}:
            is_over = self.undo[other] in UNDO_ENDED or self._may_wait(other)
            demand(is_over or not self._goes_first(other, key), f"{other} must be undone before {key}")
            if self.graph.compensation_order == "sequential" and not self.graph.continue_compensating:
                demand(self.undo[other] != "running", f"{other} is being undone at the same time")

    def _may_wait(self, key: str) -> bool:
        return self.graph.continue_compensating and f"!{key}" in self.fallbacks

    def _goes_first(self, key: str, other: str) -> bool:
        if self.graph.compensation_order == "sequential":
            return self.acted[key] > self.acted[other]
        name, other_name = key.partition("[")[0], other.partition("[")[0]
        if name == other_name and self.model.step(name).repeats:
            return int(other.partition("[")[2][:-1]) < int(key.partition("[")[2][:-1])
        return other_name in self.model.above(name)

    def undo_retry(self, entry: Entry) -> None:
        demand(self.phase == "undo", "an undo while going forward")
        demand(self.undo[entry.step] in ("running", "failed"), f"an undo that is {self.undo[entry.step]}")
        self._drop_lease(entry.step)
        self.undo[entry.step] = "pending"
        if entry.data.get("output") and self.act(entry.step) in self.refused:
            self.refused[self.act(entry.step)] = entry.payload
        if "first" in entry.data:
            self._turn(entry.step)
        if entry.data.get("by"):
            self.allowed[entry.step] = entry.data["by"]

    def _turn(self, key: str) -> None:
        """The undo of one act of a step is over; that of the other follows."""
        self.unknown.discard(self.act(key))
        self.refused.pop(self.act(key), None)
        (self.by_fallback.discard if key in self.by_fallback else self.by_fallback.add)(key)
        demand(self._acted(self.act(key)), "the undo of an act that is known to have had no effect")

    def undo_completed(self, entry: Entry) -> None:
        key = entry.step
        demand(self.undo[key] in ("running", "failed"), f"undone while {self.undo[key]}")
        self._drop_lease(key)
        self._count_left(entry)
        demand(not entry.data.get("left") or entry.data["undo"] == "abandoned", "undone, and something left")
        self.undo[key] = entry.data["undo"]
        if entry.data["undo"] == "none":
            for act in (key, f"{key}:fallback"):
                self.unknown.discard(act)
                self.refused.pop(act, None)
            self.acted.pop(key)
            self.scope.discard(key)

    def undo_failed(self, entry: Entry) -> None:
        is_asked = entry.data["error"]["code"] == "past_pivot"
        demand(not is_asked or not (self.by or self.allowed.get(entry.step)), "a person allowed that")
        is_free = self.model.step(entry.step).detached  # its run says only then that it has passed a pivot
        expected = "pending" if is_asked and not is_free else "running"
        demand(self.undo[entry.step] == expected, "an undo that did not run fails")
        self._drop_lease(entry.step)
        self.undo[entry.step] = "failed"
        self.fallbacks.add(f"!{entry.step}")  # has failed for good once: others need not wait any more

    # --- interventions ---

    def opened(self, entry: Entry) -> None:
        demand(entry.step not in self.interventions, "a second question about one step")
        self.interventions[entry.step] = entry.seq
        demand("about" not in entry.data or self.stands(entry.step), "asked about what is undone")
        demand("about" not in entry.data or entry.step in self.pivots, "asked about the run without a pivot")
        if entry.data["kind"] == "step_failed" and self.ended.get(entry.step) is None:
            self.open[entry.step] = "blocked"
        elif entry.data["kind"] == "step_failed":
            self.open[f"?{entry.step}"] = "blocked"

    def answered(self, entry: Entry) -> None:
        key = entry.step
        demand(self.interventions.pop(key, None) == entry.data["opened"], "an answer without a question")
        self.open.pop(f"?{key}", None)
        self.answers[key] = entry.data["answer"]
        if entry.data["kind"] == "step_failed" and entry.data["answer"] == "retry" and entry.payload:
            self.model.patches.setdefault(key, {}).update(entry.payload)
        if entry.data["kind"] == "compensation_failed" and entry.data["answer"] == "abandon":
            self.undo[key] = "abandoned"
            self.given_up.add(key)

    # --- the end ---

    def blocked(self, entry: Entry) -> None:
        demand(not self.is_blocked and self.interventions, "blocked by nothing, or said twice")
        for key in self.interventions:
            if self.undo.get(key, "none") == "none":
                self._check_not_doomed(key)
        self.is_blocked = True

    def resumed(self, entry: Entry) -> None:
        demand(self.is_blocked, "goes on without having been blocked")
        self.is_blocked = False

    def final(self, entry: Entry) -> None:
        data, status = entry.data, entry.type.partition(".")[2]
        demand(not self.interventions, f"ends with open questions: {set(self.interventions)}")
        if "abandoned" in data:
            self._abandon(data, entry.seq)
        else:
            demand(not self.open, f"ends while {set(self.open)} are under way")
            demand(
                status == self._expected_end(), f"ends {status}, where the rules say {self._expected_end()}"
            )
        self.phase, self.status, self.is_blocked = "ended", status, False

    def _abandon(self, data: Mapping[str, Any], seq: int) -> None:
        running = {key for key in self.live if self.open.get(key) == "running"}
        for key in data["cancelled"]:
            if self.open.pop(key, None) == "waiting" and self.waits.get(key) == "child":
                self.children.add(key)
                running.add(key)
            self.ended.setdefault(key, "cancelled")
            if self._may_have_acted(key) or key in running:
                self.acted.setdefault(key, seq)
        demand(not self.open, f"{set(self.open)} stay open")
        self.live.clear()
        left = {key for key in self.acted if self.is_undoable(key) and self._is_not_undone(key)}
        demand(set(data["abandoned"]) == left, f"abandons {data['abandoned']}, where the rules say {left}")
        self.undo |= dict.fromkeys(left, "abandoned")
        remains = {key for key in self.acted if self.is_irreversible(key)} - self.remains - self.left_last
        told = set(data.get("remains", ()))
        demand(told == remains, f"leaves {told}, where the rules say {remains}")
        self.remains |= remains

    def _is_not_undone(self, key: str) -> bool:
        return self.undo.get(key, "none") not in ("compensated", "resolved", "abandoned")

    def _expected_end(self) -> str:
        if self.phase == "forward":
            done = all(step.name in self.ended for step in self.model.steps)
            demand(done, "completes with steps left")
            return "completed"
        left = {key for key in self.scope if self.undo[key] not in UNDO_ENDED}
        demand(not left, f"ends before {left} are undone")
        if self.remains or self.left or "abandoned" in self.undo.values():
            return "failed"
        if self.reason == "rollback":
            return "completed" if self.is_partial else "compensated"
        if self.reason != "failure":
            return "cancelled"
        return "compensated" if {"compensated", "resolved"} & set(self.undo.values()) else "failed"


def _ignore(witness: Witness, entry: Entry) -> None:
    """Says nothing that a rule forbids."""


def _started(witness: Witness, entry: Entry) -> None:
    witness.is_started = True


def _completed(witness: Witness, entry: Entry) -> None:
    if "taken_over" in entry.data:
        return witness.taken_over(entry, "completed")
    witness.completed(entry)
    return witness.late(entry)


def _failed(witness: Witness, entry: Entry) -> None:
    if "taken_over" in entry.data:
        return witness.taken_over(entry, "failed")
    witness.failed(entry)
    return witness.late(entry)


def _skipped(witness: Witness, entry: Entry) -> None:
    if "taken_over" in entry.data:
        return witness.taken_over(entry, "skipped")
    return witness.skipped(entry)


READ: dict[str, Callable[[Witness, Entry], None]] = {
    "run.created": _ignore,
    "run.started": _started,
    "run.compensating": Witness.compensating,
    "run.blocked": Witness.blocked,
    "run.resumed": Witness.resumed,
    "run.paused": Witness.paused,
    "run.unpaused": Witness.unpaused,
    "run.completed": Witness.final,
    "run.compensated": Witness.final,
    "run.failed": Witness.final,
    "run.cancelled": Witness.final,
    "step.queued": Witness.queued,
    "step.started": Witness.started,
    "step.progress": Witness.progress,
    "step.waiting": Witness.waiting,
    "step.enough": Witness.enough_said,
    "step.retry_scheduled": Witness.retry_scheduled,
    "step.fallback_started": Witness.fallback,
    "step.expanded": Witness.expanded,
    "step.completed": _completed,
    "step.failed": _failed,
    "step.skipped": _skipped,
    "signal.received": _ignore,
    "step.brought_forward": Witness.brought_forward,
    "event.received": Witness.event_received,
    "compensation.started": Witness.undo_started,
    "compensation.retry_scheduled": Witness.undo_retry,
    "compensation.completed": Witness.undo_completed,
    "compensation.failed": Witness.undo_failed,
    "intervention.opened": Witness.opened,
    "intervention.claimed": _ignore,
    "intervention.answered": Witness.answered,
}
