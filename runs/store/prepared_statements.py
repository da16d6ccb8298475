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

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.abc import PQGen
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.generators import execute, fetch_many, send
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

Values = Sequence[Any]

FINE = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK, ExecStatus.PIPELINE_SYNC)


@dataclass(frozen=True)
class Joint:
    """One statement that does what several do which share their SQL: the server takes less time for it.

    `values` makes its values of theirs; at place `key` of each there is the id of the row that it changes. It
    returns the time, and the ids of the rows that were found. As the server locks them in an order of its
    own, `lock` locks those of all statements before, in the order of their ids: so two processes never wait
    for each other.
    """

    sql: str
    values: Callable[[Sequence[Values]], Values]
    key: int
    lock: str


class Prepared:
    """The statements that one connection has prepared, by their SQL."""

    def __init__(self, raw: Connection[Any]) -> None:
        self._raw = raw
        self._names: dict[str, bytes] = {}
        self._count = 0

    def times(
        self, statements: Sequence[tuple[str, Values]], joints: Mapping[str, Joint]
    ) -> list[datetime | None]:
        """Carries out statements as one transaction; returns the one time that each selects, or None.

        The SQL has `%s` for each value: None, text, number, time, id or a list of ids. `joints`: by the SQL
        that several statements share. Raises psycopg's errors, with nothing written.
        """
        shared = Counter(sql for sql, _ in statements)
        joint = next((joints[sql] for sql, number in shared.items() if number > 1 and sql in joints), None)
        if joint is None:
            return [_time_in(result) for result in self.results(statements)]
        ids = [values[joint.key] for _, values in statements]
        together = [values for sql, values in statements if joints.get(sql) is joint]
        others = [(sql, values) for sql, values in statements if joints.get(sql) is not joint]
        _, of_joint, *results = self.results(
            [(joint.lock, (ids,)), (joint.sql, joint.values(together)), *others]
        )
        at = _time_in(of_joint)
        found = {UUID(_column(of_joint, row, 1)) for row in range(of_joint.ntuples)}
        of_others = iter(map(_time_in, results))
        return [
            next(of_others) if joints.get(sql) is not joint else at if id in found else None
            for (sql, _), id in zip(statements, ids, strict=True)
        ]

    def results(self, statements: Sequence[tuple[str, Values]]) -> list[PGresult]:
        """Carries out statements as one transaction."""
        try:
            return self._execute(statements)
        except InvalidSqlStatementName:
            # psycopg deallocates all statements of its connection after a rollback. Nothing was carried out
            # under the unknown name, so that a second try is safe.
            self._names.clear()
            return self._execute(statements)

    def _execute(self, statements: Sequence[tuple[str, Values]]) -> list[PGresult]:
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
    return datetime.fromisoformat(_column(result, 0, 0)) if result.ntuples else None


def _column(result: PGresult, row: int, column: int) -> str:
    return (result.get_value(row, column) or b"").decode()


def _text(value: Any) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, list):
        return f"{{{','.join(map(str, value))}}}".encode()
    return (value.isoformat() if isinstance(value, datetime) else str(value)).encode()
