"""A saved test: what a run of a workflow gets, and what it is expected to come to. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from workers.sdk.outcome import Direction

Answer = Literal["retry", "resolve", "skip", "compensate", "abandon"]
Effect = Literal["done", "not_done"]
ActName = Literal["cancel", "abandon", "roll_back", "end_loop", "happen_now"]

STATUSES = (
    "pending",
    "running",
    "waiting",
    "compensating",
    "blocked",
    "completed",
    "compensated",
    "failed",
    "cancelled",
)
ANSWERS: tuple[Answer, ...] = get_args(Answer)
ACTS: tuple[ActName, ...] = get_args(ActName)
PERSON = "tester"


@dataclass(frozen=True, slots=True)
class Mock:
    """What one call comes to; without any field it succeeds with `{}`.

    `takes`: seconds of virtual time; `waits`: seconds before that, until a worker process takes the call.

    `output` is classified like that of a worker. `fails`: the code of an error; with `for_good` it is not
    tried again, and with `unclear` nobody knows whether it took effect. `times_out` and `lost` (the worker
    process): whether the work was done all the same. `bad_output`: it was done, and its output is refused.
    `left` and `past_pivot`, where the mock stands for a run: effects that it leaves undone, and whether it
    passes a point of no return. `recorded`: the run from which the mock is copied when the test is saved.
    """

    output: Any = None
    fails: str | None = None
    message: str = ""
    cause: str = ""
    for_good: bool = False
    unclear: bool = False
    retry_after: float | None = None
    times_out: Effect | None = None
    lost: Effect | None = None
    bad_output: bool = False
    takes: float | None = None
    waits: float | None = None
    left: int = 0
    past_pivot: bool = False
    recorded: str | None = None


Mocks = Mapping[str, tuple[Mock, ...]]


@dataclass(frozen=True, slots=True)
class Signal:
    name: str
    data: Any = None
    at: float = 0.0
    by: str = PERSON


@dataclass(frozen=True, slots=True)
class Event:
    """An event from outside. `more`: its attributes besides `id`, `source` and `type`."""

    type: str
    data: Any = None
    at: float = 0.0
    id: str = ""
    source: str = "test"
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Approval:
    step: str
    approved: bool = True
    comment: str = ""
    answer: Mapping[str, Any] = field(default_factory=dict)
    at: float = 0.0
    by: str = PERSON


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer of a person to an intervention."""

    step: str
    answer: Answer
    note: str = "In a test."
    output: Any = None
    patch: Mapping[str, Any] | None = None
    at: float = 0.0
    by: str = PERSON


@dataclass(frozen=True, slots=True)
class Act:
    """What a person does to the run as a whole, or to one step of it, at a time."""

    act: ActName
    at: float = 0.0
    step: str = ""
    by: str = PERSON


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is not stated is not compared. `checks`: expressions that are to be true at the end."""

    status: str | None = None
    ran: tuple[str, ...] | None = None
    undone: tuple[str, ...] | None = None
    skipped: tuple[str, ...] | None = None
    error: str | None = None
    left: int | None = None
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedTest:
    name: str
    input: Mapping[str, Any] = field(default_factory=dict)
    mocks: Mocks = field(default_factory=dict)
    fallbacks: Mocks = field(default_factory=dict)
    verifications: Mocks = field(default_factory=dict)
    undos: Mocks = field(default_factory=dict)
    signals: tuple[Signal, ...] = ()
    events: tuple[Event, ...] = ()
    approvals: tuple[Approval, ...] = ()
    answers: tuple[Reply, ...] = ()
    acts: tuple[Act, ...] = ()
    expect: Expectation = field(default_factory=Expectation)

    def mocks_of(self, direction: Direction) -> Mocks:
        found: dict[Direction, Mocks] = {
            "forward": self.mocks,
            "fallback": self.fallbacks,
            "verify": self.verifications,
            "undo": self.undos,
        }
        return found[direction]
