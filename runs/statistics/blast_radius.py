"""What depends on a worker or on a connection, now: workflows, open runs, and undos that may be needed.

Documents are found by their text, DOCUMENTS_MAX at most; runs by an index of workflow and status, RUNS_MAX at
most. Reads only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q

from designer.models import WorkflowVersion
from designer.services.dependents import (
    DOCUMENTS_MAX,
    Call,
    Kind,
    calls_in_version,
    drafts_with,
    is_newest,
    versions_with,
)
from designer.services.folder_rights import seen_names
from runs.machine.states import RUN_ENDED, RunStatus, StepStatus, UndoStatus
from runs.models import IS_LISTED, Run, StepRun

RUNS_MAX = 5_000
IDS_AT_ONCE = 500
DEPTH_MAX = 20
OPEN = [status.value for status in RunStatus if status not in RUN_ENDED]
NEEDED = [UndoStatus.NONE, UndoStatus.PENDING, UndoStatus.RUNNING, UndoStatus.FAILED]
"""Undos that have not ended; of a step that has completed, one may be needed as long as its run is open."""


@dataclass(slots=True)
class Dependent:
    """A workflow that depends on it. `places`: `draft`, `version 3`. `undos`: effects that it is to undo."""

    workflow: str
    places: list[str] = field(default_factory=list)
    calls: set[tuple[str, str]] = field(default_factory=set)
    open_runs: int = 0
    undos: int = 0

    def add(self, place: str, calls: Iterable[Call]) -> None:
        self.places.append(place)
        self.calls |= {(call.step, call.slot) for call in calls}

    def as_json(self) -> dict[str, Any]:
        return {
            "workflow": self.workflow,
            "places": self.places,
            "calls": [{"step": step, "as": slot} for step, slot in sorted(self.calls)],
            "open_runs": self.open_runs,
            "undos": self.undos,
        }


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """All that depends on it. `is_all`: whether nothing was left out."""

    dependents: list[Dependent]
    is_all: bool

    @property
    def open_runs(self) -> int:
        return sum(dependent.open_runs for dependent in self.dependents)

    @property
    def undos(self) -> int:
        return sum(dependent.undos for dependent in self.dependents)

    def as_json(self) -> dict[str, Any]:
        return {
            "workflows": [dependent.as_json() for dependent in self.dependents],
            "open_runs": self.open_runs,
            "undos": self.undos,
            "is_all": self.is_all,
        }


def blast_radius(kind: Kind, name: str, user: Any = None) -> BlastRadius:
    """Returns what depends on a worker or a connection; nothing where nobody knows it.

    Of workflows that the person may not see nothing is told.
    """
    found: dict[str, Dependent] = {}
    for workflow, calls in drafts_with(kind, name):
        found.setdefault(workflow, Dependent(workflow)).add("draft", calls)
    versions = list(versions_with(kind, name)[: DOCUMENTS_MAX + 1])
    runs = _open_runs(versions[:DOCUMENTS_MAX])
    for version in versions[:DOCUMENTS_MAX]:
        own = runs.get(version.pk, [])
        if not own and not is_newest(version):
            continue
        if calls := calls_in_version(version, kind, name):
            dependent = found.setdefault(version.workflow.name, Dependent(version.workflow.name))
            dependent.add(f"version {version.number}", calls)
            dependent.open_runs += len(own)
            dependent.undos += _undos(own, calls)
    is_all = len(versions) <= DOCUMENTS_MAX and sum(map(len, runs.values())) < RUNS_MAX
    return BlastRadius([found[workflow] for workflow in sorted(seen_names(user, set(found)))], is_all)


def _open_runs(versions: Sequence[WorkflowVersion]) -> dict[int, list[UUID]]:
    """Returns the ids of runs of the versions that have not ended, by version; trials are no runs of one."""
    runs: dict[int, list[UUID]] = defaultdict(list)
    names = {version.workflow.name for version in versions}
    rows = Run.objects.filter(IS_LISTED, workflow_name__in=names, status__in=OPEN, imported__isnull=True)
    rows = rows.filter(version__in=versions).order_by("-created_at", "-id")
    for pk, version in rows.values_list("pk", "version")[:RUNS_MAX]:
        runs[version].append(pk)
    return runs


def _undos(runs: list[UUID], calls: Iterable[Call]) -> int:
    """Counts the steps of open runs that have completed and whose undo depends on it."""
    by_body: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        if call.slot == "undo":
            by_body[call.step.rpartition("/")[0]].append(call)
    if not by_body:
        return 0
    return sum(
        _count(ids, by_body[body]) for body, ids in _with_bodies(runs, any(by_body)) if body in by_body
    )


def _with_bodies(runs: list[UUID], has_bodies: bool) -> Iterator[tuple[str, list[UUID]]]:
    """Yields the runs, and those of their bodies by the path of the body, level by level."""
    yield "", runs
    level = runs
    for _ in range(DEPTH_MAX if has_bodies else 0):
        by_body: dict[str, list[UUID]] = defaultdict(list)
        for ids in _parts(level):
            rows = Run.objects.filter(parent__in=ids, body__isnull=False).values_list("body", "pk")
            for body, pk in rows[:RUNS_MAX]:
                by_body[body or ""].append(pk)
        if not by_body:
            return
        yield from by_body.items()
        level = [pk for ids in by_body.values() for pk in ids][:RUNS_MAX]


def _count(runs: list[UUID], calls: Sequence[Call]) -> int:
    names = [call.step.rpartition("/")[2] for call in calls]
    is_it = Q(name__in=names)
    for name in (call.step.rpartition("/")[2] for call in calls if call.is_map):
        is_it |= Q(name__startswith=f"{name}[")
    done = StepRun.objects.filter(is_it, status=StepStatus.COMPLETED, undo__in=NEEDED)
    done = done.exclude(name__in=[name for name, call in zip(names, calls, strict=True) if call.is_map])
    return sum(done.filter(run__in=ids).count() for ids in _parts(runs))


def _parts(ids: list[UUID]) -> Iterator[list[UUID]]:
    return (ids[first : first + IDS_AT_ONCE] for first in range(0, len(ids), IDS_AT_ONCE))
