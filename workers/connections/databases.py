"""Databases of the outside, by SQLAlchemy: how a connection is opened, and what its errors mean.

PostgreSQL is reached by its address; a SQLite database is a file in the folder `files` of the data folder.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from django.conf import settings
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.pool import NullPool

from config.lib.env import FILE_SCHEMES
from workers.connections.errors import NotOpened
from workers.connections.opening import Opened

CONNECT_TIMEOUT_S = 10
FILES = "files"
MESSAGE_CHARS_MAX = 1_000

# https://www.postgresql.org/docs/current/errcodes-appendix.html
CONFLICTS = frozenset({"40001", "40P01", "55P03"})
STOPPED = frozenset({"57014"})
LOST = ("08", "57P")
LOCKED = "database is locked"
INTERRUPTED = "interrupted"
PROGRESS_STEPS = 10_000  # of SQLite's virtual machine, between two looks at the clock


@contextmanager
def connect(opened: Opened, *, read_only: bool, timeout: float) -> Iterator[sqlalchemy.Connection]:
    """A connection in a transaction, which ends well only if the block does.

    `timeout`: seconds for one statement, and for waiting for locks. Raises NotOpened, and DBAPIError.
    """
    is_file = opened.address.partition(":")[0] in FILE_SCHEMES
    engine = _file(opened, read_only, timeout) if is_file else _server(opened, read_only, timeout)
    with engine.connect() as connection:
        begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"
        if is_file:
            _stop_after(connection, timeout)
            connection.exec_driver_sql(begin)
        try:
            yield connection
        except BaseException:
            connection.exec_driver_sql("ROLLBACK") if is_file else connection.rollback()
            raise
        connection.exec_driver_sql("COMMIT") if is_file else connection.commit()


def code_of(error: DBAPIError) -> str:
    """What an error means: `conflict`, `timeout`, `connection_lost`, `integrity` or `bad_statement`."""
    state = str(getattr(error.orig, "sqlstate", "") or "")
    if state in CONFLICTS or LOCKED in str(error.orig):
        return "conflict"
    if state in STOPPED or str(error.orig) == INTERRUPTED:
        return "timeout"
    is_lost = state.startswith(LOST) or (not state and isinstance(error, InterfaceError))
    is_lost = is_lost or error.connection_invalidated
    if is_lost or (not state and isinstance(error, OperationalError) and not _is_of_sqlite(error)):
        return "connection_lost"
    return "integrity" if isinstance(error, IntegrityError) else "bad_statement"


def words_of(error: DBAPIError) -> str:
    """The database's own words, without the statement and its values."""
    return str(error.orig).strip()[:MESSAGE_CHARS_MAX]


def _stop_after(connection: sqlalchemy.Connection, seconds: float) -> None:
    """Interrupts what a SQLite database still works at after so long."""
    until = time.monotonic() + seconds
    driver: Any = connection.connection.driver_connection
    driver.set_progress_handler(lambda: time.monotonic() > until, PROGRESS_STEPS)


def _is_of_sqlite(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlite_errorcode", None) is not None


def _server(opened: Opened, read_only: bool, timeout: float) -> sqlalchemy.Engine:
    parts = sqlalchemy.make_url(opened.address)
    milliseconds = max(1, int(timeout * 1000))
    options = f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
    options += " -c default_transaction_read_only=on" if read_only else ""
    url = parts.set(
        drivername="postgresql+psycopg",
        username=opened.username or None,
        password=opened.secret or None,
    )
    arguments = {"connect_timeout": CONNECT_TIMEOUT_S, "options": options, "application_name": "sagaboard"}
    return sqlalchemy.create_engine(url, poolclass=NullPool, connect_args=arguments)


def _file(opened: Opened, read_only: bool, timeout: float) -> sqlalchemy.Engine:
    """A SQLite database whose transactions are begun here: its driver would begin them too late."""
    folder = (Path(settings.DATA_DIR) / FILES).resolve()
    name = opened.address.partition("://")[2].lstrip("/")
    path = (folder / name).resolve()
    if not path.is_relative_to(folder) or not name:
        raise NotOpened(f"The database {name!r:.120} does not lie in the folder {FILES} of the data folder.")
    if read_only and not path.is_file():
        raise NotOpened(f"There is no database {name!r:.120} in the folder {FILES} of the data folder.")
    path.parent.mkdir(parents=True, exist_ok=True)
    address = f"file:{path}?mode={'ro' if read_only else 'rwc'}"
    engine = sqlalchemy.create_engine(
        sqlalchemy.URL.create("sqlite", database=address, query={"uri": "true"}),
        poolclass=NullPool,
        connect_args={"timeout": timeout},
    )
    return engine.execution_options(isolation_level="AUTOCOMMIT")
