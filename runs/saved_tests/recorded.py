"""Reads runs as `runs.testing.recording` takes them: entries with payloads, and the runs of their steps."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from designer.document.document import parse
from designer.document.graph import Graph
from designer.services.folder_rights import seen_names
from runs.errors import NotRecordable, UnknownRun
from runs.machine.bindings import run_output
from runs.machine.events import Entry
from runs.models import JournalEntry, Run
from runs.queries.runs import load
from runs.testing.recorded import RecordedRun

ENTRIES_MAX = 20_000


def recorded_run(workflow: str, run_id: UUID, user: Any = None) -> RecordedRun:
    """Returns a run of a workflow with all that belongs to it, as far as the person may see that.

    Raises UnknownRun or NotRecordable.
    """
    run = Run.objects.select_related("version").filter(pk=run_id, workflow_name=workflow).first()
    if run is None or run.body is not None:
        raise UnknownRun(run_id)
    if run.finished_at is None:
        raise NotRecordable("The run has not ended; a test can be made of it when it has.")
    return _read(run, [0], user)


def _read(run: Run, counted: list[int], user: Any) -> RecordedRun:
    """`counted`: the entries so far, of all runs."""
    rows = JournalEntry.objects.filter(run=run).order_by("seq")
    entries = [_entry(row) for row in rows[: ENTRIES_MAX + 1]]
    counted[0] += len(entries)
    if counted[0] > ENTRIES_MAX:
        raise NotRecordable(f"The run has more than {ENTRIES_MAX:,} entries; make the test of a shorter one.")
    children = Run.objects.filter(parent=run).select_related("version").order_by("created_at", "id")
    names = {child.workflow_name for child in children}
    if seen_names(user, names) != names:
        raise NotRecordable("The run has started runs that are not for you to see.")
    graph, state = load(run.pk)
    return RecordedRun(
        _base_of(run),
        state.run,
        entries,
        [(child.parent_step, _read(child, counted, user)) for child in children],
        dict(state.input),
        run_output(graph, state),
        run.body is not None,
    )


def _entry(row: JournalEntry) -> Entry:
    data: dict[str, Any] = row.data or {}
    return Entry(row.seq, row.type, row.at, row.step, row.attempt, data, row.payload, row.status)


def _base_of(run: Run) -> Graph:
    """Returns the graph of a run without the steps that dynamic steps have added."""
    graph = parse(run.version.resolved)[0]
    if graph is None:
        raise NotRecordable("The definition of this run cannot be read any more.")
    return graph.at(run.body or "")
