"""Steps and the table of their kinds.

PURE. `KINDS` has a row for each kind. Reading documents, validation, rollback plans, pages and canvas use the
row and never branch on the name of a kind; the canvas gets the table as `vocabulary()`, a part of
`shared/vocabulary.json`. Beside its row a kind has rules in `runs.machine.steps.kinds.<kind>`, a method of
`designer.builder.WorkflowBuilder`, and a form in the designer (`KindForm.tsx`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, get_args

from designer.document import fields
from designer.document.calls import IRREVERSIBLE, NO_UNDO, Action, OnFailure, Retries, Undo
from designer.document.limits import MAP_NUMBER_MAX, VERSIONS_MAX
from designer.document.readers import (
    Fields,
    expression,
    flag,
    integer,
    json_object,
    name,
    number,
    one_of,
    or_expression,
)
from workers.sdk.limits import SECONDS_MAX

Kind = Literal["task", "map", "workflow", "wait", "approval", "set", "fail"]
DEFAULT_KIND: Kind = "task"

Slot = Literal["action", "none", "irreversible", "unstated"]
"""What an undo slot holds."""

Wording = tuple[str, ...]
"""Sentences with `{field}` placeholders; the first one whose fields are all stated is used.

`{field:number}` counts as stated only if the field is a number, not an expression.
"""


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
    # map
    items: str | None = None
    batch_size: int = 1
    max_concurrency: int | None = None
    tolerate: int = 0
    # workflow
    workflow: str | None = None
    version: int | None = None
    input: Mapping[str, Any] | None = None
    # wait: exactly one of the three
    seconds: float | str | None = None
    until: str | None = None
    signal: str | None = None
    # approval and fail
    message: str = ""
    # set
    values: Mapping[str, Any] | None = None
    # fail
    code: str = ""

    @cached_property
    def own(self) -> Action:
        """The step's own worker call."""
        return Action(self.worker or "", self.params, self.timeout, self.retry, self.queue)

    @property
    def undo(self) -> Action | None:
        """The compensation to call, if the undo slot holds one."""
        return self.compensation if isinstance(self.compensation, Action) else None

    @property
    def traits(self) -> StepKind:
        """The row of its kind."""
        return KINDS[self.kind]


@dataclass(frozen=True)
class StepKind:
    """A row of the table: what all steps of one kind share.

    `fields` are the document's fields in addition to `COMMON_FIELDS`; `required` are those without which a
    step is refused, in the order of the parameters of the builder's `method`; a step has exactly one of the
    fields `one_of`. Expressions of the fields `evaluated` are evaluated when the step begins; those of params
    before each call. `start` are the fields of a step that was just put on the canvas.

    `undo` is the meaning of an empty undo slot. A kind that `calls_worker` has attempts, and may take its
    undo from its worker. If it `has_items`, its items do and undo the work. If it `starts_run`, it is undone
    by rolling back its child run.
    """

    fields: Fields
    required: tuple[str, ...]
    method: str
    undo: Slot
    icon: str
    noun: str
    title: str
    description: str
    on_canvas: Wording
    in_run: Wording
    in_version: Wording
    one_of: tuple[str, ...] = ()
    evaluated: tuple[str, ...] = ()
    start: Mapping[str, Any] = field(default_factory=dict)
    calls_worker: bool = False
    has_items: bool = False
    starts_run: bool = False

    @cached_property
    def readers(self) -> Fields:
        return COMMON_FIELDS | self.fields


COMMON_FIELDS: Fields = {
    "name": name,
    "kind": one_of(get_args(Kind)),
    "title": fields.title,
    "notes": fields.long_text,
    "when": expression,
    "on_failure": fields.on_failure,
    "output_key": fields.output_key,
    "pivot": flag,
}
_TIMED: Fields = {"timeout": fields.seconds}
_CALLING: Fields = {
    "worker": fields.worker,
    "params": json_object,
    "compensation": fields.undo,
    "verify": fields.action,
    "fallback": fields.action,
    "retry": fields.retry,
    "queue": fields.queue,
}

KINDS: Mapping[str, StepKind] = {
    "task": StepKind(
        fields=_TIMED | _CALLING | {"dynamic": flag},
        required=("name", "worker"),
        method="add_step",
        undo="unstated",
        icon="fleet",
        noun="Task",
        title="Task",
        description="Calls a worker that you choose.",
        on_canvas=("{worker}", "no worker chosen"),
        in_run=("{worker}",),
        in_version=("{worker}",),
        start={"worker": ""},
        calls_worker=True,
    ),
    "map": StepKind(
        fields=_TIMED
        | _CALLING
        | {
            "items": expression,
            "batch_size": integer(1, MAP_NUMBER_MAX),
            "max_concurrency": integer(1, MAP_NUMBER_MAX),
            "tolerate": integer(0, MAP_NUMBER_MAX),
        },
        required=("name", "worker", "items"),
        method="map",
        undo="unstated",
        icon="runs",
        noun="For each item",
        title="For each item",
        description="Calls a worker for every item of a list.",
        on_canvas=("{worker} × each", "no worker × each"),
        in_run=("map of {worker}", "map"),
        in_version=("{worker} for each of {items}",),
        start={"worker": "", "items": "context.items"},
        calls_worker=True,
        has_items=True,
    ),
    "workflow": StepKind(
        fields={
            "workflow": name,
            "version": integer(1, VERSIONS_MAX),
            "input": json_object,
            "compensation": fields.undo,
        },
        required=("name", "workflow"),
        method="workflow",
        undo="action",
        icon="flow",
        noun="Workflow",
        title="Run a workflow",
        description="Starts another workflow and waits for it.",
        on_canvas=("{workflow}", "no workflow chosen"),
        in_run=("runs {workflow}", "workflow"),
        in_version=("runs {workflow}",),
        evaluated=("input",),
        start={"workflow": ""},
        starts_run=True,
    ),
    "wait": StepKind(
        fields=_TIMED
        | {
            "seconds": or_expression(number(least=0, up_to=SECONDS_MAX)),
            "until": or_expression(fields.moment),
            "signal": fields.signal,
        },
        required=("name",),
        method="wait",
        undo="none",
        icon="wait",
        noun="Wait",
        title="Wait",
        description="For seconds, until a time, or for a signal.",
        on_canvas=("signal {signal}", "until {until}", "{seconds:number} s", "{seconds}", "nothing chosen"),
        in_run=("wait",),
        in_version=("waits for the signal {signal}", "waits until {until}", "waits {seconds} s"),
        one_of=("seconds", "until", "signal"),
        evaluated=("seconds", "until"),
        start={"seconds": 60},
    ),
    "approval": StepKind(
        fields=_TIMED | {"message": or_expression(fields.long_text)},
        required=("name",),
        method="approval",
        undo="none",
        icon="hand",
        noun="Approval",
        title="Ask for approval",
        description="A person approves or rejects.",
        on_canvas=("a person approves",),
        in_run=("approval",),
        in_version=("waits for approval",),
        evaluated=("message",),
        start={"message": ""},
    ),
    "set": StepKind(
        fields={"values": json_object},
        required=("name", "values"),
        method="set",
        undo="none",
        icon="pen",
        noun="Set values",
        title="Set values",
        description="Computes values, without a worker.",
        on_canvas=("sets values",),
        in_run=("sets values",),
        in_version=("sets values",),
        evaluated=("values",),
        start={"values": {}},
    ),
    "fail": StepKind(
        fields={"code": fields.error_code, "message": or_expression(fields.long_text)},
        required=("name", "code"),
        method="fail",
        undo="none",
        icon="cross",
        noun="Fail",
        title="Fail on purpose",
        description="Ends with an error that you name.",
        on_canvas=("fails: {code}", "no code given"),
        in_run=("fails: {code}",),
        in_version=("fails with {code}",),
        evaluated=("message",),
        start={"code": "failed_on_purpose", "message": ""},
    ),
}


def row_of(kind: object) -> StepKind | None:
    """The row of a kind as a document states it, which may be any value; None for an unknown kind."""
    if kind is None:
        return KINDS[DEFAULT_KIND]
    return KINDS.get(kind) if isinstance(kind, str) else None


def slot_of(step: Step) -> Slot:
    """What the undo slot of a step holds: the stated value, else the meaning of an empty slot of its kind."""
    if step.compensation in (NO_UNDO, IRREVERSIBLE):
        return step.compensation
    return "action" if step.undo is not None else step.traits.undo


Part = tuple[str, str, Any]
"""Literal text, then the name and value of the field that follows it; empty name and None at the end."""

_PLACEHOLDER = re.compile(r"\{(\w+)(:number)?\}")


def wording_parts(wording: Wording, values: Mapping[str, Any]) -> list[Part]:
    """The wording of a step in parts, so that a page can mark up names and expressions."""
    for sentence in wording:
        if all(
            isinstance(values.get(key), int | float) if is_number else values.get(key) not in (None, "")
            for key, is_number in _PLACEHOLDER.findall(sentence)
        ):
            return list(_parts(sentence, values))
    return []


def _parts(sentence: str, values: Mapping[str, Any]) -> Iterator[Part]:
    end = 0
    for placeholder in _PLACEHOLDER.finditer(sentence):
        yield sentence[end : placeholder.start()], placeholder[1], values[placeholder[1]]
        end = placeholder.end()
    if end < len(sentence):
        yield sentence[end:], "", None


def words_in_run(step: Step) -> str:
    """The description of a step in a run; empty if it would only repeat the step's name."""
    parts = wording_parts(step.traits.in_run, vars(step))
    words = "".join(f"{text}{'' if value is None else value}" for text, _, value in parts)
    return "" if step.traits.calls_worker and words == step.name else words


def wording_fields() -> frozenset[str]:
    """The fields that the wordings of canvas and runs need."""
    sentences = (sentence for row in KINDS.values() for sentence in (*row.on_canvas, *row.in_run))
    return frozenset(match[1] for sentence in sentences for match in _PLACEHOLDER.finditer(sentence))


def vocabulary() -> dict[str, Any]:
    """The table in the form that the front end reads."""
    return {"kinds": {kind: _described(row) for kind, row in KINDS.items()}}


def _described(row: StepKind) -> dict[str, Any]:
    return {
        "fields": list(row.readers),
        "undo": row.undo,
        "icon": row.icon,
        "noun": row.noun,
        "title": row.title,
        "description": row.description,
        "onCanvas": list(row.on_canvas),
        "inRun": list(row.in_run),
        "start": dict(row.start),
        "callsWorker": row.calls_worker,
        "startsRun": row.starts_run,
    }
