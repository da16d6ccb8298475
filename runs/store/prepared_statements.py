"""The few PostgreSQL statements of the hot path, by the names under which a connection has prepared them.

A cursor of psycopg looks at every value for its type and keeps much that nobody asks for. These statements
are the same each time, and the server knows the types of their values: they go as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.generators import execute
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult


class Prepared:
    """What one connection has prepared."""

    def __init__(self, raw: Connection[Any]) -> None:
        self._raw = raw
        self._names: dict[str, bytes] = {}
        self._count = 0

    def time(self, sql: str, values: Sequence[Any]) -> datetime | None:
        """Carry out a statement, a transaction by itself, that finds one time or nothing.

        `sql` has `%s` for each value: None, a text, number, time or id. Raises psycopg's errors.
        """
        try:
            result = self._carried_out(sql, values)
        except InvalidSqlStatementName:  # after a rollback psycopg drops all that its connection has prepared
            self._names.clear()
            result = self._carried_out(sql, values)
        found = result.get_value(0, 0) if result.ntuples else None
        return None if found is None else datetime.fromisoformat(found.decode())

    def _carried_out(self, sql: str, values: Sequence[Any]) -> PGresult:
        name = self._names.get(sql) or self._prepare(sql)
        self._raw.pgconn.send_query_prepared(name, [_text(value) for value in values])
        return self._result()

    def _prepare(self, sql: str) -> bytes:
        self._count += 1  # so that no name is used twice
        name = b"hot_%d" % self._count
        self._raw.pgconn.send_prepare(name, _numbered(sql))
        self._result()
        self._names[sql] = name
        return name

    def _result(self) -> PGresult:
        result: PGresult
        (result,) = self._raw.wait(execute(self._raw.pgconn))
        if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            raise error_from_result(result, self._raw.info.encoding)
        return result


def _text(value: Any) -> bytes | None:
    if value is None:
        return None
    return (value.isoformat() if isinstance(value, datetime) else str(value)).encode()


def _numbered(sql: str) -> bytes:
    """PostgreSQL's own marks: `$1` for the first value."""
    first, *others = sql.split("%s")
    return "".join([first, *(f"${place}{part}" for place, part in enumerate(others, 1))]).encode()
