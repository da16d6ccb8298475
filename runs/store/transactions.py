"""Transactions of the hot path, on a `Database`.

`_begin`, `_end` and `Database.roll_back` set the flags of Django's wrapper that `atomic` would set
(`autocommit`, `in_atomic_block`, `needs_rollback`). The ORM, nested `atomic` blocks and `on_commit` hooks
therefore work inside `transaction_of`. Inside another transaction, `transaction_of` is a savepoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import transaction

from runs.store.database import Database, Query, Row, Statement


@dataclass
class Work:
    """A transaction under way: the rows of its first query, and the statements to send with its COMMIT."""

    first: list[Row]
    last: list[Statement] = field(default_factory=list)


@contextmanager
def transaction_of(db: Database, first: Query | None = None) -> Iterator[Work]:
    """One transaction; inside another one, a savepoint."""
    if db.wrapper.in_atomic_block:
        with transaction.atomic():
            work = Work(db.rows(first) if first else [])
            yield work
            db.write(work.last)
        return
    db.wrapper.close_if_health_check_failed()
    work = Work(_begin(db, first))
    try:
        yield work
        _end(db, work.last)
    except BaseException:
        db.roll_back()
        raise
    if db.wrapper.run_on_commit:
        db.wrapper.run_and_clear_commit_hooks()


def _begin(db: Database, first: Query | None) -> list[Row]:
    try:
        rows = db.begin(first)
    except BaseException:
        db.roll_back()
        raise
    wrapper = db.wrapper
    wrapper.commit_on_exit, wrapper.needs_rollback = True, False
    wrapper.autocommit, wrapper.in_atomic_block = False, True
    return rows


def _end(db: Database, last: Sequence[Statement]) -> None:
    if db.wrapper.needs_rollback:
        raise transaction.TransactionManagementError(
            "A part of the transaction failed; it cannot be committed."
        )
    db.commit(last)
    db.wrapper.autocommit, db.wrapper.in_atomic_block = True, False
