"""Folders that start runs: each file once, whatever happens to schedulers, names and copies."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from designer.models import Workflow
from runs.errors import TriggerRefused
from runs.maintenance import sweep
from runs.models import FoundFile, Run, Trigger
from runs.store import reader
from runs.triggers import calls, files, service
from runs.triggers.files import look
from runs.triggers.spec import TriggerSpec
from tests.integration.runs.conftest import Publish, chain, step
from tests.integration.runs.triggers.triggering import at_once
from tests.integration.runs.triggers.triggering import sample as sample


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    inbox = tmp_path / "files" / "inbox"
    inbox.mkdir(parents=True)
    return inbox


def file_trigger(workflow: Workflow, folder: str = "inbox", **wanted: object) -> Trigger:
    spec = TriggerSpec(folder=folder, **wanted)  # type: ignore[arg-type]
    return service.create(workflow, "file", spec)[0]


def look_after(trigger: Trigger, *seconds: float) -> list[str]:
    """Looks at a folder so many seconds from now; the files that have started runs, in order."""
    for later in seconds:
        at = reader.now() + timedelta(seconds=later)
        Trigger.objects.filter(pk=trigger.pk).update(due_at=at)
        look(trigger.pk, at)
    return sorted(run.input["file"] for run in Run.objects.all())


@pytest.mark.rule("R11.16")
def test_a_file_that_has_come_to_rest_starts_a_run(sample: Workflow, folder: Path) -> None:
    trigger = file_trigger(sample)
    (folder / "a.csv").write_text("1,2")
    assert look_after(trigger, 0, 3) == []
    assert look_after(trigger, 6, 12, 18) == ["inbox/a.csv"]
    run = Run.objects.get()
    assert run.labels == {"trigger": "file"} and run.input["size"] == 3
    assert run.input["modified"].endswith("+00:00")
    (call,) = calls.of_trigger(trigger)
    assert (call.outcome, call.what, call.size, call.run_id) == ("started", "a.csv", 3, run.pk)


@pytest.mark.rule("R11.16")
def test_a_file_that_grows_is_waited_for(sample: Workflow, folder: Path) -> None:
    trigger = file_trigger(sample)
    for size in range(1, 5):
        (folder / "a.csv").write_text("x" * size)
        assert look_after(trigger, 10 * size) == []
    assert look_after(trigger, 50) == ["inbox/a.csv"]
    assert Run.objects.get().input["size"] == 4 and FoundFile.objects.count() == 1


@pytest.mark.rule("R11.16")
def test_neither_a_new_name_nor_a_copy_with_its_times_starts_anything_again(
    sample: Workflow, folder: Path
) -> None:
    trigger = file_trigger(sample)
    path = folder / "a.csv"
    path.write_text("1,2")
    look_after(trigger, 0, 6)
    path.rename(folder / "b.csv")
    assert look_after(trigger, 12, 18, 24) == ["inbox/a.csv"]
    (folder / "b.csv").rename(path)
    facts = path.stat()
    path.unlink()
    (folder / "other").write_text("x")  # takes the inode
    path.write_text("1,2")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert look_after(trigger, 30, 36) == ["inbox/a.csv", "inbox/other"]


def test_a_file_that_is_changed_is_a_new_one(sample: Workflow, folder: Path) -> None:
    trigger = file_trigger(sample)
    (folder / "a.csv").write_text("1")
    look_after(trigger, 0, 6)
    (folder / "a.csv").write_text("2,3")
    assert look_after(trigger, 12, 18) == ["inbox/a.csv", "inbox/a.csv"]


@pytest.mark.rule("R11.16")
def test_several_schedulers_start_each_file_once(sample: Workflow, folder: Path) -> None:
    trigger = file_trigger(sample)
    for number in range(12):
        (folder / f"{number}.csv").write_text(str(number))
    look_after(trigger, 0)
    at = reader.now() + timedelta(seconds=10)
    Trigger.objects.update(due_at=at)
    at_once(*[lambda: look(trigger.pk, at)] * 3)
    Trigger.objects.update(due_at=at)
    look(trigger.pk, at)
    assert sorted(run.input["file"] for run in Run.objects.all()) == sorted(
        f"inbox/{number}.csv" for number in range(12)
    )


@pytest.mark.rule("R11.16")
def test_a_scheduler_that_dies_before_the_commit_loses_no_file(
    sample: Workflow, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger = file_trigger(sample)
    (folder / "a.csv").write_text("1")
    look_after(trigger, 0)
    with monkeypatch.context() as patch:
        patch.setattr(files, "note_call", lambda *args, **facts: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            look_after(trigger, 6)
    assert not Run.objects.exists()
    assert look_after(trigger, 12) == ["inbox/a.csv"]


def test_what_is_no_finished_file_is_passed_by(sample: Workflow, folder: Path, tmp_path: Path) -> None:
    trigger = file_trigger(sample, pattern="*.csv")
    (folder / "sub.csv").mkdir()
    (folder / ".hidden.csv").write_text("1")
    (folder / "a.csv.part").write_text("1")
    (folder / "b.txt").write_text("1")
    (tmp_path / "secret.csv").write_text("1")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    os.mkfifo(folder / "pipe.csv")
    (folder / "c.csv").write_text("1")
    assert look_after(trigger, 0, 6) == ["inbox/c.csv"]


@pytest.mark.parametrize("name", ["..", "../x", "a/../..", "/etc", "a//b", ".", "", "a\0b", "x/" * 200])
def test_a_folder_outside_is_refused(sample: Workflow, folder: Path, name: str) -> None:
    if name == "/etc":  # a slash at its ends is no part of a folder's name
        assert file_trigger(sample, name).folder == "etc"
        return
    with pytest.raises(TriggerRefused):
        file_trigger(sample, name)


def test_a_link_in_the_path_of_a_folder_is_not_followed(
    sample: Workflow, folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.csv").write_text("1")
    (folder / "link").symlink_to(outside)
    trigger = file_trigger(sample, "inbox/link")
    assert look_after(trigger, 0, 40) == []
    trigger.refresh_from_db()
    assert "link is not followed" in trigger.refused


def test_a_folder_that_is_missing_is_told_and_looked_for_again(sample: Workflow, folder: Path) -> None:
    trigger = file_trigger(sample, "later")
    assert sweep.sweep_due() == 1
    trigger.refresh_from_db()
    assert "make it" in trigger.refused and trigger.due_at and trigger.due_at > reader.now()
    (folder.parent / "later").mkdir()
    (folder.parent / "later" / "a").write_text("1")
    assert look_after(trigger, 0, 6) == ["later/a"]
    trigger.refresh_from_db()
    assert not trigger.refused


def test_a_large_folder_is_looked_at_part_by_part(
    sample: Workflow, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LOOKED_AT_MAX", 7)
    monkeypatch.setattr(files, "STARTED_MAX", 3)
    trigger = file_trigger(sample)
    for number in range(30):
        (folder / f"{number:02}").write_text(str(number))
    for later in range(40):
        at = reader.now() + timedelta(seconds=later)
        Trigger.objects.filter(pk=trigger.pk).update(due_at=at)
        before = Run.objects.count()
        look(trigger.pk, at)
        assert Run.objects.count() - before <= 3
    assert look_after(trigger, 41) == [f"inbox/{number:02}" for number in range(30)]


def test_when_and_map_choose_files_and_make_the_input(publish: Publish, folder: Path) -> None:
    workflow = publish(chain(step("a"))).workflow
    trigger = file_trigger(workflow, when="file.size > 1", map={"file": "=file.path", "of": "=file.name"})
    (folder / "small").write_text("1")
    (folder / "large").write_text("12")
    assert look_after(trigger, 0, 6, 12) == ["inbox/large"]
    assert Run.objects.get().input == {"file": "inbox/large", "of": "large"}
    assert sorted(call.outcome for call in calls.of_trigger(trigger)) == ["skipped", "started"]


def test_an_unpublished_workflow_gets_its_files_later(publish: Publish, folder: Path) -> None:
    workflow = Workflow.objects.create(name="sample")
    trigger = file_trigger(workflow)
    (folder / "a").write_text("1")
    assert look_after(trigger, 0, 6) == []
    publish(chain(step("a")))
    assert look_after(trigger, 12) == ["inbox/a"]


def test_files_that_are_gone_for_long_are_forgotten(sample: Workflow, folder: Path) -> None:
    trigger = file_trigger(sample)
    (folder / "a").write_text("1")
    (folder / "b").write_text("1")
    look_after(trigger, 0, 6)
    (folder / "a").unlink()
    assert len(look_after(trigger, files.FORGOTTEN_AFTER.total_seconds() + 60)) == 2
    assert [found.name for found in FoundFile.objects.all()] == ["b"]
