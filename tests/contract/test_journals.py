"""Journals of real runs, as the page's reducer and the engine's `apply` both read them.

`designer/frontend/tests/run/model/apply.journals.test.ts` holds the page to the same files.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from runs.machine.events import Entry
from runs.machine.journal.apply import Nothing, apply
from runs.machine.states import RunState, State
from tests.contract import record

JOURNALS = sorted((Path(__file__).parent / "journals").glob("*.json"))


@pytest.mark.parametrize("path", JOURNALS, ids=lambda path: path.stem)
def test_a_recorded_journal_leads_to_the_stored_state(path: Path) -> None:
    journal = json.loads(path.read_text())
    state = State(RunState(), {}, Nothing())
    for frame in journal["frames"]:
        at = datetime.fromisoformat(frame["at"])
        apply(state, Entry(frame["seq"], frame["type"], at, frame["step"], frame["attempt"], frame["data"]))
        assert state.run.status == frame["status"], frame
    assert state.run.status == journal["status"]
    for name, stored in journal["steps"].items():
        step = state.step(name)
        found = [step.status, step.undo, step.attempt, step.undo_attempt, step.added_by]
        expected = [stored[key] for key in ("status", "undo", "attempts", "undo_attempts", "added_by")]
        assert found == expected, name


def test_the_random_journals_are_what_the_engine_writes_today() -> None:
    """Else: `python -m tests.contract.record`, and hold the page's replay to them with `make test-front`."""
    written = {path.name: path.read_text() for path in record.FOLDER.glob("*.json")}
    assert written == {name: record.text(runs) for name, runs in record.histories()}
