"""Only `runs.store.database` asks whether it talks to SQLite or PostgreSQL."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import imports_of, product_trees

ENGINES = {"sqlite", "sqlite3", "postgres", "postgresql"}
DRIVERS = {"sqlite3", "psycopg"}
CLASSES = {"runs.store.database.Sqlite", "runs.store.database.Postgres"}
HOME = "runs/store/database.py"
ALLOWED = {
    HOME,
    "runs/store/prepared_statements.py",  # a part of it
    "config/operations/backup/engines.py",  # copies a whole database, by each engine's own means
    "config/settings.py",  # chooses the options of a connection
    "config/lib/env.py",  # reads DATABASE_URL
    "workers/connections/databases.py",  # opens databases of the outside
    "config/lib/database_errors.py",  # names the errors of both drivers
    "workers/connections/checks.py",  # tests the databases of others
    "workers/rehearsal/sandbox/guard.py",  # refuses the databases of others
    "workers/scaffold/names.py",  # knows what the files that it writes import
    "workers/rehearsal/recorded.py",  # knows the ports of the outside
}


def engine_tests(tree: ast.Module) -> Iterator[str]:
    """What in a module depends on the engine at hand."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "vendor":
            yield f"line {node.lineno}: .vendor"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lower() in ENGINES:
            yield f"line {node.lineno}: {node.value!r}"
    for name in imports_of(tree):
        if name in CLASSES or name.partition(".")[0] in DRIVERS:
            yield f"import of {name}"


def test_nothing_but_the_database_asks_for_the_engine() -> None:
    asking = {
        path: found
        for path, tree in product_trees().items()
        if path not in ALLOWED and (found := list(engine_tests(tree)))
    }
    assert not asking, f"give Database in {HOME} a method for it"


@pytest.mark.parametrize(
    "source",
    [
        "if connection.vendor == 'sqlite': pass",
        "from runs.store.database import Sqlite",
        "import sqlite3",
        "from psycopg import Cursor",
        "is_file = settings.ENGINE.endswith('sqlite3')",
    ],
)
def test_it_would_be_seen(source: str) -> None:
    assert list(engine_tests(ast.parse(source)))
