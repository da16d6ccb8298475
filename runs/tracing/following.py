"""Sends the spans of what a commit has ended.

The process that committed makes them, right after the commit and outside of every transaction, from what it
has in memory. So a span costs no query, but where a rollback asks for the past; and what is lost with a
process are the spans that it had not sent yet. Where traces are off, nothing here is called.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.db.models import QuerySet

from designer.document.graph import Graph
from runs.machine.events import Decision
from runs.models import JournalEntry
from runs.store.reader import Loaded
from runs.tracing import contexts
from runs.tracing.spans import ENDS, Rollback, Traced, rollback_in

logger = logging.getLogger(__name__)


class StoredHistory:
    """Reads the journal, as far as it is asked for; one for each commit."""

    def __init__(self, run_id: UUID) -> None:
        self._run_id = run_id

    def _entries(self, *types: str) -> QuerySet[JournalEntry]:
        return JournalEntry.objects.filter(run_id=self._run_id, type__in=types).order_by("seq")

    @cached_property
    def _rollback(self) -> Rollback | None:
        rows = self._entries("run.compensating", *ENDS)
        return rollback_in(rows.values_list("seq", "type", "at"))

    def rollback(self) -> Rollback | None:
        return self._rollback

    def undo_began_at(self, step: str, rollback: int) -> datetime | None:
        rows = self._entries("compensation.started").filter(seq__gt=rollback, step=step)
        return rows.values_list("at", flat=True).first()


def follow(loaded: Loaded, graph: Graph, decisions: Sequence[Decision]) -> None:
    """Sends the spans that ended with decisions on a run, which was read as `loaded` before them."""
    from config.telemetry import provider  # loads the SDK, which costs time and memory

    run_id = loaded.rows.run_id
    try:
        trace, parent = contexts.trace_of(run_id, decisions[-1].state.run)
        if not provider.sampled(trace, loaded.workflow, parent):
            return
        about: dict[str, str | int | bool] = {
            "sagaboard.run": str(run_id),
            "sagaboard.workflow": loaded.workflow,
        }
        if loaded.body:
            about["sagaboard.body"] = loaded.body
        if loaded.is_trial:
            about["sagaboard.trial"] = True
        traced = Traced(run_id, graph, parent.span if parent else None, about, StoredHistory(run_id))
        provider.send(trace, traced.spans(loaded.state, decisions))
    except Exception:  # the work is committed; only its trace is incomplete
        logger.exception("run %s: spans are lost", run_id)
