"""What Python says once: every status has its look, the sets fit, and the scripts' copy is current."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from designer.expressions.functions.catalog import CATALOG
from runs.machine import states, vocabulary
from runs.machine.states import RunStatus, StepStatus, UndoStatus
from runs.management.commands import write_vocabulary


def test_the_copy_that_scripts_read_is_current() -> None:
    call_command("write_vocabulary", check=True)


def test_a_stale_copy_is_refused_and_written_anew(
    tmp_path: Path, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.BASE_DIR = tmp_path
    path = tmp_path / write_vocabulary.PATH
    path.parent.mkdir(parents=True)
    with pytest.raises(CommandError, match="stale") as refusal:
        call_command("write_vocabulary", check=True)
    assert (refusal.value.returncode, path.exists()) == (1, False)
    call_command("write_vocabulary")
    assert "is written" in capsys.readouterr().out
    call_command("write_vocabulary", check=True)
    assert path.read_text().endswith("}\n")
    assert json.loads(path.read_text())["sets"]["run_ended"] == [
        "cancelled",
        "compensated",
        "completed",
        "failed",
    ]


def test_two_sources_may_not_say_the_same() -> None:
    with pytest.raises(ValueError, match="looks"):
        write_vocabulary.as_text((lambda: {"looks": 1}, lambda: {"looks": 1}))


def test_the_functions_are_those_of_the_catalog(settings: Any) -> None:
    functions = json.loads((settings.BASE_DIR / write_vocabulary.FUNCTIONS_PATH).read_text())["functions"]
    assert [one["name"] for one in functions] == list(CATALOG)
    assert {key for one in functions for key in one} == {"name", "usage", "about", "example", "result"}


def test_every_status_has_a_look() -> None:
    looks = vocabulary.FAMILIES
    assert set(looks["run"]) == set(RunStatus)
    assert set(looks["step"]) == {*StepStatus, vocabulary.UNREACHED}
    assert set(looks["undo"]) == set(UndoStatus) - {UndoStatus.NONE}


def test_a_run_has_ended_or_is_live() -> None:
    assert {*states.RUN_LIVE, *states.RUN_ENDED} == set(RunStatus)
    assert not {*states.RUN_LIVE} & states.RUN_ENDED
    assert set(states.RUN_STARTED) == set(states.RUN_LIVE) - {RunStatus.PENDING}
    assert set(states.RUN_UNDER_WAY) == set(states.RUN_LIVE) - {RunStatus.BLOCKED}
