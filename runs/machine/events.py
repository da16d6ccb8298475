"""Inputs and outputs of `decide`: events, entries and commands. PURE.

Events are imperative inputs that carry all that is not a function of the state: the time, the jitter and the
person. Entries are facts in the past tense. Commands are effects to carry out after the commit; a lost one is
repeated by the sweep, so losing it costs latency, never the run.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from designer.document.graph import Step
from runs.machine.answers import Answer
from runs.machine.limits import PRIORITY_STANDARD
from runs.machine.states import State
from workers.sdk.outcome import Outcome

CancelMode = Literal["compensate", "abandon"]

CHILD_NAMESPACE = uuid.UUID("6f0c9c1e-1f60-4a3e-9d3c-0d6a2f1f6d11")


def child_id(run: str, step: str, attempt: int) -> str:
    """Returns the id of the child run that an attempt of a `workflow` step starts, the same at each call."""
    return str(uuid.uuid5(CHILD_NAMESPACE, f"{run}/{step}/{attempt}"))


# --- events ---


@dataclass(frozen=True, slots=True)
class Left:
    """What a run leaves that was to be undone, at every depth: how many effects, and the names of some.

    The name of a child run's effect has its step in front: `pay/charge`.
    """

    count: int = 0
    names: tuple[str, ...] = ()


NOTHING_LEFT = Left()


@dataclass(frozen=True, slots=True)
class Start:
    """Begin the run. `at` is the database's time, as in every event."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker process asks for the right to carry out lease number `lease` of a step."""

    at: datetime
    step: str
    lease: int
    process: str


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of the attempt under `lease`. `jitter` lies in [-1, 1].

    `expansion`: the resolved steps that a dynamic worker adds.
    """

    at: datetime
    step: str
    lease: int
    outcome: Outcome
    jitter: float = 0.0
    expansion: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Lose:
    """The worker process that held `lease` is gone; the outcome is unknown."""

    at: datetime
    step: str
    lease: int
    jitter: float = 0.0


@dataclass(frozen=True, slots=True)
class HandBack:
    """A worker process that stops gives a claimed attempt back before it has begun it."""

    at: datetime
    step: str
    lease: int


@dataclass(frozen=True, slots=True)
class Wake:
    """A step's `due_at` has passed: that of a retry, a timer, a lease or a lost dispatch."""

    at: datetime
    step: str
    jitter: float = 0.0


@dataclass(frozen=True, slots=True)
class HappenNow:
    """A person lets what a step waits for happen now: a time, or the next attempt of it or of its undo."""

    at: datetime
    step: str
    by: str


@dataclass(frozen=True, slots=True)
class Note:
    """Progress and log lines of a running attempt; `fraction` lies in [0, 1]."""

    at: datetime
    step: str
    lease: int
    fraction: float | None = None
    message: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signal:
    at: datetime
    name: str
    payload: Any = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class TakeEvent:
    """An event has come, now or before the run waited for it. `key`: what it is known by.

    `event`: its attributes (`id`, `source`, `type`, …) and `data`.
    """

    at: datetime
    key: str
    event: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Approve:
    """A person approves or rejects a waiting approval step.

    `answer`: what the step's form was filled in with. `groups`, `is_admin`: the groups of the person, and
    whether they administer the board.
    """

    at: datetime
    step: str
    approved: bool
    by: str
    comment: str = ""
    answer: Mapping[str, Any] | None = None
    groups: tuple[str, ...] = ()
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class EndChild:
    """A child run has ended, forward or rolled back. `started`, for a status: a detached one has begun.

    `left`: what it left undone. `may_go_back`: it can be rolled back, or rolled back further. `past_pivot`:
    it, or a run below it, has passed a point of no return.
    """

    at: datetime
    step: str
    child: str
    status: str
    output: Any = None
    error: Mapping[str, Any] | None = None
    left: Left = NOTHING_LEFT
    may_go_back: bool = False
    past_pivot: bool = False


@dataclass(frozen=True, slots=True)
class EndLoop:
    """A person ends a loop after the turn under way; it counts as completed."""

    at: datetime
    step: str
    by: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop the run. `by`: the person, also where a parent run acts for a person; "" for the system."""

    at: datetime
    mode: CancelMode = "compensate"
    by: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """Start nothing new in the run. `by_parent`: the parent run was paused by this person."""

    at: datetime
    by: str = ""
    by_parent: bool = False


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on with a paused run. `by_parent`: the parent run goes on, by whose pause this one was paused."""

    at: datetime
    by: str = ""
    by_parent: bool = False


@dataclass(frozen=True, slots=True)
class TimeOut:
    """The run's own timeout has passed."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Rollback:
    """Undo a completed run as a whole, or all steps that completed after `to_step`; or more of such a run.

    `by_parent`: the parent run is rolled back; then it is no error if there is nothing to undo. `by` is the
    person who asked for that, and "" where the parent's rollback began by itself.
    """

    at: datetime
    by: str = ""
    to_step: str | None = None
    by_parent: bool = False


@dataclass(frozen=True, slots=True)
class ClaimIntervention:
    """A person claims an intervention, or gives it back (`by` empty)."""

    at: datetime
    step: str
    opened_seq: int
    by: str


@dataclass(frozen=True, slots=True)
class AnswerIntervention:
    """`proposed_by`: the person that proposed the answer to which `by` agreed; "" without a proposal."""

    at: datetime
    step: str
    opened_seq: int
    answer: Answer
    by: str
    note: str = ""
    patch: Mapping[str, Any] | None = None
    output: Any = None
    proposed_by: str = ""


Event = (
    Start
    | Claim
    | Report
    | Lose
    | HandBack
    | Wake
    | HappenNow
    | Note
    | Signal
    | TakeEvent
    | Approve
    | EndChild
    | EndLoop
    | Cancel
    | Pause
    | Resume
    | TimeOut
    | Rollback
    | ClaimIntervention
    | AnswerIntervention
)

# --- facts ---


class Entry(NamedTuple):
    """One numbered fact of a run. `payload`: its large value (output, patch, items), left out of frames."""

    seq: int
    type: str
    at: datetime
    step: str = ""
    attempt: int = 0
    data: Mapping[str, Any] = {}  # never changed
    payload: Any = None
    status: str = ""


# --- commands ---


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Tell the worker processes of `queue` that lease number `lease` of a step may be claimed.

    With a `limit`, it can be claimed once there is a slot of it; `is_undo`: that of a rollback comes first.
    `priority`: of the run, 0 to 9.
    """

    step: str
    lease: int
    queue: str
    limit: str | None = None
    is_undo: bool = False
    priority: int = PRIORITY_STANDARD


@dataclass(frozen=True, slots=True)
class StartChild:
    """Create and start a child run. Its id is given, so a repeated command has no effect.

    `body`: the step of this run whose body it runs; empty for a run of `workflow`. `timeout`: seconds for the
    run as a whole; None: as its workflow says. Of a `detached` one only the start is awaited.

    `own`: of the input, what lies over this run's input and the payload of its entry `outer` (0: of none). It
    alone is stored with the child. None: the input is stored whole.
    """

    step: str
    child: str
    workflow: str
    version: int | None
    input: Mapping[str, Any]
    body: str = ""
    timeout: float | None = None
    detached: bool = False
    own: Mapping[str, Any] | None = None
    outer: int | None = None


@dataclass(frozen=True, slots=True)
class CancelChild:
    """`by`: the person for whom this run acts, "" for none; so in `RollBackChild`."""

    child: str
    mode: CancelMode
    by: str = ""


@dataclass(frozen=True, slots=True)
class PauseChild:
    child: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class ResumeChild:
    child: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class RollBackChild:
    child: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class TellParent:
    """This run has ended; the parent run, if it has one, waits for that."""


Command = Dispatch | StartChild | CancelChild | PauseChild | ResumeChild | RollBackChild | TellParent


@dataclass(frozen=True, slots=True)
class Fault:
    """An error of this product in a rule about a step, which has failed by it. To be logged."""

    step: str
    error: Exception


@dataclass(frozen=True, slots=True)
class Decision:
    """The result of an event: the state after it, entries to append, commands to carry out, faults to log."""

    state: State
    entries: tuple[Entry, ...]
    commands: tuple[Command, ...]
    faults: tuple[Fault, ...] = ()
