"""The state of a run: statuses, the run's counters and the state of each step. PURE.

`State` is a stored base, read through a `Source` step by step, with the changed steps on top. A step without
a stored state is in its initial one, `StepState(name)`. `State.put` keeps the counters of `RunState` in step
with the steps, so that no rule has to read all steps to know what is left to do: a run of 100,000 items costs
as much per event as one of ten. Field names of both are stored; renaming one is a migration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol, TypeVar

from config.lib.caches import memoized
from designer.expressions.functions.times import Time
from runs.machine.limits import PRIORITY_STANDARD
from workers.sdk.outcome import Direction

Reason = Literal["failure", "cancel", "timeout", "rollback"]
Phase = Literal["forward", "undo", "ended"]


class RunStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    COMPENSATING = "compensating"
    BLOCKED = "blocked"
    COMPLETED = "completed"
    COMPENSATED = "compensated"
    FAILED = "failed"
    CANCELLED = "cancelled"


class StepStatus(StrEnum):
    PENDING = "pending"
    QUEUED = "queued"
    RUNNING = "running"
    RETRYING = "retrying"
    WAITING = "waiting"
    BLOCKED = "blocked"
    COMPLETED = "completed"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"


class UndoStatus(StrEnum):
    NONE = "none"
    PENDING = "pending"
    RUNNING = "running"
    COMPENSATED = "compensated"
    FAILED = "failed"
    RESOLVED = "resolved"
    ABANDONED = "abandoned"
    TAKEN_OVER = "taken_over"  # an earlier run did it, with which its undo stays


RUN_ENDED = frozenset({RunStatus.COMPLETED, RunStatus.COMPENSATED, RunStatus.FAILED, RunStatus.CANCELLED})
RUN_LIVE = tuple(status for status in RunStatus if status not in RUN_ENDED)
RUN_STARTED = tuple(status for status in RUN_LIVE if status != RunStatus.PENDING)
RUN_UNDER_WAY = tuple(status for status in RUN_LIVE if status != RunStatus.BLOCKED)  # nobody has to answer
STEP_ACTIVE = frozenset({StepStatus.QUEUED, StepStatus.RUNNING, StepStatus.RETRYING})
STEP_ENDED = frozenset({StepStatus.COMPLETED, StepStatus.SKIPPED, StepStatus.FAILED, StepStatus.CANCELLED})
UNDO_LEFT = frozenset({UndoStatus.PENDING, UndoStatus.RUNNING, UndoStatus.FAILED})
UNDO_DONE = frozenset({UndoStatus.COMPENSATED, UndoStatus.RESOLVED})


@dataclass(frozen=True)
class StepState:
    """The life of one step, or of one item of a map step (`name` is then `step[3]`).

    `lease` counts the claims so far: a dispatch offers number `lease + 1`, a report must carry the current
    number, and anything else is stale.
    """

    name: str
    status: StepStatus = StepStatus.PENDING
    undo: UndoStatus = UndoStatus.NONE
    phase: Direction = "forward"
    attempt: int = 0
    undo_attempt: int = 0
    lease: int = 0
    process: str = ""
    failures: int = 0  # failed or unknown attempts that count against the retry policy
    asked: int = 0  # "retry_needed" answers
    unknown: bool = False  # some attempt may have had its effect
    held_up: bool = False  # queued during a pause; it begins by the rules of its kind when that ends
    begins_again: int = 0  # verifications, this one included, before an attempt that a person wants
    by_fallback: bool = False  # the present attempt, verification or undo is about the fallback
    fallback_effect: str = ""  # what is known of the fallback's effect: "unknown", "done", or "" for none
    fallback_seq: int | None = None  # as `effect_seq`, of the fallback
    left: int = 0  # effects of the step and of its child runs that stay though they were to be undone
    left_last: int = 0  # those among them of its own last work: 1, or what its last child run left
    left_names: tuple[str, ...] = ()  # names of some, within the child runs
    error: Mapping[str, Any] | None = None
    caught: bool = False  # an error edge has taken its failure
    output_seq: int | None = None
    effect_seq: int | None = None  # entry that says: the effect is there although the step did not complete
    carry_seq: int | None = None  # the "retry_needed" dict that the next attempt gets
    patches: tuple[int, ...] = ()
    undo_patches: tuple[int, ...] = ()
    ended_seq: int | None = None
    edges_decided: int = 0
    edges_taken: int = 0
    due_at: datetime | None = None
    started_at: datetime | None = None
    begun_at: datetime | None = None  # the latest attempt, in either direction
    finished_at: datetime | None = None
    waits: Mapping[str, Any] | None = None
    child: str | None = None  # the child run that did the work of a completed `workflow` step
    child_pivot: bool = False  # that child run, or one below it, has passed a pivot
    intervention: int | None = None  # seq of the entry that opened it
    about: str = ""  # the reason, if the intervention asks whether the run as a whole is to be undone
    added_by: str | None = None
    undo_after: int = 0  # planned undos that must end before this one starts
    undo_then: tuple[str, ...] = ()
    undo_released: bool = False
    undo_verified: bool = False  # the verify worker was asked before this undo
    undo_second: bool = False  # the undo of the step's other act is over
    undo_first: str = ""  # how that ended
    undo_output_seq: int | None = None  # the output of the second act, as its verification gave it
    undo_by: str = ""  # who allowed that the rollback of the child run passes its pivot
    items_seq: int | None = None
    outer_seq: int | None = None  # entry whose payload the bodies of its items share; see `StartChild`
    items_total: int | None = None
    items_next: int = 0
    items_open: int = 0
    items_failed: int = 0
    items_done: int = 0  # completed ones
    enough: bool = False  # no further item is needed, or a person ends the loop after the turn under way
    laid: Mapping[str, int] = field(default_factory=dict)  # by key that the turns of a loop gave, its entry
    items_undo: int = 0  # planned undos of items that have not ended
    items_undone: int = 0
    again_seq: int | None = None  # entry whose payload names the items that are run again
    again_next: int = 0

    @property
    def is_map(self) -> bool:
        return self.items_total is not None

    @property
    def is_done(self) -> bool:
        return self.status in STEP_ENDED

    @property
    def may_have_acted(self) -> bool:
        """Whether the effect of a step that did not complete is there, or may be."""
        return self.unknown or self.effect_seq is not None or self.fallback_effect != ""

    @property
    def is_asked_about(self) -> bool:
        """Whether an intervention about going forward is open; one about an undo does not count."""
        return self.intervention is not None and self.undo == UndoStatus.NONE

    @property
    def map_name(self) -> str | None:
        """The name of the map step that this is an item of."""
        return self.name.partition("[")[0] if self.name.endswith("]") else None

    @property
    def index(self) -> int:
        return int(self.name.partition("[")[2][:-1])


@dataclass(frozen=True)
class RunState:
    """Counters and facts of a run as a whole."""

    id: str = ""
    phase: Phase = "forward"
    final: RunStatus | None = None
    last_seq: int = 0
    total: int = 0
    done: int = 0
    active: int = 0
    waiting: int = 0
    blocked: int = 0
    undo_left: int = 0
    undo_busy: int = 0
    undo_blocked: int = 0
    undone: int = 0
    left_undone: int = 0
    reason: Reason | None = None
    failure: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    partial: bool = False
    by: str = ""  # who began the rollback; "" if it began by itself
    pivot: bool = False
    pivot_below: bool = False  # a child run that did the work of a step has passed a pivot
    goes_on: bool = False  # past the pivot, a person decided so when the parent was rolled back
    said_blocked: bool = False
    added: tuple[int, ...] = ()  # seqs of the expansions
    added_count: int = 0
    signals: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    events: tuple[str, ...] = ()  # keys of the latest events that steps have taken
    depth: int = 0
    outer: int | None = None  # of a body that shares its parent's input; see `StartChild`
    started_at: datetime | None = None
    finished_at: datetime | None = None
    due_at: datetime | None = None
    priority: int = PRIORITY_STANDARD
    paused_at: datetime | None = None
    paused_by_parent: bool = False
    imported: bool = False  # came as a file: to look at only
    trace: str = ""  # the context that its spans go on from, as a `traceparent`; "" for a trace of its own
    again: tuple[str, ...] = ()  # the ended run for which it goes on, and from which step

    @property
    def status(self) -> RunStatus:
        if self.final is not None:
            return self.final
        if self.started_at is None:
            return RunStatus.PENDING
        return self._undo_status() if self.phase == "undo" else self._forward_status()

    @property
    def is_drained(self) -> bool:
        """Whether no attempt is under way and no step waits, so that undos may start."""
        return self.active == 0 and self.waiting == 0

    def _forward_status(self) -> RunStatus:
        if self.active == 0 and self.waiting:
            return RunStatus.WAITING
        if self.active == 0 and self.blocked:
            return RunStatus.BLOCKED
        return RunStatus.RUNNING

    def _undo_status(self) -> RunStatus:
        if self.is_drained and self.undo_blocked and not self.undo_busy:
            return RunStatus.BLOCKED
        return RunStatus.COMPENSATING


S = TypeVar("S")


def lean(kind: type[S], /, **values: Any) -> S:
    """Returns a state of `kind` that holds `values` alone; of all else it has the defaults of its class.

    It equals one that `kind` itself has made. Of some fifty fields most have their defaults, and are then
    neither copied nor packed.
    """
    twin = object.__new__(kind)
    object.__setattr__(twin, "__dict__", {**MAPPINGS[kind], **values})
    return twin


def evolve(state: S, /, **changes: Any) -> S:
    """Returns a changed copy of a dataclass without slots.

    `dataclasses.replace` passes every field through `__init__`, which costs more than all the rest of a
    change.
    """
    twin = object.__new__(type(state))
    object.__setattr__(twin, "__dict__", state.__dict__ | changes)
    return twin


MAPPINGS: dict[type, dict[str, Any]] = {  # what has no default on the class itself
    kind: {spec.name: {} for spec in fields(kind) if spec.default_factory is dict}
    for kind in (StepState, RunState)
}


class Source(Protocol):
    """Where stored state is read from: rows of the database, or a dict in tests."""

    def step(self, name: str) -> StepState | None: ...

    def steps(self) -> Mapping[str, StepState]:
        """Returns every stored step, items of maps included."""

    def steps_named(self, names: list[str]) -> Mapping[str, StepState]:
        """Returns those of `names` that are stored."""

    def items(self, name: str) -> Mapping[str, StepState]:
        """Returns every stored item of one map step."""

    def payload(self, seq: int) -> Any:
        """Returns the payload of an entry. Raises KeyError."""

    def payloads(self, seqs: list[int]) -> Mapping[int, Any]: ...

    def derived(self, seq: int, make: Callable[[], Any]) -> Any:
        """Returns what `make` derives from stored state that entry `seq` has settled; it may be kept."""


class State:
    """A run's state as `apply` changes it: the stored base and the changes on top of it.

    `now`: the time of the event that is decided about, or, for who only looks, a clock. It is not stored.
    """

    def __init__(self, run: RunState, input: Mapping[str, Any], source: Source) -> None:
        self.run = run
        self.input = input
        self.source = source
        self.changed: dict[str, StepState] = {}
        self.new_payloads: dict[int, Any] = {}
        self.now: Time = None

    def fork(self) -> State:
        twin = State(self.run, self.input, self.source)
        twin.changed = dict(self.changed)
        twin.new_payloads = dict(self.new_payloads)
        twin.now = self.now
        return twin

    def step(self, name: str) -> StepState:
        return self.changed.get(name) or self.source.step(name) or lean(StepState, name=name)

    def steps(self) -> dict[str, StepState]:
        return {**self.source.steps(), **self.changed}

    def steps_named(self, names: list[str]) -> dict[str, StepState]:
        """Returns the states of `names`, in that order; initial ones where nothing is stored."""
        changed = self.changed
        stored = self.source.steps_named([name for name in names if name not in changed])
        return {name: changed.get(name) or stored.get(name) or lean(StepState, name=name) for name in names}

    def items(self, name: str) -> dict[str, StepState]:
        changed = {key: step for key, step in self.changed.items() if step.map_name == name}
        return {**self.source.items(name), **changed}

    def payload(self, seq: int) -> Any:
        return self.new_payloads[seq] if seq in self.new_payloads else self.source.payload(seq)

    def payloads(self, seqs: list[int]) -> dict[int, Any]:
        old = self.source.payloads([seq for seq in seqs if seq not in self.new_payloads])
        return {**old, **{seq: self.new_payloads[seq] for seq in seqs if seq in self.new_payloads}}

    def change(self, name: str, **fields: Any) -> StepState:
        before = self.step(name)
        step = evolve(before, **fields)
        self._put(before, step)
        return step

    def put(self, step: StepState) -> None:
        self._put(self.step(step.name), step)

    def _put(self, stored: StepState, step: StepState) -> None:
        before, after = _counted(stored), _counted(step)
        if before != after:
            run, differences = self.run, _differences(step.map_name is not None, before, after)
            if differences:
                self.run = evolve(run, **{name: getattr(run, name) + by for name, by in differences})
        if step.left != stored.left:
            self.run = evolve(self.run, left_undone=self.run.left_undone + step.left - stored.left)
        self.changed[step.name] = step


Counted = tuple[StepStatus, UndoStatus, bool, bool, bool]


def _counted(step: StepState) -> Counted:
    """Returns everything that the load of a step depends on, except whether it is an item of a map."""
    return step.status, step.undo, step.undo_after == 0, step.is_asked_about, step.items_total is not None


@memoized()
def _differences(is_item: bool, before: Counted, after: Counted) -> tuple[tuple[str, int], ...]:
    """Returns the counters that change, and by how much.

    Cached for every step of every run: the arguments have few values, so the cache stays small.
    """
    old, new = _load(is_item, *before), _load(is_item, *after)
    differences = ((name, new[name] - old[name]) for name in new)
    return tuple((name, difference) for name, difference in differences if difference)


def _load(
    is_item: bool, status: StepStatus, undo: UndoStatus, is_first: bool, is_asked_about: bool, is_map: bool
) -> dict[str, bool]:
    """Returns what one step adds to the counters of its run. Of a map, its items are counted."""
    is_done = status in STEP_ENDED
    return {
        "active": not is_map and status in STEP_ACTIVE,
        "waiting": not is_map and status == StepStatus.WAITING,
        "blocked": is_asked_about,
        "done": is_done and (is_map or not is_item),
        "undo_left": not is_map and undo in UNDO_LEFT,
        "undo_busy": not is_map and (undo == UndoStatus.RUNNING or (undo == UndoStatus.PENDING and is_first)),
        "undo_blocked": not is_map and undo == UndoStatus.FAILED,
        "undone": not is_map and undo in UNDO_DONE,
    }


COUNTERS = tuple(_load(False, StepStatus.PENDING, UndoStatus.NONE, False, False, False))
