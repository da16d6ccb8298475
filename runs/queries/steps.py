"""Steps, child runs and approvals as the page of a run shows them, and the columns of lists; few queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet

from designer.document.graph import Graph, Step, slot_of
from designer.document.wording import words_in_run
from designer.services.folder_rights import seen, seen_names
from runs.machine.allowed import PutOff, put_off
from runs.machine.limits import DEPTH_MAX
from runs.machine.states import RUN_ENDED, State
from runs.machine.vocabulary import UNREACHED
from runs.models import Run, StepRun
from runs.store.graph_cache import version_graph

FILTER_NAMES_MAX = 500
CHILDREN_MAX = 20
PUT_OFF_SHOWN_MAX = 20
LIST_FIELDS = (
    "id", "workflow_name", "status", "labels", "done", "total", "left",
    "created_at", "started_at", "finished_at", "paused_at", "trial", "imported", "version__number",
)  # fmt: skip


def is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def listed() -> QuerySet[Run]:
    """Returns runs for lists, newest first, without their inputs and states."""
    return Run.objects.select_related("version").only(*LIST_FIELDS).order_by("-created_at", "-id")


@dataclass(frozen=True, slots=True)
class ItemCounts:
    """Numbers of items of a map step. `done`: ended in any way."""

    total: int
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step of a run as its row shows it. `after`: its sources, unless that is the row before alone."""

    name: str
    does: str
    title: str
    slot: str
    undo_worker: str
    after: str
    added_by: str
    row: StepRun
    items: ItemCounts | None

    @property
    def badge(self) -> str:
        """The status to show: a pending step of an ended run was not reached."""
        is_unreached = self.row.status == "pending" and self.row.run.status in RUN_ENDED
        return UNREACHED if is_unreached else self.row.status

    @property
    def seconds(self) -> float | None:
        if self.row.started_at is None or self.row.finished_at is None:
            return None
        return (self.row.finished_at - self.row.started_at).total_seconds()


def step_lines(run: Run, graph: Graph, most: int) -> list[StepLine]:
    """Returns the first `most` steps of a run in topological order; items of maps are counted, not listed."""
    names = sorted(graph.by_name, key=graph.position.__getitem__)[:most]
    rows = {row.name: row for row in run.steps.filter(name__in=names).defer("lease", "process", "queue")}
    return [
        _line(run, graph, graph.by_name[name], rows.get(name) or StepRun(run=run, name=name), before)
        for name, before in zip(names, ["", *names], strict=False)
    ]


def blank_line(run: Run) -> StepLine:
    """Returns the row that a live page copies for a step that is added later."""
    return StepLine("", "", "", "", "", "", "", StepRun(run=run), None)


def _line(run: Run, graph: Graph, step: Step, row: StepRun, before: str) -> StepLine:
    sources = [edge.source for edge in graph.incoming[step.name]]
    return StepLine(
        name=step.name,
        does=words_in_run(step),
        title=step.title,
        slot=slot_of(step),
        undo_worker=step.undo.worker if step.undo else "",
        after="" if sources in ([], [before]) else ", ".join(sources),
        added_by=str(row.state.get("added_by") or ""),
        row=row,
        items=_count_items(run, row) if "items_total" in row.state else None,
    )


@dataclass(frozen=True, slots=True)
class RunAround:
    """A run that waits for another. `part`: what it is of the run around it, "" for a whole workflow."""

    run: Run
    part: str


def runs_around(run: Run, user: Any = None) -> list[RunAround]:
    """Returns the runs around a run that a person may see, the outermost first."""
    around: list[RunAround] = []
    outer = run.parent
    while outer is not None and len(around) < DEPTH_MAX:
        around.append(RunAround(outer, part_of(outer)))
        outer = outer.parent
    names = seen_names(user, {one.run.workflow_name for one in around})
    return [one for one in around[::-1] if one.run.workflow_name in names]


def part_of(run: Run) -> str:
    """Returns what the run of a body is of the run around it: `Turn 3 of poll`; "" for any other run."""
    if not run.body or run.parent is None:
        return ""
    name, _, index = run.parent_step.removesuffix("]").partition("[")
    if not index:
        return name
    step = version_graph(run.version_id).at(run.parent.body or "").by_name[name]
    return f"Turn {int(index) + 1} of {name}" if step.repeats else f"Item {index} of {name}"


def children(run: Run, user: Any = None) -> list[Run]:
    """Returns the newest runs that steps of this one have started, of those that a person may see."""
    runs = listed().only(*LIST_FIELDS, "parent_step", "body").filter(parent=run)
    return list(seen(runs, user)[:CHILDREN_MAX])


@dataclass(frozen=True, slots=True)
class PutOffStep:
    """A step with what comes later, and when."""

    name: str
    what: PutOff
    due_at: datetime | None


def put_off_steps(state: State, names: list[str], now: datetime) -> list[PutOffStep]:
    """Returns the first of the steps whose time a person can bring forward and that are not due yet."""
    found = state.steps_named(names[:PUT_OFF_SHOWN_MAX])
    what = {name: put_off(state.run, step) for name, step in found.items()}

    def is_later(name: str) -> bool:
        due_at = found[name].due_at
        return due_at is not None and due_at > now

    return [
        PutOffStep(name, later, found[name].due_at)
        for name, later in what.items()
        if later and is_later(name)
    ]


def _count_items(run: Run, row: StepRun) -> ItemCounts:
    items = run.steps.filter(name__startswith=f"{row.name}[")
    counts: Mapping[str, int] = dict(items.values_list("status").annotate(Count("id")).order_by())
    failed, cancelled = counts.get("failed", 0), counts.get("cancelled", 0)
    done = counts.get("completed", 0) + failed + cancelled
    return ItemCounts(int(row.state.get("items_total") or 0), done, failed)
