"""A migration says by itself what it does, as code changes later, and can be applied while others work."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    RemoveField,
    RemoveIndex,
)
from django.db.migrations.operations.models import IndexOperation

from tests.architecture.source import PRODUCT, imports_of, migration_trees

FIELDS = {
    "runs/migrations/0008_lean_journal.py": {"runs.models.runs"},  # the class of a column
}


def test_no_migration_imports_live_code() -> None:
    live = {
        path: {name for name in imports_of(tree) if name.partition(".")[0] in PRODUCT}
        for path, tree in migration_trees().items()
    }
    assert {path: names for path, names in live.items() if names} == FIELDS


FULL = {"run", "steprun", "journalentry"}  # tables of runs that may have millions of rows
CHOICES_ALONE = {"0034_taken_over_steps"}  # which no database knows
UPGRADES = {
    migration.name: migration
    for migration in MigrationLoader(None).disk_migrations.values()
    if migration.app_label == "runs" and migration.name > "0015" and not migration.replaces
}


def changes_of_full_tables(migration: Migration) -> Iterator[tuple[str, object]]:
    """What changes such a table in the database; what stands for the models alone changes none."""
    for operation in migration.operations:
        table = getattr(operation, "model_name_lower", "")
        if isinstance(operation, AddField | AlterField | RemoveField | IndexOperation) and table in FULL:
            yield table, operation


@pytest.mark.parametrize("name", UPGRADES)
def test_an_upgrade_lets_runs_go_on(name: str) -> None:
    """It takes one table's lock at a time, and not for as long as it takes to read the table."""
    changes = list(changes_of_full_tables(UPGRADES[name]))
    assert len({table for table, _ in changes}) <= 1, "split it: two locks at once can deadlock with a run's"
    for _, change in changes:
        assert not isinstance(change, AddIndex | AddConstraint), "let a later one build it, as 0036 does"
        allowed = RemoveIndex | AddField | RemoveField
        assert isinstance(change, allowed) or name in CHOICES_ALONE, "the table may be read or written anew"
