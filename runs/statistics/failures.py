"""Why runs failed lately, by cause: the same error, whatever ids and numbers are in it. Reading only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from designer.services.folder_rights import seen
from runs.machine.states import RunStatus
from runs.models import IS_LISTED, Run
from runs.store.interventions import cause_of

FAILED = (RunStatus.FAILED, RunStatus.COMPENSATED)
READ_MAX = 500  # of the newest runs of each status
SHOWN_MAX = 5


@dataclass(slots=True)
class FailureCause:
    """Runs that ended by the same error. `newest`: the id of the one that ended last, at `at`."""

    text: str
    newest: UUID
    at: datetime
    counts: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        return self.counts.total()

    @property
    def undone(self) -> int:
        return self.counts[RunStatus.COMPENSATED]

    @property
    def place(self) -> str:
        """The step and workflow where it happened most, and how many others."""
        (name, _), *others = self.places.most_common()
        return f"{name} and {len(others)} more" if others else name


@dataclass(frozen=True, slots=True)
class Failures:
    """The most frequent causes. `more`: how many others there are; `is_all`: whether all runs were read."""

    causes: list[FailureCause]
    more: int
    is_all: bool

    def __bool__(self) -> bool:
        return bool(self.causes)


def failures(since: datetime, user: Any = None) -> Failures:
    """Returns the causes of the runs that failed since a time, those that were rolled back included.

    `user`: the person who asks, from whom runs that they may not see are left out.
    """
    causes: dict[str, FailureCause] = {}
    is_all = True
    for status in FAILED:  # an index has each status in the order of their ends
        runs = Run.objects.filter(IS_LISTED, trial=False, imported__isnull=True, status=status)
        runs = seen(runs, user)
        columns = ("pk", "workflow_name", "error", "finished_at")
        rows = runs.filter(finished_at__gte=since).order_by("-finished_at").values_list(*columns)
        read = list(rows[: READ_MAX + 1])
        is_all = is_all and len(read) <= READ_MAX
        for pk, workflow, error, at in read[:READ_MAX]:
            if error:  # a run that a person rolled back has none
                text = cause_of(error)
                cause = causes.setdefault(text, FailureCause(text, pk, at))
                cause.counts[status] += 1
                step = str(error.get("step") or "").partition("[")[0]
                cause.places[f"{step} of {workflow}" if step else workflow] += 1
                if at > cause.at:
                    cause.newest, cause.at = pk, at
    ordered = sorted(causes.values(), key=lambda cause: (-cause.count, -cause.at.timestamp()))
    return Failures(ordered[:SHOWN_MAX], max(0, len(ordered) - SHOWN_MAX), is_all)
