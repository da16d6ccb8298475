"""What became of the calls of a worker: counts over ended runs, and the latest runs that failed in it.

Counters of the newest VERSIONS_MAX versions that call it are added up, and the newest RUNS_MAX failed runs of
each end are looked through. Reads only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from config.lib.json import iso
from designer.models import WorkflowVersion
from designer.services.dependents import Call, calls_in_version, versions_with
from designer.services.folder_rights import seen_names
from runs.machine.states import RunStatus
from runs.models import IS_LISTED, Run, StepFigures
from runs.statistics import histogram
from runs.statistics.histogram import Sizes

VERSIONS_MAX = 50
RUNS_MAX = 200
FAILURES_MAX = 10
CODES_MAX = 20
FAILED = (RunStatus.FAILED, RunStatus.COMPENSATED)

Version = tuple[WorkflowVersion, list[Call]]


@dataclass(slots=True)
class WorkerFigures:
    """Sums over the steps that call it. `is_all`: whether all versions that call it were counted."""

    counts: Counter[str] = field(default_factory=Counter)
    durations: Sizes = field(default_factory=dict)
    codes: Counter[str] = field(default_factory=Counter)
    is_all: bool = True

    def add(self, row: StepFigures, slots: Iterable[str]) -> None:
        if "step" in slots:
            for name in ("completed", "failed", "retried"):
                self.counts[name] += getattr(row, name)
            self.durations = histogram.merge(self.durations, row.durations)
            for part in ("own", "item"):
                self.codes.update((row.facts or {}).get(part, {}).get("codes", {}))
        if "undo" in slots:
            for name in ("undone", "undo_failed"):
                self.counts[name] += getattr(row, name)

    def as_json(self) -> dict[str, Any]:
        names = ("completed", "failed", "retried", "undone", "undo_failed")
        attempts = sum(self.counts[name] for name in ("completed", "failed", "retried"))
        return {
            "attempts": attempts,
            **{name: self.counts[name] for name in names},
            "p50_ms": self._percentile(0.5),
            "p95_ms": self._percentile(0.95),
            "codes": dict(self.codes.most_common(CODES_MAX)),
            "is_all": self.is_all,
        }

    def _percentile(self, fraction: float) -> int | None:
        milliseconds = histogram.percentile(self.durations, fraction)
        return None if milliseconds is None else round(milliseconds)


def worker_figures(name: str, user: Any = None) -> tuple[WorkerFigures, list[dict[str, Any]]]:
    """The figures of a worker, and its latest failures, of the workflows that the person may see."""
    found = list(versions_with("worker", name)[: VERSIONS_MAX + 1])
    seen = seen_names(user, {version.workflow.name for version in found})
    versions = [
        (version, calls)
        for version in found[:VERSIONS_MAX]
        if version.workflow.name in seen and (calls := calls_in_version(version, "worker", name))
    ]
    figures = WorkerFigures(is_all=len(found) <= VERSIONS_MAX)
    slots: dict[tuple[int, str], set[str]] = {}
    for version, calls in versions:
        for call in calls:
            slots.setdefault((version.pk, call.step), set()).add(call.slot)
    paths = {step for _, step in slots}
    for row in StepFigures.objects.filter(version__in=[each.pk for each, _ in versions], step__in=paths):
        figures.add(row, slots.get((row.version_id, row.step), ()))
    return figures, _failures(versions)


def _failures(versions: list[Version]) -> list[dict[str, Any]]:
    """Runs whose error is of a step that calls it; of a body, the run around it is meant."""
    steps = {
        version.pk: {call.step.partition("/")[0] for call in calls if call.slot != "undo"}
        for version, calls in versions
    }
    names = {version.workflow.name for version, _ in versions}
    found: list[dict[str, Any]] = []
    for status in FAILED:
        runs = Run.objects.filter(IS_LISTED, workflow_name__in=names, status=status)
        runs = runs.filter(trial=False, imported__isnull=True).order_by("-created_at", "-id")
        columns = ("pk", "workflow_name", "version", "error", "finished_at")
        for pk, workflow, version, error, at in runs.values_list(*columns)[:RUNS_MAX]:
            step = str((error or {}).get("step") or "").partition("[")[0]
            if step in steps.get(version, ()):
                said = {name: str(error.get(name) or "") for name in ("code", "message")}
                found.append({"run": str(pk), "workflow": workflow, "step": step, **said, "at": iso(at)})
    return sorted(found, key=lambda each: each["at"] or "", reverse=True)[:FAILURES_MAX]
