"""Whether restored data is what was backed up, and whether the product could go on with it."""

from __future__ import annotations

from django.db import IntegrityError, connection
from django.db.models import Count, Max

from config.lib.commands import one_line
from config.lib.errors import SagaboardError
from config.operations.backup.archive import Manifest
from config.operations.backup.engines import Say, quoted
from config.operations.backup.errors import Damaged
from config.sealing_keys import sealing_keys
from runs.machine.events import Entry
from runs.machine.journal.apply import Nothing, apply
from runs.machine.states import RunState, State
from runs.maintenance.resealing import unopened
from runs.models import JournalEntry, Run
from runs.store import reader

RUNS_PER_QUERY = 500
NAMES_CHARS_MAX = 200


def refuse_other(manifest: Manifest) -> None:
    """Raises Damaged if rows are missing, or point at rows that are missing."""
    with connection.cursor() as cursor:
        for name, table in manifest.tables.items():
            cursor.execute(f"SELECT count(*) FROM {quoted(name)}")
            if (count := cursor.fetchone()[0]) != table.rows:
                raise Damaged(f"{name} has {count:,} rows instead of {table.rows:,}")
    try:
        connection.check_constraints()
    except IntegrityError as error:
        raise Damaged(one_line(error)) from error


def sealed_for_others() -> list[str]:
    """Problems of secrets that no key of the settings opens."""
    return [
        f"{count:,} secrets of {what} are opened by no key here; set SECRET_KEY, or add it to "
        "SECRET_KEY_FALLBACKS"
        for what, count in unopened(sealing_keys()).items()
    ]


def journals(runs_max: int | None, say: Say) -> tuple[int, list[str]]:
    """Replays the journals of the newest `runs_max` runs, or of all.

    Returns how many, and the problems of those that do not lead to what is stored of their run.
    """
    runs = Run.every.filter(pruned_at=None).order_by("-created_at")
    keys = list(runs.values_list("pk", flat=True)[:runs_max])
    problems = []
    for at in range(0, len(keys), RUNS_PER_QUERY):
        for run in runs.filter(pk__in=keys[at : at + RUNS_PER_QUERY]):
            if problem := journal_problem(run):
                problems.append(f"run {run.pk}: {problem}")
        say(f"the journals of {at:,} of {len(keys):,} runs are replayed")
    return len(keys), problems


def journal_problem(run: Run) -> str:
    """Why the journal of a run does not lead to what is stored of it; empty if it does."""
    entries = JournalEntry.objects.filter(run=run)
    found = entries.aggregate(count=Count("pk"), last=Max("seq"))
    if found != {"count": run.last_seq, "last": run.last_seq or None}:
        return f"its journal has {found['count']} entries up to number {found['last']}, not {run.last_seq}"
    state = State(RunState(id=str(run.pk)), run.input, Nothing())
    try:
        for row in entries.order_by("seq"):
            apply(state, Entry(row.seq, row.type, row.at, row.step, row.attempt, row.data, row.payload))
        stored = reader.load(run.pk).state
        told, kept = state.steps(), stored.steps()
    except (KeyError, ValueError, TypeError, SagaboardError) as error:
        return f"its journal or state cannot be read ({one_line(repr(error))})"
    if state.run != stored.run:
        return f"its journal leads to {state.run.status}, stored is {stored.run.status}"
    different = sorted(name for name in {*told, *kept} if told.get(name) != kept.get(name))
    return f"its journal leads to other steps: {', '.join(different)[:NAMES_CHARS_MAX]}" if different else ""
