"""Folders that start runs: each file that comes to rest in one starts a run, once.

A scheduler looks at a folder every LOOK_EVERY. A file is taken when it has kept its size and time for
SETTLED_AFTER, and is known afterwards by its name, and by its inode, each with size and time: so neither a
restart, nor a second scheduler, nor a new name starts anything again. A file that is changed is a new one.

Folders lie below `DATA_DIR/files`, and are opened part by part without following links; a file that is a
link, a folder or a device is passed by. Work is bounded: a look reads LISTED_MAX names, looks at
LOOKED_AT_MAX files from where the last one ended, and starts STARTED_MAX runs.
"""

from __future__ import annotations

import os
import stat
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.conf import settings

from runs.engine.starting import Started
from runs.errors import NotForUs, RunsError, TriggerRefused, UnknownWorkflow, WorkflowFull
from runs.models import FoundFile, Trigger
from runs.store.database import database
from runs.store.transactions import transaction_of
from runs.triggers.calls import Outcome, note_call, note_use
from runs.triggers.incoming.cloudevents import input_of
from runs.triggers.starting import input_by, key_of, start

FILES = "files"  # the folder of the data folder
LOOK_EVERY = timedelta(seconds=5)
LOOK_LATER_AFTER = timedelta(seconds=30)  # at a folder that cannot be read
SETTLED_AFTER = timedelta(seconds=5)
FORGOTTEN_AFTER = timedelta(days=30)  # of files that are gone
LISTED_MAX = 100_000
LOOKED_AT_MAX = 2_000
STARTED_MAX = 100
FORGOTTEN_AT_ONCE_MAX = 1_000
UNFINISHED = (".part", ".tmp", ".crdownload", "~")  # of names under which programs write


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as a look found it."""

    name: str
    inode: str
    size: int
    modified_ns: int

    @property
    def modified(self) -> datetime:
        return datetime.fromtimestamp(self.modified_ns // 1_000_000_000, UTC)


def look(pk: int, at: datetime) -> bool:
    """Looks at a trigger's folder. Returns whether it started anything."""
    trigger = Trigger.objects.select_related("workflow").filter(pk=pk, due_at__lte=at).first()
    if trigger is None:
        return False
    try:
        names, is_whole = _names(trigger)
        part = names[bisect_right(names, trigger.position) :][:LOOKED_AT_MAX]
        seen = _seen(trigger.folder, part)
    except OSError as error:
        note_use(trigger, TriggerRefused(_told(trigger.folder, error)))
        _look_again(trigger, at + LOOK_LATER_AFTER)
        return False
    if not is_whole:
        note_use(trigger, TriggerRefused(f"The folder holds more than {LISTED_MAX:,} files: move some away."))
    settled = _settled(trigger, seen, at)
    started = [_take(trigger, pk_of_file, file, at) for pk_of_file, file in settled[:STARTED_MAX]]
    _forget(trigger, names, at)
    is_last = not part or part[-1] == names[-1]
    if len(settled) <= STARTED_MAX:  # else the rest of this part comes first
        trigger.position = "" if is_last else part[-1]
    is_done = is_last and len(settled) <= STARTED_MAX
    _look_again(trigger, at + LOOK_EVERY if is_done else at)
    return any(started)


def _look_again(trigger: Trigger, due_at: datetime) -> None:
    later = Trigger.objects.filter(pk=trigger.pk, due_at__lte=due_at)
    later.update(due_at=due_at, position=trigger.position)


# --- the folder ---


@contextmanager
def _opened(folder: str) -> Iterator[int]:
    """A descriptor of a folder below DATA_DIR/files; no part of its path is a link. Raises OSError."""
    flags = os.O_RDONLY | os.O_DIRECTORY
    descriptor = os.open(Path(settings.DATA_DIR) / FILES, flags)
    try:
        for part in folder.split("/"):
            inner = os.open(part, flags | os.O_NOFOLLOW, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def _names(trigger: Trigger) -> tuple[list[str], bool]:
    """The names of a folder that fit its pattern, in order, and whether these are all."""
    with _opened(trigger.folder) as descriptor, os.scandir(descriptor) as entries:
        listed = [entry.name for entry in islice(entries, LISTED_MAX + 1)]
    return sorted(name for name in listed[:LISTED_MAX] if _fits(name, trigger.pattern)), len(
        listed
    ) <= LISTED_MAX


def _fits(name: str, pattern: str) -> bool:
    if name.startswith(".") or name.endswith(UNFINISHED) or not fnmatchcase(name, pattern or "*"):
        return False
    return name.isprintable()  # neither control characters nor bytes that are no UTF-8


def _seen(folder: str, names: Sequence[str]) -> list[Seen]:
    seen = []
    with _opened(folder) as descriptor:
        for name in names:
            with suppress(FileNotFoundError):
                facts = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                if stat.S_ISREG(facts.st_mode):
                    seen.append(Seen(name, str(facts.st_ino), facts.st_size, facts.st_mtime_ns))
    return seen


def _told(folder: str, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"There is no folder {FILES}/{folder} in the data folder; make it."
    return f"The folder {FILES}/{folder} cannot be read: {error.strerror}. A link is not followed."


# --- its files ---


def _settled(trigger: Trigger, seen: Sequence[Seen], at: datetime) -> list[tuple[int, Seen]]:
    """The files that have come to rest and were not taken yet; those that are new are noted."""
    rows = FoundFile.objects.filter(trigger=trigger)
    by_name = {_key(row): row for row in rows.filter(name__in=[file.name for file in seen])}
    new = [file for file in seen if _key(file) not in by_name]
    if new:
        _note(trigger, new, at)
    is_current = {_key(file) for file in seen}
    outdated = [row.pk for key, row in by_name.items() if key not in is_current and row.taken_at is None]
    if outdated:
        rows.filter(pk__in=outdated).delete()
    found = ((by_name.get(_key(file)), file) for file in seen)
    return [
        (row.pk, file)
        for row, file in found
        if row is not None and row.taken_at is None and row.found_at <= at - SETTLED_AFTER
    ]


def _key(file: Seen | FoundFile) -> tuple[str, int, int]:
    return file.name, file.size, file.modified_ns


def _note(trigger: Trigger, new: Sequence[Seen], at: datetime) -> None:
    """Notes new files; one that was taken under another name counts as taken."""
    same = FoundFile.objects.filter(
        trigger=trigger, inode__in=[file.inode for file in new], taken_at__isnull=False
    )
    taken = set(same.values_list("inode", "size", "modified_ns"))
    rows = [
        FoundFile(
            trigger=trigger,
            name=file.name,
            inode=file.inode,
            size=file.size,
            modified_ns=file.modified_ns,
            found_at=at,
            taken_at=at if (file.inode, file.size, file.modified_ns) in taken else None,
        )
        for file in new
    ]
    FoundFile.objects.bulk_create(rows, ignore_conflicts=True)


def _take(trigger: Trigger, pk: int, file: Seen, at: datetime) -> bool:
    """Starts the run of a file, in one transaction with the note that it is taken."""
    with transaction_of(database()):
        untaken = FoundFile.objects.select_for_update().filter(pk=pk, taken_at=None)
        if not untaken.exists():
            return False
        outcome, reason, run_id = _started(trigger, file)
        if outcome is None:
            return False
        note_call(trigger, outcome, what=file.name, size=file.size, reason=reason, run_id=run_id)
        FoundFile.objects.filter(pk=pk).update(taken_at=at)
    return True


def _started(trigger: Trigger, file: Seen) -> tuple[Outcome | None, str, UUID | None]:
    """What came of a file; None if it is to be tried again."""
    path = f"{trigger.folder}/{file.name}"
    facts = {"file": path, "size": file.size, "modified": file.modified.isoformat()}
    scope = {"file": {"path": path, "name": file.name, **facts}}
    key = key_of("file", str(trigger.pk), file.inode, str(file.size), str(file.modified_ns))
    try:
        input = input_by(trigger, scope, input_of(facts, trigger.input_key, "file"))
        started = start(trigger, input, {"trigger": "file"}, key)
    except NotForUs as error:
        return Outcome.SKIPPED, str(error), None
    except (UnknownWorkflow, WorkflowFull):  # noted by `start`
        return None, "", None
    except RunsError as error:
        return Outcome.REFUSED, str(error), None
    if not isinstance(started, Started):
        return Outcome.HELD, "", None
    return Outcome.STARTED if started.is_new else Outcome.KNOWN, "", started.run.pk


def _forget(trigger: Trigger, names: Sequence[str], at: datetime) -> None:
    """Removes what is known of files that are gone for a long time."""
    old = FoundFile.objects.filter(trigger=trigger, found_at__lt=at - FORGOTTEN_AFTER).order_by("pk")
    listed = set(names)
    gone = [pk for pk, name in old.values_list("pk", "name")[:FORGOTTEN_AT_ONCE_MAX] if name not in listed]
    if gone:
        FoundFile.objects.filter(pk__in=gone).delete()
