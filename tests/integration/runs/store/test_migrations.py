"""A new installation and one that grew step by step have the same tables."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection, transaction

from runs.models import JournalEntry, Run
from tests.architecture.source import ROOT

BUILD = import_module("runs.migrations.0036_indexes_built_beside_the_work")
Schema = set[tuple[str, tuple[str, ...]]]
GROWN = "from config.settings import *\nMIGRATION_MODULES = {'runs': 'grown'}\n"


def migrate(folder: Path, *to: str, settings: str = "config.settings") -> Schema:
    """Migrates a database in `folder`, and returns its tables, indexes and triggers."""
    env = {**os.environ, "DATA_DIR": str(folder), "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": settings}
    env["PYTHONPATH"] = os.pathsep.join((str(folder.parent), str(ROOT)))
    command = (sys.executable, str(ROOT / "manage.py"), "migrate", "-v0", *to)
    subprocess.run(command, env=env, check=True, capture_output=True)
    with sqlite3.connect(folder / "db.sqlite3") as database:
        rows = database.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {(name, parts(" ".join(sql.split()))) for name, sql in rows}


def parts(sql: str) -> tuple[str, ...]:
    """The columns and constraints of a table in any order: those that are added later come last."""
    if not sql.startswith("CREATE TABLE"):
        return (sql,)
    found, depth = [""], 0
    for letter in sql.partition("(")[2].rpartition(")")[0]:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            found.append("")
        else:
            found[-1] += letter
    return tuple(sorted(part.strip() for part in found))


@pytest.fixture
def grown(tmp_path: Path) -> str:
    """Settings by which each migration is applied by itself."""
    shutil.copytree(ROOT / "runs/migrations", tmp_path / "grown")
    for squashed in (tmp_path / "grown").glob("*squashed*"):
        squashed.unlink()
    (tmp_path / "grown_settings.py").write_text(GROWN)
    return "grown_settings"


def test_a_new_installation_has_the_tables_of_one_that_grew(tmp_path: Path, grown: str) -> None:
    for name in ("new", "old"):
        (tmp_path / name).mkdir(mode=0o700)
    new = migrate(tmp_path / "new")
    migrate(tmp_path / "old", "runs", "0030", settings=grown)
    old = migrate(tmp_path / "old")  # an upgrade from the middle
    assert new == old and any(name == "runs_runtext_added" for name, _ in new)
    assert migrate(tmp_path / "new") == new


@pytest.mark.parametrize("is_restore", [False, True])
@pytest.mark.django_db(transaction=True)
def test_a_build_of_indexes_that_was_cut_off_is_finished(is_restore: bool) -> None:
    indexes = [(model, index) for model in (Run, JournalEntry) for index in model._meta.indexes]
    before = {model: indexes_of(model) for model in (Run, JournalEntry)}
    with connection.schema_editor() as editor:
        for model, index in indexes[1:]:
            editor.remove_index(model, index)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # as a concurrent build leaves one whose connection is lost
            oid = "SELECT oid FROM pg_class WHERE relname = %s"
            sql = f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = ({oid})"
            cursor.execute(sql, [indexes[0][1].name])
    is_within = is_restore and connection.vendor == "postgresql"  # SQLite restores into a file
    within = transaction.atomic() if is_within else nullcontext()
    with within, connection.schema_editor(atomic=False) as editor:
        BUILD.build_missing(apps, editor)
    assert {model: indexes_of(model) for model in (Run, JournalEntry)} == before
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid")
            assert cursor.fetchone() == (0,)


def indexes_of(model: type[Run] | type[JournalEntry]) -> set[str]:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table)
    return {name for name, facts in found.items() if facts["index"]}
