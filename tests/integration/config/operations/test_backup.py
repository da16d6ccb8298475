"""Backups: what is in one, what is refused, and what the check of one finds."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.management import call_command
from django.db import connection, transaction

from config.lib.commands import Refused
from config.operations.backup import checks, engines, service
from config.operations.backup.archive import MANIFEST, Reader
from config.operations.backup.errors import (
    CannotWrite,
    Damaged,
    NoBackup,
    NotEmpty,
    OfNewerVersion,
    OfOtherDatabase,
)
from designer.services.workflows import import_document
from runs.models import JournalEntry, Run, StepRun
from workers.cli.local_run import start_and_run
from workers.connections.service import put_secret


def quiet(text: str) -> None:
    pass


@pytest.fixture
def run(transactional_db: None) -> Run:
    steps = [{"name": name, "kind": "set", "values": {name: 1}} for name in ("first", "second")]
    edges = [{"from": "first", "to": "second"}]
    document = {"schema": 1, "name": "small", "steps": steps, "edges": edges}
    version = import_document(document, publish=True).version
    *_, run = start_and_run(version, {}, None)
    return Run.objects.get(pk=run.pk, status="completed")


@pytest.fixture
def backup(run: Run, tmp_path: Path) -> Path:
    return taken(tmp_path)


def taken(folder: Path) -> Path:
    path = folder / "backup"
    service.back_up(path, quiet)
    return path


def changed(path: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    """A copy of a backup whose manifest says something else."""
    other = path.with_name("changed")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(other, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == MANIFEST:
                manifest = orjson.loads(content)
                change(manifest)
                content = orjson.dumps(manifest)
            target.writestr(name, content)
    return other


def last(parts: dict[str, Any]) -> Any:
    return [*parts.values()][-1]


def flipped(path: Path) -> Path:
    """A copy of a backup in which bytes of its largest part are others.

    Not one alone: where content repeats itself, some bits of compressed bytes can be either way.
    """
    with zipfile.ZipFile(path) as archive:
        part = max(
            (entry for entry in archive.infolist() if entry.filename != MANIFEST),
            key=lambda entry: entry.compress_size,
        )
    content = bytearray(path.read_bytes())
    middle = part.header_offset + part.compress_size // 2
    content[middle : middle + 64] = bytes(byte ^ 0xFF for byte in content[middle : middle + 64])
    other = path.with_name("flipped")
    other.write_bytes(content)
    return other


def test_a_backup_is_private_and_holds_no_key(backup: Path, settings: Any) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert [path.name for path in backup.parent.iterdir()] == [backup.name]
    with zipfile.ZipFile(backup) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    assert not [name for name, value in content.items() if settings.SECRET_KEY.encode() in value]
    manifest = orjson.loads(content[MANIFEST])
    assert manifest["tables"]["runs_run"]["rows"] == Run.objects.count() == 1
    assert manifest["keys"] == [service.fingerprint(settings.SECRET_KEY)]


def test_the_check_finds_nothing_wrong_and_leaves_nothing_behind(backup: Path, run: Run) -> None:
    def traces() -> list[str]:
        if connection.vendor == "sqlite":
            return [path.name for path in Path(connection.settings_dict["NAME"]).parent.glob(".restore*")]
        with connection.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'sagaboard_try_%'")
            return [name for (name,) in cursor.fetchall()]

    found = service.verify(backup, quiet)
    assert (found.runs, found.problems) == (1, [])
    assert traces() == []
    assert Run.objects.get().pk == run.pk


def test_a_damaged_backup_is_refused(backup: Path) -> None:
    with pytest.raises(Damaged, match="cannot be read"):
        service.opened(flipped(backup), quiet)
    with pytest.raises(Damaged, match="checksum of "):
        service.opened(
            changed(backup, lambda manifest: [*manifest["parts"].values()][0].update(sha256="")), quiet
        )
    cut = backup.with_name("cut")
    cut.write_bytes(backup.read_bytes()[:-100])
    with pytest.raises(NoBackup, match="no whole archive"):
        service.opened(cut, quiet)


def test_restored_rows_are_counted_and_followed(backup: Path) -> None:
    manifest = Reader(backup).manifest
    checks.refuse_other(manifest)
    runs = manifest.tables["runs_run"]
    more = manifest.model_copy(update={"tables": {"runs_run": runs.model_copy(update={"rows": 2})}})
    with pytest.raises(Damaged, match="runs_run has 1 rows instead of 2"):
        checks.refuse_other(more)
    with transaction.atomic():
        Run.objects.update(version_id=0)  # references are checked at the end of a transaction
        with pytest.raises(Damaged, match="foreign key"):
            checks.refuse_other(manifest)
        transaction.set_rollback(True)


def test_backups_of_others_are_refused(backup: Path) -> None:
    with pytest.raises(OfNewerVersion, match=r"1 of its migrations \(first: runs.9999_later\)"):
        service.opened(
            changed(backup, lambda manifest: manifest["migrations"].append(["runs", "9999_later"])), quiet
        )
    with pytest.raises(OfOtherDatabase, match="comes from Oracle"):
        service.opened(changed(backup, lambda manifest: manifest.update(database="Oracle")), quiet)
    with pytest.raises(NoBackup, match="its manifest has another form, at format"):
        service.opened(changed(backup, lambda manifest: manifest.update(format=2)), quiet)


def test_a_database_in_use_is_left_alone(backup: Path, run: Run) -> None:
    with pytest.raises(NotEmpty, match="runs_run"):
        service.restore(backup, quiet)
    assert Run.objects.get().pk == run.pk


def test_no_other_file_is_replaced_and_an_earlier_backup_only_by_a_whole_one(
    backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = backup.with_name("letter")
    letter.write_text("keep me")
    with pytest.raises(NoBackup):
        service.back_up(letter, quiet)
    assert letter.read_text() == "keep me"
    with pytest.raises(CannotWrite, match="No such file"):
        service.back_up(backup.with_name("none") / "backup", quiet)

    def breaks(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    before = backup.read_bytes()
    monkeypatch.setattr(type(engines.engine()), "dump", breaks)
    with pytest.raises(CannotWrite, match="No space left"):
        service.back_up(backup, quiet)
    assert backup.read_bytes() == before
    assert {path.name for path in backup.parent.iterdir()} == {backup.name, "letter"}


def test_a_journal_that_tells_something_else_is_found(run: Run) -> None:
    assert checks.journals(None, quiet) == (1, [])
    assert checks.journals(0, quiet) == (0, [])
    step = StepRun.objects.get(run=run, name="first")
    step.state["status"] = "skipped"
    step.save()
    assert checks.journals(None, quiet)[1] == [f"run {run.pk}: its journal leads to other steps: first"]
    JournalEntry.objects.filter(run=run, seq=2).delete()
    last = run.last_seq
    wrong = f"run {run.pk}: its journal has {last - 1} entries up to number {last}, not {last}"
    assert checks.journals(None, quiet)[1] == [wrong]


def test_secrets_need_their_key(run: Run, tmp_path: Path, settings: Any) -> None:
    put_secret("shop", "s3cret")
    path = taken(tmp_path)
    assert checks.sealed_for_others() == []
    key, settings.SECRET_KEY = settings.SECRET_KEY, "another"
    assert service.missing_keys(Reader(path).manifest) == [service.fingerprint(key)]
    said = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("restore", str(path), "--verify", stdout=said)
    assert ended.value.code == 1
    assert "WRONG 1 secrets of secrets are opened by no key here" in said.getvalue()


def test_a_command_refuses_with_code_2(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is not a backup") as refused:
        call_command("restore", str(tmp_path / "none"))
    assert refused.value.returncode == 2
