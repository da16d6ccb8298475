"""The idempotency examiner, on books in memory and in a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from workers import CriticalFailure, StepHandle, worker
from workers.testing import examine


class Account:
    """A balance, and what is known of each key."""

    def __init__(self) -> None:
        self.balance = 0
        self.known: dict[str, str] = {}


def pair(account: Account, undo_by: Callable[[Account, str], Any]) -> tuple[Any, Any]:
    @worker("deposit")
    def deposit(step: StepHandle) -> dict[str, Any]:
        if account.known.setdefault(step.idempotency_key, "new") == "undone":
            raise CriticalFailure("undone before")
        if account.known[step.idempotency_key] == "new":
            account.known[step.idempotency_key] = "done"
            account.balance += 5
        return {}

    @worker("withdraw")
    def withdraw(step: StepHandle) -> dict[str, Any]:
        undo_by(account, step.idempotency_key)
        return {}

    return deposit, withdraw


def careful(account: Account, key: str) -> None:
    if account.known.get(key) == "done":
        account.balance -= 5
    account.known[key] = "undone"


def careless(account: Account, key: str) -> None:
    account.balance -= 5


def forgetful(account: Account, key: str) -> None:
    if account.known.pop(key, "") == "done":
        account.balance -= 5


def failing(account: Account, key: str) -> None:
    if account.known.get(key) != "done":
        raise RuntimeError("there is nothing to undo")
    careful(account, key)


def problems_of(undo_by: Callable[[Account, str], Any]) -> list[str]:
    account = Account()
    deposit, withdraw = pair(account, undo_by)
    found = examine(deposit, undo=withdraw, books=lambda: {"balance": account.balance})
    assert found.skipped == ("beside a forward attempt, and once more",)
    assert found.is_idempotent is not bool(found.problems)
    return [problem.partition(":")[0] for problem in found.problems]


def test_a_careful_undo_leaves_the_same_books() -> None:
    assert problems_of(careful) == []


def test_an_undo_that_counts_every_call_is_found_out() -> None:
    assert (
        problems_of(careless)
        == [
            "twice",
            "on nothing",
            "again after a crash in its middle",
            "before a forward attempt that comes late",
            "before a second attempt that comes late",
        ][: len(problems_of(careless))]
    )
    assert "twice" in problems_of(careless) and "on nothing" in problems_of(careless)


def test_an_undo_that_leaves_no_mark_is_found_out_by_a_late_attempt() -> None:
    late = ["before a forward attempt that comes late", "before a second attempt that comes late"]
    assert problems_of(forgetful) == late


def test_an_undo_that_fails_on_nothing_is_found_out() -> None:
    assert problems_of(failing) == [
        "twice",
        "on nothing",
        "again after a crash in its middle",
        "before a forward attempt that comes late",
    ]


def test_in_processes_the_crash_is_real_and_both_run_side_by_side(tmp_path: Path) -> None:
    @worker("write_note")
    def write_note(step: StepHandle) -> dict[str, Any]:
        if (tmp_path / f"{step.idempotency_key}.undone").exists():
            raise CriticalFailure("undone before")
        note = tmp_path / f"{step.idempotency_key}.note"
        note.write_text("x")
        if (tmp_path / f"{step.idempotency_key}.undone").exists():
            note.unlink(missing_ok=True)
            raise CriticalFailure("undone meanwhile")
        return {}

    @worker("remove_note")
    def remove_note(step: StepHandle) -> dict[str, Any]:
        (tmp_path / f"{step.idempotency_key}.undone").touch()
        (tmp_path / f"{step.idempotency_key}.note").unlink(missing_ok=True)
        return {}

    found = examine(
        write_note, undo=remove_note, books=lambda: len(list(tmp_path.glob("*.note"))), processes=True
    )
    assert found.problems == []
    assert found.skipped == ()
    assert [finding.scenario for finding in found.findings][-1] == "beside"
