"""Writers of one SQLite file take turns at its gate; nobody is kept out for long."""

from __future__ import annotations

from pathlib import Path

import pytest

from runs.store.sqlite_gate import SUFFIX, Gate
from tests.gates import is_free


@pytest.fixture
def database(tmp_path: Path) -> str:
    return str(tmp_path / "db.sqlite3")


@pytest.fixture
def path(database: str) -> Path:
    return Path(database + SUFFIX)


def test_who_is_in_keeps_others_out_until_he_leaves(database: str, path: Path) -> None:
    gate = Gate(database)
    gate.enter()
    assert not is_free(path)
    gate.leave()
    assert is_free(path)


def test_who_has_waited_in_vain_goes_on_and_locks_nobody_out_of_his_turn(database: str, path: Path) -> None:
    first, second = Gate(database), Gate(database)
    first.enter()
    second.enter()
    second.leave()
    assert not is_free(path), "the first one is still in"
    first.leave()
    second.enter()
    assert not is_free(path)
    second.leave()


def test_leaving_without_having_entered_is_nothing(database: str, path: Path) -> None:
    Gate(database).leave()
    assert not path.exists()


def test_where_no_file_can_be_made_there_is_no_gate(tmp_path: Path) -> None:
    gate = Gate(str(tmp_path / "missing" / "db.sqlite3"))
    gate.enter()
    gate.leave()


def test_whoever_ends_leaves(database: str, path: Path) -> None:
    gate = Gate(database)
    gate.enter()
    del gate
    assert is_free(path)
