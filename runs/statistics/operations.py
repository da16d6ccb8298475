"""Counters for operators, of runs, steps, attempts, undos and waits in queues: a few rows for each workflow.

They are counted together with the other figures (`runs.statistics.counters`), once a run has ended, and only
grow. The first workflows have rows of their own, all later ones share those of OTHERS, so that what reads
them stays small.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from runs.models import OperationFigures
from runs.statistics import histogram

WORKFLOWS_MAX = 100
OTHERS = ""  # no workflow has this name

Entries = Iterable[tuple[str, str, datetime, Mapping[str, Any]]]


class Key(NamedTuple):
    """`kind`: what ended, one of `run`, `step`, `undo`, `attempt`, `undo_attempt`, `wait`."""

    kind: str
    workflow: str
    outcome: str


@dataclass
class Counted:
    """How many there were, and the durations in ms of those whose beginning is known."""

    count: int = 0
    sizes: Counter[str] = field(default_factory=Counter)

    def add(self, since: datetime | None, at: datetime) -> None:
        self.count += 1
        if since is not None:
            self.sizes[histogram.size_of((at - since).total_seconds() * 1000)] += 1


@dataclass
class Reading:
    """Counts the entries of one run. PURE."""

    workflow: str
    found: dict[Key, Counted]
    due: dict[str, datetime] = field(default_factory=dict)
    begun: dict[str, datetime] = field(default_factory=dict)  # the attempt that is under way
    first: dict[str, datetime] = field(default_factory=dict)  # the first attempt or wait
    undo_first: dict[str, datetime] = field(default_factory=dict)

    def read(self, entries: Entries) -> None:
        for kind, step, at, data in entries:
            if "taken_over" in data:
                continue
            family, _, what = kind.partition(".")
            if family == "step":
                self._step(what, step, at, data)
            elif family == "compensation":
                self._undo(what, step, at, data)
            elif kind == "intervention.opened":
                self._end_attempt("attempt", step, at, "failed")

    def _step(self, what: str, step: str, at: datetime, data: Mapping[str, Any]) -> None:
        if what == "started" and "lease" in data:
            if step in self.due:
                self._add("wait", "", min(self.due.pop(step), at), at)
            self.begun[step] = at
            self.first.setdefault(step, at)
        elif what in ("started", "waiting"):
            self.first.setdefault(step, at)
        elif "handed_back" in data:
            self.begun.pop(step, None)
            self.due[step] = at
        elif what in ("queued", "retry_scheduled", "fallback_started"):
            self._end_attempt("attempt", step, at, _outcome(data))
            self.due[step] = datetime.fromisoformat(data["due_at"]) if "due_at" in data else at
        elif what in ("completed", "failed"):
            self._end_attempt("attempt", step, at, _outcome(data))
            if not step.endswith("]"):  # a map counts as one step
                self._add("step", what, self.first.get(step), at)

    def _undo(self, what: str, step: str, at: datetime, data: Mapping[str, Any]) -> None:
        if what == "started":
            self.undo_first.setdefault(step, at)
            if "lease" in data:
                self.begun[step] = at
            return
        if what == "retry_scheduled" and data.keys() == {"direction", "due_at"}:  # handed back
            self.begun.pop(step, None)
            return
        self._end_attempt("undo_attempt", step, at, _outcome(data))
        if what == "failed" or (what == "completed" and data.get("undo") != "none"):
            left = "left" if data.get("undo") == "abandoned" else "undone"
            self._add("undo", what if what == "failed" else left, self.undo_first.get(step), at)

    def _end_attempt(self, kind: str, step: str, at: datetime, outcome: str) -> None:
        begun = self.begun.pop(step, None)
        if begun is not None:
            self._add(kind, outcome, begun, at)

    def _add(self, kind: str, outcome: str, since: datetime | None, at: datetime) -> None:
        self.found.setdefault(Key(kind, self.workflow, outcome), Counted()).add(since, at)


def _outcome(data: Mapping[str, Any]) -> str:
    if data.get("unknown"):
        return "unknown"
    if data.get("asked"):
        return "retry_needed"
    return "failed" if "error" in data else "succeeded"


def add_run(
    found: dict[Key, Counted], workflow: str, status: str, since: datetime | None, at: datetime
) -> None:
    """Counts the end of a run; `since` is None for one that has ended before."""
    found.setdefault(Key("run", workflow, status), Counted()).add(since, at)


def write(found: Mapping[Key, Counted]) -> None:
    """Adds to the rows, in a transaction of the caller and in one order of locks."""
    if not found:
        return
    names = {key.workflow for key in found}
    rows = OperationFigures.objects.exclude(workflow_name=OTHERS)
    known = set(rows.values_list("workflow_name", flat=True))
    free = max(0, WORKFLOWS_MAX - len(known))
    own = known | set(sorted(names - known)[:free])
    together: dict[Key, Counted] = {}
    for key, counted in found.items():
        place = key if key.workflow in own else key._replace(workflow=OTHERS)
        into = together.setdefault(place, Counted())
        into.count += counted.count
        into.sizes.update(counted.sizes)
    for place, counted in sorted(together.items(), key=lambda one: one[0]):
        row, _ = OperationFigures.objects.select_for_update().get_or_create(
            kind=place.kind, workflow_name=place.workflow, outcome=place.outcome
        )
        row.count += counted.count
        row.durations = histogram.merge(row.durations, counted.sizes)
        row.save(update_fields=["count", "durations"])
