"""`sql_query` and `sql_execute` on real databases: SQLite, and PostgreSQL where the tests run on it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection as board
from django.db import connections

from workers.connections import service
from workers.connections.databases import connect
from workers.connections.opening import open_connection
from workers.connections.service import ConnectionSpec
from workers.library.sql.statements import sql_execute, sql_query
from workers.sdk.outcome import Direction, Outcome
from workers.testing import outcome_of

pytestmark = pytest.mark.django_db(transaction=True)
IS_POSTGRES = board.vendor == "postgresql"
TABLE = "outside_orders"
INSERT = f"INSERT INTO {TABLE} (name, amount) VALUES (:name, :amount) RETURNING id"


@pytest.fixture(autouse=True)
def shop(settings: Any, tmp_path: Path) -> str:
    """A connection to a database with a table of orders."""
    settings.DATA_DIR = tmp_path
    if IS_POSTGRES:
        parts = django_settings.DATABASES["default"]
        host = f"{parts['HOST'] or 'localhost'}:{parts['PORT'] or 5432}"
        address = f"postgresql://{host}/{board.settings_dict['NAME']}"
        service.put_secret("pw", parts["PASSWORD"] or "none needed")
        spec = ConnectionSpec("sql", address, "basic", username=parts["USER"], secret="pw")
    else:
        spec = ConnectionSpec("sql", "sqlite:///shop.db")
    service.put("shop", spec)
    identity = "SERIAL" if IS_POSTGRES else "INTEGER"
    drop(f"{TABLE}", "sagaboard_ledger")
    executed(f"CREATE TABLE {TABLE} (id {identity} PRIMARY KEY, name TEXT UNIQUE, amount REAL)")
    return "shop"


def drop(*tables: str) -> None:
    for table in tables:
        executed(f"DROP TABLE IF EXISTS {table}")


def executed(statement: str) -> list[Any]:
    with connect(open_connection("shop", "sql"), read_only=False, timeout=10) as connection:
        result = connection.exec_driver_sql(statement)
        return [tuple(row) for row in result] if result.returns_rows else []


def change(
    statement: str, values: dict[str, Any] | None = None, direction: Direction = "forward", **params: Any
) -> Outcome:
    params = {"connection": "shop", "statement": statement, "values": values or {}, **params}
    return outcome_of(sql_execute, params=params, direction=direction, idempotency_key=KEY)


def query(statement: str, values: dict[str, Any] | None = None, **params: Any) -> Outcome:
    params = {"connection": "shop", "statement": statement, "values": values or {}, **params}
    return outcome_of(sql_query, params=params)


KEY = "run-1:pay"
ADA = {"name": "Ada", "amount": 12.5}


def test_a_change_is_made_once_however_often_it_is_tried() -> None:
    outcomes = [change(INSERT, ADA) for _ in range(3)]
    assert [it.output for it in outcomes] == [{"rows_affected": 1, "rows": [{"id": 1}]}] * 3
    assert executed(f"SELECT name FROM {TABLE}") == [("Ada",)]


def test_the_undo_is_another_change_and_is_made_once_too() -> None:
    change(INSERT, ADA)
    delete = f"DELETE FROM {TABLE} WHERE name = :name"
    undone = [change(delete, {"name": "Ada"}, "undo") for _ in range(2)]
    assert [it.output for it in undone] == [{"rows_affected": 1}] * 2
    assert executed(f"SELECT * FROM {TABLE}") == []


def test_an_attempt_that_comes_after_its_undo_changes_nothing() -> None:
    change(f"DELETE FROM {TABLE} WHERE name = :name", {"name": "Ada"}, "undo")
    late = change(INSERT, ADA)
    assert late.failure and late.failure.code == "undone" and executed(f"SELECT * FROM {TABLE}") == []


def test_attempts_at_the_same_time_change_once() -> None:
    outcomes: list[Outcome] = []

    def attempt() -> None:
        outcomes.append(change(INSERT, ADA))
        connections.close_all()

    threads = [threading.Thread(target=attempt) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert executed(f"SELECT count(*) FROM {TABLE}") == [(1,)]
    assert {it.kind for it in outcomes} <= {"succeeded", "failed"}
    assert all(it.retryable for it in outcomes if it.kind == "failed"), outcomes
    assert any(it.kind == "succeeded" for it in outcomes)


def test_a_change_that_fails_leaves_nothing_and_may_be_tried_again() -> None:
    executed(f"INSERT INTO {TABLE} (name) VALUES ('Ada')")
    outcome = change(INSERT, ADA)
    assert outcome.failure and outcome.failure.code == "integrity" and not outcome.retryable
    executed(f"DELETE FROM {TABLE}")
    assert change(INSERT, ADA).kind == "succeeded"


def test_a_query_gives_rows_as_objects() -> None:
    change(INSERT, ADA)
    outcome = query(f"SELECT name, amount FROM {TABLE} WHERE amount > :least", {"least": 1})
    rows = [{"name": "Ada", "amount": 12.5}]
    assert outcome.output == {"rows": rows, "columns": ["name", "amount"], "count": 1}


def test_values_are_parameters_and_never_text() -> None:
    name = "x'; DROP TABLE outside_orders; --"
    assert change(INSERT, {"name": name, "amount": None}).kind == "succeeded"
    assert query(f"SELECT name FROM {TABLE} WHERE name = :name", {"name": name}).output["count"] == 1


@pytest.mark.parametrize("statement", [f"DELETE FROM {TABLE}", f"SELECT 1; DELETE FROM {TABLE}"])
def test_a_query_changes_nothing(statement: str) -> None:
    executed(f"INSERT INTO {TABLE} (name) VALUES ('Ada')")
    outcome = query(statement)
    assert outcome.kind == "failed" and not outcome.retryable
    assert executed(f"SELECT count(*) FROM {TABLE}") == [(1,)]


def test_too_many_rows_fail_the_step() -> None:
    executed(f"INSERT INTO {TABLE} (name) VALUES ('a'), ('b'), ('c')")
    outcome = query(f"SELECT * FROM {TABLE}", rows_max=2)
    assert (
        outcome.failure
        and outcome.failure.code == "too_many_rows"
        and "more than 2 rows" in outcome.failure.message
    )
    assert query(f"SELECT * FROM {TABLE}", rows_max=3).output["count"] == 3


@pytest.mark.parametrize(
    ("statement", "values"),
    [("SELEC 1", {}), ("SELECT * FROM nowhere", {}), (f"SELECT * FROM {TABLE} WHERE id = :id", {})],
)
def test_a_statement_that_is_wrong_is_not_tried_again(statement: str, values: dict[str, Any]) -> None:
    for outcome in (query(statement, values), change(statement, values)):
        assert outcome.failure and outcome.failure.code == "bad_statement" and not outcome.retryable


def test_bytes_times_and_exact_numbers_become_text() -> None:
    exact = "1.10::numeric" if IS_POSTGRES else "'1.10'"
    blob = "'\\x00ff'::bytea" if IS_POSTGRES else "x'00ff'"
    outcome = query(f"SELECT {exact} AS a, {blob} AS b".replace("::", "\\:\\:"))
    assert outcome.output["rows"] == [{"a": "1.10", "b": "AP8="}]


def test_a_database_that_is_not_there() -> None:
    service.put("shop", ConnectionSpec("sql", "postgresql://127.0.0.1:1/shop"))
    outcome = query("SELECT 1")
    assert outcome.failure and outcome.failure.code == "connection_lost" and outcome.retryable


@pytest.mark.parametrize("name", ["../db.sqlite3", "a/../../x.db", "%2e%2e/x"])
def test_a_file_outside_of_the_folder_is_not_opened(name: str, tmp_path: Path) -> None:
    service.put("shop", ConnectionSpec("sql", f"sqlite:///{name}"))
    assert change("CREATE TABLE t (a int)").kind == ("succeeded" if "%" in name else "failed")
    assert not list(tmp_path.glob("*.db")) and not (tmp_path / "db.sqlite3").exists()


def test_the_password_appears_nowhere() -> None:
    service.put_secret("pw", "top-secret-word")
    address = "postgresql://127.0.0.1:1/shop"
    service.put("shop", ConnectionSpec("sql", address, "basic", username="ada", secret="pw"))
    assert "top-secret" not in str(query("SELECT 1")) and "top-secret" not in repr(
        open_connection("shop", "sql")
    )


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def test_a_statement_that_takes_too_long_is_stopped() -> None:
    outcome = query("SELECT pg_sleep(5)" if IS_POSTGRES else ENDLESS, timeout=0.2)
    assert outcome.failure and outcome.failure.code == "timeout" and outcome.retryable
