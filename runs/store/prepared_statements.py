"""Server-side prepared statements of PostgreSQL for the one statement that ends most steps. No SQL is here.

Theory of operation. A cursor of psycopg adapts each value by its Python type, picks formats and builds
descriptions of the result. The statements of the hot path are few and always the same, and PostgreSQL infers
the types of their parameters from the tables. So this module speaks libpq's extended query protocol itself:
it sends Parse (`send_prepare`) once a connection and statement, and afterwards only Bind and Execute
(`send_query_prepared`), with every value as text.

Waiting goes through psycopg's own `wait`, so that timeouts and interrupts work as in a cursor, and errors are
psycopg's. `runs.store.database` keeps one `Prepared` per connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.abc import PQGen
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.generators import execute, fetch_many, send
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

FINE = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK, ExecStatus.PIPELINE_SYNC)


class Prepared:
    """The statements that one connection has prepared, by their SQL."""

    def __init__(self, raw: Connection[Any]) -> None:
        self._raw = raw
        self._names: dict[str, bytes] = {}
        self._count = 0

    def times(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[datetime | None]:
        """Carries out statements as one transaction; returns the one time that each selects, or None.

        The SQL has `%s` for each value: None, text, number, time or id. Raises psycopg's errors, with nothing
        written.
        """
        try:
            results = self._execute(statements)
        except InvalidSqlStatementName:
            # psycopg deallocates all statements of its connection after a rollback. Nothing was carried out
            # under the unknown name, so that a second try is safe.
            self._names.clear()
            results = self._execute(statements)
        return [_time_in(result) for result in results]

    def _execute(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[PGresult]:
        """In a pipeline: what is sent up to the `sync` is one round trip, and one transaction."""
        named = [(self._names.get(sql) or self._prepare(sql), values) for sql, values in statements]
        pgconn = self._raw.pgconn
        if len(named) == 1:
            ((name, values),) = named
            pgconn.send_query_prepared(name, [_text(value) for value in values])
            return [self._result()]
        pgconn.enter_pipeline_mode()
        try:
            for name, values in named:
                pgconn.send_query_prepared(name, [_text(value) for value in values])
            pgconn.pipeline_sync()
            results = self._raw.wait(_up_to_sync(pgconn))
        finally:
            pgconn.exit_pipeline_mode()
        return [self._checked(result) for result in results][:-1]

    def _prepare(self, sql: str) -> bytes:
        self._count += 1  # a name is never used again: the server may still hold it
        name = b"hot_%d" % self._count
        first, *rest = sql.split("%s")  # the protocol has `$1` for the first value
        numbered = "".join([first, *(f"${number}{part}" for number, part in enumerate(rest, 1))])
        self._raw.pgconn.send_prepare(name, numbered.encode())
        self._result()
        self._names[sql] = name
        return name

    def _result(self) -> PGresult:
        result: PGresult
        (result,) = self._raw.wait(execute(self._raw.pgconn))
        return self._checked(result)

    def _checked(self, result: PGresult) -> PGresult:
        if result.status not in FINE:
            raise error_from_result(result, self._raw.info.encoding)
        return result


def _up_to_sync(pgconn: PGconn) -> PQGen[list[PGresult]]:
    """The results of what was sent before a `sync`; that the commit failed is one more of them.

    All is sent before anything is waited for: the server would wait for the rest of what is too large for a
    socket.
    """
    yield from send(pgconn)
    results: list[PGresult] = []
    while not results or results[-1].status != ExecStatus.PIPELINE_SYNC:
        results += yield from fetch_many(pgconn)
    return results


def _time_in(result: PGresult) -> datetime | None:
    text = result.get_value(0, 0) if result.ntuples else None
    return None if text is None else datetime.fromisoformat(text.decode())


def _text(value: Any) -> bytes | None:
    if value is None:
        return None
    return (value.isoformat() if isinstance(value, datetime) else str(value)).encode()
