"""What a rehearsal is given and what it finds, as values that go through JSON. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Verdict = Literal["good", "asks", "waits", "left", "check", "outside", "stuck", "unfit", "skipped"]
BAD: frozenset[str] = frozenset({"left", "check", "outside", "stuck", "unfit"})
VERDICTS: Mapping[str, str] = {
    "good": "good",
    "asks": "asks a person",
    "waits": "waits for what the rehearsal cannot give",
    "left": "something is left",
    "check": "the books are wrong",
    "outside": "touched something outside",
    "stuck": "does not end",
    "unfit": "does not complete, though nothing failed",
    "skipped": "does not apply",
}


@dataclass(frozen=True, slots=True)
class Version:
    """A published version that the workflow may start."""

    workflow: str
    number: int
    document: dict[str, Any]
    resolved: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """A workflow to rehearse. `recorded` and `outputs` are answers by step path.

    `check`: a worker, or an expression that begins with `=`. `addresses`: rehearsal addresses that may be
    reached.
    """

    name: str
    document: dict[str, Any]
    input: dict[str, Any]
    versions: tuple[Version, ...] = ()
    recorded: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    check: str = ""
    addresses: tuple[tuple[str, int], ...] = ()
    connections: tuple[dict[str, Any], ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> Job:
        versions = tuple(Version(**version) for version in value["versions"])
        addresses = tuple((host, port) for host, port in value["addresses"])
        connections = tuple(value["connections"])
        return cls(**{**value, "versions": versions, "addresses": addresses, "connections": connections})


@dataclass(frozen=True, slots=True)
class Cell:
    """One rehearsed run. `step` and `fault` are empty for the run without a fault.

    `left`: steps whose effect is there though it was to be undone; `remains`: those that cannot be undone.
    `books`: what the checks found wrong; `outside`: what the guard refused. `virtual_s`: how long the run
    would have taken, `ms`: how long it took here.
    """

    step: str
    fault: str
    verdict: Verdict
    status: str = ""
    undone: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    remains: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    books: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    attempts: int = 0
    virtual_s: float = 0.0
    ms: int = 0
    note: str = ""

    @property
    def is_bad(self) -> bool:
        return self.verdict in BAD

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Row:
    """A step that the run without a fault came to. `how`: real, record or stub."""

    step: str
    worker: str
    how: str
    undo: str
    undo_how: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
