"""DBOS: a workflow of steps in this process, on SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from dbos import DBOS, DBOSConfig

from tests.bench.peers.stage import STEPS, Peer, Place


@DBOS.step()
def nothing() -> None:
    return None


@DBOS.workflow()
def in_a_row() -> None:
    for _ in range(STEPS):
        nothing()


@contextmanager
def _running(place: Place, database_url: str) -> Iterator[Callable[[], object]]:
    config: DBOSConfig = {"name": "peers", "system_database_url": database_url,
                          "log_level": "ERROR"}  # fmt: skip
    DBOS(config=config)
    DBOS.launch()
    try:
        yield lambda: DBOS.start_workflow(in_a_row).get_result()
    finally:
        DBOS.destroy()


@contextmanager
def on_sqlite(place: Place) -> Iterator[Callable[[], object]]:
    with _running(place, f"sqlite:///{place.folder / 'dbos.sqlite'}") as run:
        yield run


@contextmanager
def on_postgresql(place: Place) -> Iterator[Callable[[], object]]:
    with _running(place, (place.database_url or "").replace("postgres://", "postgresql://", 1)) as run:
        yield run


KEEPS = "each step's output in the database, written before the next one; in one process; undo is one's own"
peer = partial(Peer, keeps=KEEPS)
SQLITE = peer("DBOS on SQLite", running=on_sqlite)
POSTGRESQL = peer("DBOS on PostgreSQL", running=on_postgresql)
