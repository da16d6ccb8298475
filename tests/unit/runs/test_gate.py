"""Writers of one SQLite file take turns at its gate; nobody is kept out for long."""

from __future__ import annotations

from pathlib import Path

import pytest

from runs.gate import SUFFIX, Gate, gate_of
from tests.gates import is_free


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gate"


def test_who_is_in_keeps_others_out_until_he_leaves(path: Path) -> None:
    gate = Gate(str(path))
    gate.enter()
    assert not is_free(path)
    gate.leave()
    assert is_free(path)


def test_who_has_waited_in_vain_goes_on_and_locks_nobody_out_of_his_turn(path: Path) -> None:
    first, second = Gate(str(path)), Gate(str(path))
    first.enter()
    second.enter()
    second.leave()
    assert not is_free(path), "the first one is still in"
    first.leave()
    second.enter()
    assert not is_free(path)
    second.leave()


def test_leaving_without_having_entered_is_nothing(path: Path) -> None:
    Gate(str(path)).leave()
    assert not path.exists()


def test_where_no_file_can_be_made_there_is_no_gate(tmp_path: Path) -> None:
    gate = Gate(str(tmp_path / "missing" / "gate"))
    gate.enter()
    gate.leave()


def test_whoever_ends_leaves(path: Path) -> None:
    gate = Gate(str(path))
    gate.enter()
    del gate
    assert is_free(path)


def test_a_thread_has_one_gate_to_a_file(tmp_path: Path) -> None:
    one = gate_of(str(tmp_path / "a"))
    assert gate_of(str(tmp_path / "a")) is one and one.path == str(tmp_path / "a") + SUFFIX
    assert gate_of(str(tmp_path / "b")) is not one
