"""Carries statements out, and says what became of them.

Each change is kept in a ledger in the same database and transaction (`workers.library.sql.ledger`), so an
attempt that is repeated changes nothing.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from sqlalchemy import Connection, CursorResult, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from workers import CriticalFailure, StepHandle, TemporaryFailure, UnknownOutcome
from workers.connections.databases import code_of, connect, words_of
from workers.connections.opening import Opened, open_connection
from workers.library.sql import ledger
from workers.library.sql.statements import ROWS_MAX, Query, Statement

PERMANENT = frozenset({"integrity", "bad_statement"})


def query(params: Query, step: StepHandle) -> dict[str, Any]:
    """Reads rows, in a transaction that can change nothing."""
    opened = open_connection(params.connection, "sql", step)
    try:
        with connect(opened, read_only=True, timeout=params.timeout) as connection:
            return _rows(_executed(connection, params), params.rows_max)
    except SQLAlchemyError as error:
        _raise(error)


def change(params: Statement, step: StepHandle) -> dict[str, Any]:
    """Makes a change once: the ledger keeps it, in the same transaction."""
    opened = open_connection(params.connection, "sql", step)
    is_committing = False
    try:
        _make_ledger(opened, params.timeout)
        with connect(opened, read_only=False, timeout=params.timeout) as connection:
            if step.direction == "undo":
                ledger.taken(connection, step.idempotency_key)  # a late attempt of the step finds it closed
            is_free, result = ledger.taken(connection, step.request_key)
            if not is_free and result is None:
                raise CriticalFailure("The step was undone before it could begin.", code="undone")
            if is_free:
                result = _changed(_executed(connection, params))
                ledger.keep(connection, step.request_key, result)
            is_committing = True
        return dict(result)
    except SQLAlchemyError as error:
        _raise(error, is_committing)


def _make_ledger(opened: Opened, timeout: float) -> None:
    try:
        with connect(opened, read_only=False, timeout=timeout) as connection:
            ledger.create(connection)
    except DBAPIError as error:
        if not ledger.exists_already(error):
            raise


def _executed(connection: Connection, params: Statement) -> CursorResult[Any]:
    return connection.execute(text(params.statement), params.values)


def _rows(result: CursorResult[Any], rows_max: int) -> dict[str, Any]:
    if not result.returns_rows:
        raise CriticalFailure("The statement gives no rows; sql_execute makes changes.", code="bad_statement")
    columns = list(result.keys())
    rows = result.fetchmany(rows_max + 1)
    if len(rows) > rows_max:
        message = f"The query has more than {rows_max:,} rows; narrow it, or raise the limit of the step."
        raise CriticalFailure(message, code="too_many_rows")
    return {"rows": _objects(columns, rows), "columns": columns, "count": len(rows)}


def _changed(result: CursorResult[Any]) -> dict[str, Any]:
    if not result.returns_rows:
        return {"rows_affected": result.rowcount}
    columns, rows = list(result.keys()), result.fetchmany(ROWS_MAX + 1)
    if len(rows) > ROWS_MAX:
        raise CriticalFailure(f"RETURNING gives more than {ROWS_MAX:,} rows.", code="too_many_rows")
    return {"rows_affected": len(rows), "rows": _objects(columns, rows)}


def _objects(columns: Sequence[str], rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [{name: _plain(value) for name, value in zip(columns, row, strict=True)} for row in rows]


def _plain(value: Any) -> Any:
    """A value of a database as JSON keeps it: bytes as base64, times and exact numbers as text."""
    if isinstance(value, bytes | memoryview):
        return b64encode(value).decode()
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _raise(error: SQLAlchemyError, is_committing: bool = False) -> NoReturn:
    if not isinstance(error, DBAPIError):  # such as a value that the statement names and nobody gives
        raise CriticalFailure(str(error).partition("\n")[0], code="bad_statement") from error
    code = code_of(error)
    if is_committing and code == "connection_lost":
        raise UnknownOutcome(f"{words_of(error)}; the change may have been made", code=code) from error
    if code in PERMANENT:
        raise CriticalFailure(words_of(error), code=code) from error
    raise TemporaryFailure(words_of(error), code=code) from error
