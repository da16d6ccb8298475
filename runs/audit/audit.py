"""All acts of people: from the starts of runs, the journal, the acts on interventions and Django's admin log.

Each source is read in pages ordered by time and the sources are merged, so that the audit of a year takes no
more memory than that of a day. Fields of `Line` are the columns of exported files.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from heapq import merge
from typing import Any, Literal

import orjson
from django.contrib.admin.models import LogEntry
from django.db.models import Q, QuerySet

from config.accounts.models import KeptLogEntry
from config.lib.secrets import mask_secrets
from designer.services.folder_rights import seen, sees_all
from runs.models import ACTS, CaseAct, JournalEntry, Run

ROWS_PER_READ = 500
FLAGS = {1: "added", 2: "changed", 3: "deleted"}
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # first characters by which spreadsheets know a formula
# SQL with literals: SQLite uses the partial index `journal_acts` only if it sees the same list of types.
IS_ACT = f"runs_journalentry.type IN ({', '.join(repr(act) for act in ACTS)})"


@dataclass(frozen=True, slots=True)
class Line:
    """One act. `where`: its source: the journal, an intervention, the admin log, or the start of a run."""

    at: datetime
    where: Literal["journal", "case", "admin", "run"]
    who: str
    act: str
    run: str = ""
    workflow: str = ""
    step: str = ""
    case: str = ""
    answer: str = ""
    note: str = ""
    details: Any = None


COLUMNS = [field.name for field in fields(Line)]


@dataclass(frozen=True, slots=True)
class Source:
    """One table: its rows, the column of their time, and the function that makes a line of a row."""

    rows: QuerySet[Any]
    at: str
    read: Callable[[Any], Line]

    def within(self, since: datetime, until: datetime) -> QuerySet[Any]:
        return self.rows.filter(**{f"{self.at}__gte": since, f"{self.at}__lt": until})


def lines(since: datetime, until: datetime, user: Any = None) -> Iterator[Line]:
    """Yields the acts with `since` <= time < `until`, oldest first, of those that a person may see."""
    yield from merge(*(_paged(source, since, until) for source in _sources(user)), key=lambda line: line.at)


def latest(since: datetime, until: datetime, most: int, user: Any = None) -> list[Line]:
    """Returns the `most` newest acts with `since` <= time < `until`, newest first."""
    newest = [
        source.read(row)
        for source in _sources(user)
        for row in source.within(since, until).order_by(f"-{source.at}", "-pk")[:most]
    ]
    return sorted(newest, key=lambda line: line.at, reverse=True)[:most]


def _paged(source: Source, since: datetime, until: datetime) -> Iterator[Line]:
    rows = source.within(since, until).order_by(source.at, "pk")
    page = list(rows[:ROWS_PER_READ])
    while page:
        yield from map(source.read, page)
        at, pk = getattr(page[-1], source.at), page[-1].pk
        later = Q(**{f"{source.at}__gt": at}) | Q(**{source.at: at, "pk__gt": pk})
        page = list(rows.filter(later)[:ROWS_PER_READ]) if len(page) == ROWS_PER_READ else []


def _sources(user: Any = None) -> list[Source]:
    """The tables. The admin's log names workflows in its texts: who may not see all sees their own lines."""
    unread = ("run__input", "run__state")
    runs = seen(Run.objects.select_related("started_by").defer("input", "state"), user)
    entries = JournalEntry.objects.extra(where=[IS_ACT]).select_related("run").defer(*unread)  # nosec B610
    entries = seen(entries.filter(run__imported__isnull=True), user, "run__workflow_name")
    acts = CaseAct.objects.select_related("case__run").defer(*(f"case__{name}" for name in unread))
    acts = seen(acts, user, "case__run__workflow_name")
    log = LogEntry.objects.select_related("user", "content_type")
    former = KeptLogEntry.objects.select_related("content_type")
    if not sees_all(user):
        log, former = log.filter(user=user), former.none()
    return [
        Source(runs.filter(started_by__isnull=False), "created_at", _of_run),
        Source(entries, "at", _of_entry),
        Source(acts, "at", _of_act),
        Source(log, "action_time", _of_log),
        Source(runs.filter(started_by_name__isnull=False), "created_at", _of_run),
        Source(former, "at", _of_kept_log),
    ]


def _of_run(run: Run) -> Line:
    return Line(run.created_at, "run", run.starter, "run.created", str(run.pk), run.workflow_name)


def _of_entry(entry: JournalEntry) -> Line:
    data = entry.data
    return Line(
        entry.at,
        "journal",
        str(data.get("by") or ""),
        entry.type,
        str(entry.run_id),
        entry.run.workflow_name,
        entry.step,
        answer=str(data.get("answer") or data.get("reason") or ""),
        note=str(data.get("note") or ""),
        details=_details(entry),
    )


def _details(entry: JournalEntry) -> Any:
    """Returns what else an entry holds: the patch of an answer, an error, the person that proposed it."""
    details = {key: entry.data[key] for key in ("proposed_by", "name", "plan") if entry.data.get(key)}
    error = entry.data.get("error")
    if isinstance(error, dict):
        details["error"] = {key: error[key] for key in ("code", "message") if key in error}
    if entry.type == "intervention.answered" and entry.payload is not None:
        details["patch"] = entry.payload
    return details or None


def _of_act(act: CaseAct) -> Line:
    intervention = act.case
    return Line(
        act.at,
        "case",
        act.by,
        f"case.{act.act}",
        str(intervention.run_id),
        intervention.run.workflow_name,
        intervention.step,
        str(intervention.pk),
        str(act.data.get("answer") or ""),
        act.text,
        act.data or None,
    )


def _of_log(entry: LogEntry) -> Line:
    by, text = entry.user.get_username(), entry.get_change_message()
    return _admin_line(entry, entry.action_time, by, entry.action_flag, text)


def _of_kept_log(entry: KeptLogEntry) -> Line:
    return _admin_line(entry, entry.at, entry.by, entry.flag, entry.text)


def _admin_line(entry: LogEntry | KeptLogEntry, at: datetime, by: str, flag: int, text: str) -> Line:
    kind = entry.content_type.name if entry.content_type else ""
    return Line(
        at,
        "admin",
        by,
        f"admin.{FLAGS.get(flag, flag)}",
        case=str(entry.object_id or "") if kind == "intervention" else "",
        note=text,
        details={"kind": kind, "id": entry.object_id, "name": entry.object_repr},
    )


# --- files ---


def as_csv(acts: Iterator[Line]) -> Iterator[bytes]:
    """Yields CSV with a header; a text that looks like a formula gets an apostrophe in front."""
    yield _csv_row(COLUMNS)
    for line in acts:
        yield _csv_row([_cell(value) for value in _values(line)])


def as_json(acts: Iterator[Line]) -> Iterator[bytes]:
    """Yields one JSON array, an act per line."""
    yield b"["
    is_first = True
    for line in acts:
        record = dict(zip(COLUMNS, _values(line), strict=True))
        yield (b"\n" if is_first else b",\n") + mask_secrets(orjson.dumps(record).decode()).encode()
        is_first = False
    yield b"\n]\n"


def _values(line: Line) -> list[Any]:
    return [getattr(line, name) for name in COLUMNS]


def _csv_row(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    text = value if isinstance(value, str) else "" if value is None else orjson.dumps(value).decode()
    text = mask_secrets(text)
    return f"'{text}" if text.startswith(FORMULA) else text
