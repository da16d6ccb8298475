"""Backup, restore and the proof of a backup, as the commands call them."""

from __future__ import annotations

import hmac
import time
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from config.lib.json import iso
from config.operations.backup import checks, migrations
from config.operations.backup.archive import Manifest, Reader, written
from config.operations.backup.engines import Engine, Say, engine
from config.operations.backup.errors import NotEmpty, OfOtherDatabase
from config.operations.diagnostics import refuse_unmigrated
from config.operations.instance_lock import only_one
from config.sealing_keys import sealing_keys
from runs.store import reader

FINGERPRINT_HEX = 12
PURPOSE = "sagaboard.backup.key"
WORDS_EVERY_S = 2.0


def back_up(path: Path, say: Say) -> Manifest:
    """Writes a backup of the database. Raises CannotWrite or NoBackup."""
    refuse_unmigrated()
    made_at = str(iso(reader.now()))
    with written(path) as writer:
        tables = engine().dump(writer, path.parent, seldom(say))
        manifest = Manifest(
            made_at=made_at,
            database=engine().kind,
            migrations=migrations.applied(),
            tables=tables,
            keys=[fingerprint(key) for key in sealing_keys()],
        )
        writer.finish(manifest)
    return manifest


def restore(path: Path, say: Say) -> Manifest:
    """Restores a backup into the empty database of the settings, and migrates it.

    Raises NoBackup, NotEmpty, OfNewerVersion, OfOtherDatabase, Damaged, or AlreadyUp.
    """
    backup, place = opened(path, say)
    with only_one(settings.DATA_DIR):
        if found := migrations.tables_in_use():
            raise NotEmpty(place.place, found)
        with place.target():
            _fill(place, backup, seldom(say))
    return backup.manifest


@dataclass(frozen=True)
class Verdict:
    manifest: Manifest
    runs: int
    problems: list[str]


def verify(path: Path, say: Say, runs_max: int | None = None) -> Verdict:
    """Restores a backup into a throw-away database and looks at it there.

    `runs_max`: of how many runs, the newest, the journal is replayed; None for all. Raises NoBackup,
    OfNewerVersion, OfOtherDatabase, Damaged, or NoScratch.
    """
    backup, place = opened(path, say)
    tell = seldom(say)
    with place.scratch():
        _fill(place, backup, tell)
        count, problems = checks.journals(runs_max, tell)
        problems += checks.sealed_for_others()
    return Verdict(backup.manifest, count, problems)


def missing_keys(manifest: Manifest) -> list[str]:
    """Fingerprints of keys that the backup may need and the settings do not have."""
    here = {fingerprint(key) for key in sealing_keys()}
    return [key for key in manifest.keys if key not in here]


def opened(path: Path, say: Say) -> tuple[Reader, Engine]:
    """A backup that was read to its end. Raises NoBackup, OfOtherDatabase, OfNewerVersion, or Damaged."""
    backup = Reader(path)
    if backup.manifest.database != engine().kind:
        raise OfOtherDatabase(backup.manifest.database, engine().kind)
    migrations.refuse_newer(backup.manifest.migrations)
    backup.read_through(seldom(say))
    return backup, engine()


def _fill(place: Engine, backup: Reader, say: Say) -> None:
    place.load(backup, say)
    checks.refuse_other(backup.manifest)
    call_command("migrate", interactive=False, verbosity=0)


def fingerprint(key: str) -> str:
    """Tells a key from others and gives nothing of it away."""
    return hmac.new(key.encode(), PURPOSE.encode(), "sha256").hexdigest()[:FINGERPRINT_HEX]


def seldom(say: Say) -> Say:
    """Says what is told, but not more often than every `WORDS_EVERY_S`."""
    said_at = time.monotonic()

    def maybe(text: str) -> None:
        nonlocal said_at
        if time.monotonic() - said_at > WORDS_EVERY_S:
            said_at = time.monotonic()
            say(text)

    return maybe
