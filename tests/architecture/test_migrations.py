"""A migration says by itself what it does: code that changes later must not change what it did."""

from __future__ import annotations

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
