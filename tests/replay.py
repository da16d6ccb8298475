"""A run's state replayed from its journal, to compare with the stored one."""

from __future__ import annotations

from runs.machine.events import Entry
from runs.machine.journal.apply import Nothing, apply
from runs.machine.states import RunState, State
from runs.models import JournalEntry, Run


def replayed(run: Run) -> State:
    """Returns the state that follows from the journal alone."""
    state = State(RunState(id=str(run.pk)), run.input, Nothing())
    for row in JournalEntry.objects.filter(run=run).order_by("seq"):
        apply(state, Entry(row.seq, row.type, row.at, row.step, row.attempt, row.data, row.payload))
    return state
