"""No address without an entry in the table of doors, from which the tests of roles are made."""

from __future__ import annotations

from tests.security.table import TABLE, addresses, doors, listed


def test_each_address_stands_in_the_table_and_no_other() -> None:
    missing, gone = addresses() - listed(), listed() - addresses()
    assert not missing, f"say in {TABLE} who may come in: {sorted(missing)}"
    assert not gone, f"these are in {TABLE} and nowhere else: {sorted(gone)}"


def test_no_door_stands_in_the_table_twice() -> None:
    found = [str(door) for door in doors()]
    assert len(found) == len(set(found))
