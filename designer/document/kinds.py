"""The table of the kinds of steps.

PURE. `KINDS` has a row for each kind. Reading documents, validation, rollback plans, pages and canvas use the
row and never branch on the name of a kind; the canvas gets the table as `vocabulary()`, a part of
`shared/vocabulary.json`. Beside its row a kind has rules in `runs.machine.steps.kinds.<kind>`, a method of
`designer.builder.WorkflowBuilder`, and a form in the designer (`KindForm.tsx`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, get_args

from designer.document import fields, waits
from designer.document.limits import MAP_NUMBER_MAX, TURNS_MAX, VERSIONS_MAX
from designer.document.readers import (
    Fields,
    described,
    either,
    expression,
    flag,
    integer,
    is_text,
    json_object,
    name,
    number,
    one_of,
    or_expression,
)
from designer.problems import Report
from workers.sdk.limits import SECONDS_MAX

Kind = Literal["task", "map", "workflow", "group", "loop", "wait", "approval", "set", "fail"]
DEFAULT_KIND: Kind = "task"

Slot = Literal["action", "none", "irreversible", "unstated"]
"""What an undo slot holds."""

Wording = tuple[str, ...]
"""Sentences with `{field}` placeholders; the first one whose fields are all stated is used.

`{field:number}` counts as stated only if the field is a number, not an expression.
"""


@dataclass(frozen=True)
class StepKind:
    """A row of the table: what all steps of one kind share.

    `fields` are the document's fields in addition to `COMMON_FIELDS`; `required` are those without which a
    step is refused, `leading` (left out: the same) those that the builder's `method` takes by their place; a
    step has exactly one of the fields `one_of`. Expressions of the fields `evaluated` are evaluated when the
    step begins; those of params before each call. `start` are the fields of a step that was just put on the
    canvas.

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
    leading: tuple[str, ...] = ()
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


@described({"$ref": "#/$defs/body"})
def _body(value: Any, path: str, report: Report) -> Any:
    """Reads the graph inside a step. What reads graphs reads steps by this table, hence the late import."""
    from designer.document.document import read_body

    return read_body(value, path, report)


_CALLING: Fields = {
    "worker": fields.worker,
    "params": json_object,
    "compensation": fields.undo,
    "verify": fields.action,
    "fallback": fields.action,
    "retry": fields.retry,
    "queue": fields.queue,
    "limit": fields.limit,
}

_RUNNING: Fields = {
    "workflow": name,
    "version": integer(1, VERSIONS_MAX),
    "input": json_object,
    "compensation": fields.undo,
    "retry": fields.retry,
}
_REPEATED: Fields = _TIMED | _RUNNING | _CALLING | {"body": _body}
_WORK = ("worker", "workflow", "body")

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
        fields=_REPEATED
        | {
            "items": expression,
            "batch_size": integer(1, MAP_NUMBER_MAX),
            "max_concurrency": integer(1, MAP_NUMBER_MAX),
            "tolerate": either(is_text, fields.share, integer(0, MAP_NUMBER_MAX)),
            "needed": integer(1, MAP_NUMBER_MAX),
        },
        required=("name", "items"),
        method="map",
        undo="unstated",
        icon="runs",
        noun="For each item",
        title="For each item",
        description="Does a piece of work for every item of a list.",
        on_canvas=("{worker} × each", "{workflow} × each", "for each item"),
        in_run=("map of {worker}", "map of {workflow}", "map"),
        in_version=("{worker} for each of {items}", "{workflow} for each of {items}", "for each of {items}"),
        leading=("name", "worker", "items"),
        one_of=_WORK,
        evaluated=("input",),
        start={"worker": "", "items": "context.items"},
        calls_worker=True,
        has_items=True,
    ),
    "workflow": StepKind(
        fields=_TIMED | _RUNNING | {"detached": flag},
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
    "group": StepKind(
        fields=_TIMED
        | {
            "body": _body,
            "input": json_object,
            "params": json_object,
            "compensation": fields.undo,
            "retry": fields.retry,
        },
        required=("name", "body"),
        method="group",
        undo="action",
        icon="flow",
        noun="Group",
        title="Group",
        description="Steps that succeed, fail and are undone together.",
        on_canvas=("steps that belong together",),
        in_run=("group",),
        in_version=("a group of steps",),
        evaluated=("input", "params"),
        start={"body": {"steps": [], "edges": []}},
        starts_run=True,
    ),
    "loop": StepKind(
        fields=_REPEATED
        | {
            "until": expression,
            "while": expression,
            "max_turns": integer(1, TURNS_MAX),
            "delay": or_expression(number(least=0, up_to=SECONDS_MAX)),
            "collect": flag,
            "on_exhausted": one_of(("fail", "continue")),
        },
        required=("name", "max_turns"),
        method="loop",
        undo="unstated",
        icon="retry",
        noun="Loop",
        title="Loop",
        description="Repeats a piece of work until a condition holds.",
        on_canvas=("{worker} in turns", "{workflow} in turns", "in turns"),
        in_run=("loop of {worker}", "loop of {workflow}", "loop"),
        in_version=(
            "{worker} until {until}",
            "{worker} while {while}",
            "{workflow} until {until}",
            "until {until}",
            "while {while}",
            "up to {max_turns} turns",
        ),
        leading=("name", "worker"),
        one_of=_WORK,
        evaluated=("input",),
        start={"worker": "", "until": "output.done", "max_turns": 10},
        calls_worker=True,
        has_items=True,
    ),
    "wait": StepKind(
        fields=_TIMED
        | {
            "seconds": or_expression(number(least=0, up_to=SECONDS_MAX)),
            "until": or_expression(fields.moment),
            "signal": fields.signal,
            "event": waits.event_type,
            "match": expression,
            "any_of": waits.any_of,
        },
        required=("name",),
        method="wait",
        undo="none",
        icon="wait",
        noun="Wait",
        title="Wait",
        description="For seconds, until a time, for a signal, an event, or the first of several.",
        on_canvas=("signal {signal}", "event {event}", "until {until}", "{seconds:number} s", "{seconds}")
        + ("the first of several",),
        in_run=("wait",),
        in_version=("waits for the signal {signal}", "waits for the event {event}", "waits until {until}")
        + ("waits {seconds} s", "waits for the first of several"),
        one_of=("seconds", "until", "signal", "event", "any_of"),
        evaluated=("seconds", "until"),
        start={"seconds": 60},
    ),
    "approval": StepKind(
        fields=_TIMED
        | {
            "message": or_expression(fields.long_text),
            "assignees": waits.assignees,
            "form": json_object,
            "on_timeout": waits.on_timeout,
            "remind_after": fields.seconds,
            "comment_required": flag,
        },
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
        evaluated=("message", "assignees"),
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
