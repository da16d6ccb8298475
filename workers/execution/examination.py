"""Idempotency examiner: the ways in which a compensation must leave the same books. PURE.

A *bench* calls the worker and its compensation, and reads the books. `workers.testing` has one for tests, the
rehearsal one that works in processes and kills them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

Act = Literal["work", "undo", "undo_lost", "late_work", "both"]
"""`undo_lost`: an undo that had its effect and could not report it; `both`: work and undo side by side."""


@dataclass(frozen=True, slots=True)
class Scenario:
    id: str
    title: str
    acts: tuple[Act, ...]


SCENARIOS: tuple[Scenario, ...] = (
    Scenario("once", "once, after its step", ("work", "undo")),
    Scenario("twice", "twice", ("work", "undo", "undo")),
    Scenario("on_nothing", "on nothing", ("undo",)),
    Scenario("crashed", "again after a crash in its middle", ("work", "undo_lost", "undo")),
    Scenario("late", "before a forward attempt that comes late", ("undo", "late_work")),
    Scenario("late_again", "before a second attempt that comes late", ("work", "undo", "late_work")),
    Scenario("beside", "beside a forward attempt, and once more", ("both", "undo")),
)


class Bench(Protocol):
    """Where acts are done. `begin` starts anew, under another idempotency key."""

    def begin(self, scenario: Scenario) -> None: ...

    def do(self, act: Act) -> str:
        """Does an act. Returns why it failed where it may not; otherwise an empty text."""
        ...

    def books(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Finding:
    """What a scenario has shown. `problem` is empty where the books are the same as before."""

    scenario: str
    title: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """The findings about one compensation. `skipped`: scenarios that the bench could not play."""

    worker: str
    compensation: str
    findings: tuple[Finding, ...]
    skipped: tuple[str, ...] = ()

    @property
    def problems(self) -> list[str]:
        return [f"{found.title}: {found.problem}" for found in self.findings if found.problem]

    @property
    def is_idempotent(self) -> bool:
        return not self.problems


def examined(bench: Bench, worker: str, compensation: str, *, side_by_side: bool) -> Examination:
    """Plays every scenario on a bench; those with `both` only where it can do two acts side by side."""
    played = [scenario for scenario in SCENARIOS if side_by_side or "both" not in scenario.acts]
    skipped = tuple(scenario.title for scenario in SCENARIOS if scenario not in played)
    return Examination(worker, compensation, tuple(_finding(bench, each) for each in played), skipped)


def _finding(bench: Bench, scenario: Scenario) -> Finding:
    bench.begin(scenario)
    before = bench.books()
    for act in scenario.acts:
        problem = bench.do(act)
        if problem:
            return Finding(scenario.id, scenario.title, problem)
    after = bench.books()
    return Finding(scenario.id, scenario.title, "" if after == before else _difference(before, after))


def _difference(before: Any, after: Any) -> str:
    if isinstance(before, dict) and isinstance(after, dict):
        changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
        parts = [f"{key}: {before.get(key)!r:.80} became {after.get(key)!r:.80}" for key in changed[:5]]
        return "the books are not the same: " + "; ".join(parts)
    return f"the books are not the same: {before!r:.200} became {after!r:.200}"
