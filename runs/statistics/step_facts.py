"""What a forecast needs to know of steps, counted from the journal of one ended run. PURE.

Facts are nested dicts whose leaves are whole numbers, so that those of two runs are merged by addition. The
facts of a step:

- `reached`, `skipped`: how often it began, and how often its guard passed it over;
- `ended`: how often its edges were decided; `taken`: by target, how often an edge of it was taken; `caught`:
  by target, how often an error edge was;
- `own`, and `item` for the items or turns of it: attempts, see below; `items`: by their number, rounded to
  two digits, how often there were so many;
- `fallback`: the attempts of its fallback;
- `person`: questions about it: `asked`, `by_worker` of these, `ms` until the answer, and `answers`;
- `undo`: `ms` of its undos with their retries, and how many `failed`.

Attempts are `wait` (ms from being due to the claim), `good` and `bad` (ms from the claim to the outcome,
timeouts left out), `asked` (ms that a worker asked to wait), `first` and `later` (how the first and any later
attempt ended), `codes` (of failures) and `final` (by `number:code`, the failures after which there was no
other attempt). A wait for a time, a person or a child run is an attempt too. The facts of the run as a whole
are those of the step "".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from runs.statistics.histogram import FINE, size_of

Facts = dict[str, Any]

WHOLE = ""
"""The name under which the facts of the run as a whole stand."""

READ = (
    "run.paused",
    "step.queued",
    "step.started",
    "step.waiting",
    "step.fallback_started",
    "intervention.opened",
    "compensation.started",
)
"""Types of entries that are read here and counted nowhere else."""

GUARD_FALSE = "its condition is false"
TIMEOUT = "timeout"
BY_WORKER = "intervention_requested"
KEYS_MAX = 1_000  # of one dict; a worker may name any number of error codes
OTHER = "0"
NUMBER_MAX = 50  # of an attempt, where failures are counted by it


def merge(into: Facts, facts: Facts, times: int = 1) -> Facts:
    """Adds the numbers of `facts`, `times` over, to those of `into`, which is returned."""
    for key, value in facts.items():
        name = key if key in into or len(into) < KEYS_MAX else OTHER
        if isinstance(value, dict):
            merge(into.setdefault(name, {}), value, times)
        else:
            into[name] = into.get(name, 0) + value * times
    return into


def facts_of(
    started_at: datetime | None, entries: Iterable[tuple[str, str, datetime, Any]]
) -> dict[str, Facts]:
    """Returns the facts by step of a run, whose entries are given as type, step, time and data.

    There are none of a run that was paused: its times say how long somebody let it rest. Nor of one that goes
    on for another: it is not a whole one.
    """
    reading = Reading(started_at)
    for kind, step, at, data in entries:
        if kind == "run.paused" or "taken_over" in data:
            return {}
        reading.read(kind, step, at, data)
    return reading.facts


@dataclass(slots=True)
class Attempt:
    """What is known of the attempt that a step or an item is in."""

    due: datetime | None = None
    begun: datetime | None = None
    direction: str = "forward"
    number: int = 0


@dataclass(slots=True)
class Reading:
    """The entries read so far of one run."""

    started_at: datetime | None
    facts: dict[str, Facts] = field(default_factory=dict)
    attempts: dict[str, Attempt] = field(default_factory=dict)
    opened: dict[str, datetime] = field(default_factory=dict)
    items: dict[str, int] = field(default_factory=dict)
    undo_since: datetime | None = None
    undo_begun: dict[str, datetime] = field(default_factory=dict)
    asked: bool = False
    is_undone: bool = False

    def read(self, kind: str, step: str, at: datetime, data: Any) -> None:
        handler = HANDLERS.get(kind)
        if handler is not None:
            handler(self, step, at, data)
        elif kind in RUN_ENDS:
            self._end(RUN_ENDS[kind], at)

    def of(self, step: str) -> Facts:
        return self.facts.setdefault(step.partition("[")[0], {})

    def tries_of(self, step: str, direction: str = "forward") -> Facts:
        part = "fallback" if direction == "fallback" else "item" if step.endswith("]") else "own"
        facts: Facts = self.of(step).setdefault(part, {})
        return facts

    def attempt(self, step: str) -> Attempt:
        return self.attempts.setdefault(step, Attempt())

    # --- forward ---

    def queued(self, step: str, at: datetime, data: Any) -> None:
        attempt = self.attempt(step)
        direction = data.get("direction", "forward")
        if direction == "verify":
            return  # belongs to the attempt that it verifies
        if data.get("fresh"):
            attempt.number = 0
        self._reach(step, attempt)
        attempt.due, attempt.direction = min(attempt.due or at, at), direction

    def _reach(self, step: str, attempt: Attempt) -> None:
        if not attempt.number and attempt.due is None and attempt.begun is None and not step.endswith("]"):
            add(self.of(step), "reached")

    def started(self, step: str, at: datetime, data: Any) -> None:
        attempt = self.attempt(step)
        if "items" in data:
            self._reach(step, attempt)
            attempt.begun, self.items[step] = at, 0
        elif "again" in data:
            attempt.begun = at
        elif data.get("direction") != "verify":
            if attempt.due is not None:
                measure(self.tries_of(step, attempt.direction), "wait", attempt.due, at)
            attempt.begun, attempt.due = at, None

    def waiting(self, step: str, at: datetime, data: Any) -> None:
        attempt = self.attempt(step)
        self._reach(step, attempt)
        attempt.begun, attempt.due, attempt.direction = at, None, "forward"

    def retried(self, step: str, at: datetime, data: Any) -> None:
        due = datetime.fromisoformat(data["due_at"])
        if data.get("asked"):
            attempt = self.attempt(step)
            if attempt.begun is not None:
                tries = self.tries_of(step, attempt.direction)
                measure(tries, "good", attempt.begun, at)
                measure(tries, "asked", at, due)
                attempt.begun = None
        else:
            self._failed_once(step, at, data.get("error"))
        self.attempt(step).due = due

    def fell_back(self, step: str, at: datetime, data: Any) -> None:
        self._failed_once(step, at, data.get("error"), is_last=True)
        self.attempts[step] = Attempt(due=at, direction="fallback", number=1)

    def completed(self, step: str, at: datetime, data: Any) -> None:
        attempt = self.attempt(step)
        if attempt.begun is not None:
            tries = self.tries_of(step, attempt.direction)
            measure(tries, "good", attempt.begun, at)
            self._count(tries, attempt, "good")
        self._count_items(step)
        self._route(step, data)

    def failed(self, step: str, at: datetime, data: Any) -> None:
        self._failed_once(step, at, data.get("error"), is_last=True)
        self._count_items(step)
        if data.get("caught"):
            for target in data.get("taken", ()):
                add(self.of(step).setdefault("caught", {}), target)
        elif not data.get("case"):
            self._route(step, data)

    def skipped(self, step: str, at: datetime, data: Any) -> None:
        if data.get("reason") == GUARD_FALSE:
            add(self.of(step), "skipped")
            self._route(step, data)

    def _failed_once(self, step: str, at: datetime, error: Any, is_last: bool = False) -> None:
        attempt = self.attempt(step)
        if attempt.begun is None:
            return
        code = str((error or {}).get("code", "failed"))
        tries = self.tries_of(step, attempt.direction)
        if code != TIMEOUT:  # how long these take is in the design
            measure(tries, "bad", attempt.begun, at)
        add(tries.setdefault("codes", {}), code)
        self._count(tries, attempt, "bad")
        if is_last:
            add(tries.setdefault("final", {}), f"{min(attempt.number, NUMBER_MAX)}:{code}")

    def _count(self, tries: Facts, attempt: Attempt, how: str) -> None:
        add(tries.setdefault("later" if attempt.number else "first", {}), how)
        attempt.number += 1
        attempt.begun = None

    def _count_items(self, step: str) -> None:
        """Counts an item with those of its map or loop, and the number of these when that ends."""
        name, _, item = step.partition("[")
        if item and name in self.items:
            self.items[name] += 1
        elif step in self.items:
            add(self.of(step).setdefault("items", {}), rounded(self.items.pop(step)))

    def _route(self, step: str, data: Any) -> None:
        if "taken" in data or "dead" in data:
            facts = self.of(step)
            add(facts, "ended")
            for target in data.get("taken", ()):
                add(facts.setdefault("taken", {}), target)

    # --- people, and back ---

    def asked_person(self, step: str, at: datetime, data: Any) -> None:
        self.asked, self.opened[step] = True, at
        if data.get("kind") == "step_failed":
            person = self.of(step).setdefault("person", {})
            add(person, "asked")
            if (data.get("error") or {}).get("code") == BY_WORKER:
                add(person, "by_worker")

    def answered(self, step: str, at: datetime, data: Any) -> None:
        opened = self.opened.pop(step, None)
        if opened is None:
            return
        is_undo = data.get("kind") == "compensation_failed"
        person = self.of(step).setdefault("undo_person" if is_undo else "person", {})
        measure(person, "ms", opened, at)
        add(person.setdefault("answers", {}), str(data.get("answer")))

    def compensating(self, step: str, at: datetime, data: Any) -> None:
        self.undo_since = at
        self.is_undone |= bool(data.get("plan"))

    def undo_started(self, step: str, at: datetime, data: Any) -> None:
        self.is_undone = True
        self.undo_begun.setdefault(step, self.undo_since or at)

    def undone(self, step: str, at: datetime, data: Any) -> None:
        begun = self.undo_begun.get(step)
        if begun is not None and data.get("undo") == "compensated":
            measure(self.of(step).setdefault("undo", {}), "ms", begun, at)
        self.undo_since = at

    def undo_failed(self, step: str, at: datetime, data: Any) -> None:
        add(self.of(step).setdefault("undo", {}), "failed")

    def _end(self, status: str, at: datetime) -> None:
        facts = self.of(WHOLE)
        add(facts.setdefault("ends", {}), status)
        if self.started_at is not None:
            measure(facts, "ms", self.started_at, at)
        if self.asked:
            add(facts, "asked")
        if self.is_undone:
            add(facts, "rolled_back")


def add(facts: Facts, key: str) -> None:
    facts[key] = facts.get(key, 0) + 1


def rounded(number: int) -> str:
    """A number with two digits, of which there are few different ones."""
    return str(int(float(f"{number:.2g}")))


def measure(facts: Facts, key: str, since: datetime, until: datetime) -> None:
    """Adds a duration to a histogram of fine sizes."""
    add(facts.setdefault(key, {}), size_of((until - since).total_seconds() * 1000, FINE))


RUN_ENDS = {f"run.{status}": status for status in ("completed", "compensated", "failed", "cancelled")}
HANDLERS = {
    "step.queued": Reading.queued,
    "step.started": Reading.started,
    "step.waiting": Reading.waiting,
    "step.retry_scheduled": Reading.retried,
    "step.fallback_started": Reading.fell_back,
    "step.completed": Reading.completed,
    "step.failed": Reading.failed,
    "step.skipped": Reading.skipped,
    "intervention.opened": Reading.asked_person,
    "intervention.answered": Reading.answered,
    "run.compensating": Reading.compensating,
    "compensation.started": Reading.undo_started,
    "compensation.completed": Reading.undone,
    "compensation.failed": Reading.undo_failed,
}
