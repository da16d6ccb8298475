"""A step of a workflow's document. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from designer.document.calls import IRREVERSIBLE, NO_UNDO, Action, OnFailure, Retries, RollBack, Undo
from designer.document.edges import Body
from designer.document.kinds import KINDS, Kind, Slot, StepKind
from designer.document.waits import Assignees, OnTimeout, Part

ITEM = frozenset({"item", "index"})
BATCH = frozenset({"batch", "index"})
TURN = frozenset({"turn", "previous"})


@dataclass(frozen=True)
class Step:
    name: str
    kind: Kind = "task"
    title: str = ""
    notes: str = ""
    worker: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    when: str | None = None
    compensation: Undo = None
    verify: Action | None = None
    fallback: Action | None = None
    timeout: float | None = None
    retry: Retries | None = None
    on_failure: OnFailure | None = None
    output_key: str | None = None
    dynamic: bool = False
    pivot: bool = False
    queue: str | None = None
    limit: str | None = None
    # group, and map and loop over more than one step
    body: Body | None = None
    # map
    items: str | None = None
    batch_size: int = 1
    max_concurrency: int | None = None
    tolerate: int | str = 0
    needed: int | None = None
    # loop
    until: str | None = None
    while_: str | None = None
    max_turns: int | None = None
    delay: float | str | None = None
    collect: bool = False
    on_exhausted: Literal["fail", "continue"] = "fail"
    # workflow
    workflow: str | None = None
    version: int | None = None
    input: Mapping[str, Any] | None = None
    detached: bool = False
    # wait: exactly one of these and `until`
    seconds: float | str | None = None
    signal: str | None = None
    event: str | None = None
    any_of: tuple[Part, ...] | None = None
    match: str | None = None
    # approval and fail
    message: str = ""
    # approval
    assignees: Assignees | None = None
    form: Mapping[str, Any] | None = None
    on_timeout: OnTimeout | None = None
    remind_after: float | None = None
    comment_required: bool = False
    # set
    values: Mapping[str, Any] | None = None
    # fail
    code: str = ""

    @cached_property
    def own(self) -> Action:
        """The step's own worker call."""
        return Action(self.worker or "", self.params, self.timeout, self.retry, self.queue, self.limit)

    @cached_property
    def limits(self) -> tuple[str, ...]:
        """The named limits that its calls take slots of."""
        calls = (self.own, self.undo, self.verify, self.fallback)
        stated = (call.limit or self.limit for call in calls if call is not None)
        return tuple(dict.fromkeys(limit for limit in stated if limit))

    @property
    def undo(self) -> Action | None:
        """The compensation to call, if the undo slot holds one."""
        return self.compensation if isinstance(self.compensation, Action) else None

    @property
    def traits(self) -> StepKind:
        """The row of its kind."""
        return KINDS[self.kind]

    @property
    def starts_runs(self) -> bool:
        """Whether runs of another workflow, or of its body, do the work of the step or of its items."""
        return self.traits.starts_run or self.body is not None or self.workflow is not None

    @property
    def calls_worker(self) -> bool:
        return self.traits.calls_worker and not self.starts_runs

    @property
    def repeats(self) -> bool:
        """Whether its items are turns, one after the other."""
        return self.max_turns is not None

    @property
    def waits_for_run(self) -> bool:
        """Whether the step ends with the run that it starts."""
        return self.starts_runs and not self.detached

    @property
    def undoes_by_run(self) -> bool:
        """Whether the undo of the step, or of each item, is the rollback of the run that it started."""
        slot = self.compensation
        return self.starts_runs and (isinstance(slot, RollBack) if self.detached else slot is None)

    @property
    def variables(self) -> frozenset[str]:
        """The names, beside the usual ones, that the params, the input and the body of the step may read."""
        if self.repeats:
            return TURN
        return (ITEM if self.batch_size == 1 else BATCH) if self.traits.has_items else frozenset()


def slot_of(step: Step) -> Slot:
    """What the undo slot of a step holds: the stated value, else the meaning of an empty slot of its kind."""
    if step.compensation == NO_UNDO or step.compensation == IRREVERSIBLE:
        return step.compensation
    if step.compensation is not None or step.undoes_by_run:
        return "action"
    return "unstated" if step.starts_runs else step.traits.undo
