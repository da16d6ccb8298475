"""Records what an installation holds whose runs are under way when it is killed, for the tests of upgrades.

    python -m tests.upgrade.record CHECKOUT NAME

CHECKOUT: folder of the product as it was released; its own code starts the runs, over its commands alone.
Writes `tests/upgrade/NAME.jsonl.gz`: a line with the migrations that are applied, then one line a row of
each table: `[table, {column: value}]`. A release is recorded once, when it is made; ten minutes later, when
the leases of what was carried out are over, `tests/integration/processes/test_upgrade.py` can use it.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.postgres import free_port
from tests.upgrade.in_flight import WORKFLOWS

HERE = Path(__file__).parent
LEFT_OUT = ("sqlite_", "auth_", "django_", "axes_", "runs_runtext_", "runs_workerprocess", "runs_fleetsample")
WAIT_S = 120.0
AT_REST = {
    "in_flight_done": "completed",
    "in_flight_asked": "waiting",
    "in_flight_signalled": "waiting",
    "in_flight_delayed": "waiting",
    "in_flight_retried": "running",
    "in_flight_parent": "waiting",
    "in_flight_blocked": "blocked",
    "order_processing": "completed",
}
UNDER_WAY = {
    "in_flight_mapped": {"numbers": [1, 2, 3, 4]},
    "in_flight_held": {},
    "in_flight_undoing": {},
}
WORKERS = 6  # as many attempts are held at once


class Installation:
    """The product of a checkout on a data folder of its own."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self.hold = folder / "hold"
        self.data = folder / "data"
        self.manage = [sys.executable, str(checkout / "manage.py")]
        self.environment = {
            **os.environ,
            "DATA_DIR": str(self.data),
            "WORKER_MODULES": "in_flight_workers",
            "IN_FLIGHT_HOLD": str(self.hold),
            "PYTHONPATH": str(HERE),
        }

    def run(self, *words: str) -> None:
        subprocess.run([*self.manage, *words], env=self.environment, check=True, stdout=subprocess.DEVNULL)

    def up(self, *, port: int) -> subprocess.Popen[bytes]:
        words = [*self.manage, "up", "--port", str(port), "--workers", str(WORKERS)]
        return subprocess.Popen(words, env=self.environment, start_new_session=True)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.data / "db.sqlite3", timeout=30)) as database:
            return database.execute(sql, values).fetchall()

    def start(self, workflow: str, input: Any = None) -> None:
        given = [] if input is None else ["--input", json.dumps(input)]
        self.run("run_workflow", workflow, *given)

    def is_held(self, workflow: str) -> bool:
        sql = (
            "SELECT 1 FROM runs_steprun JOIN runs_run ON runs_run.id = run_id"
            " WHERE workflow_name = ? AND process != ''"
        )
        return bool(self.rows(sql, workflow))


def wait_for(condition: Callable[[], object], what: str) -> None:
    until = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > until:
            sys.exit(f"{what}: this did not happen in {WAIT_S:.0f} s")
        time.sleep(0.2)


def fill(installation: Installation) -> None:
    """Starts runs until some have ended, some rest, and some are carried out."""
    for document in WORKFLOWS:
        file = installation.data / f"{document['name']}.json"
        file.write_text(json.dumps(document))
        installation.run("import_workflow", str(file), "--publish")
    installation.hold.write_text("later undo_fails")
    bring_to(installation, AT_REST)
    installation.hold.write_text("later item slow")
    bring_to(installation, {"in_flight_undone": "compensated"})
    installation.hold.write_text("later item slow undo")
    for name, input in UNDER_WAY.items():
        installation.start(name, input)
    wait_for(lambda: all(map(installation.is_held, UNDER_WAY)), f"{', '.join(UNDER_WAY)} are carried out")


def bring_to(installation: Installation, statuses: dict[str, str]) -> None:
    """Starts a run of each workflow, and waits until each has the status."""
    for name in statuses:
        installation.start(name)
    sql = "SELECT workflow_name, status FROM runs_run WHERE parent_id IS NULL"
    wait_for(lambda: statuses.items() <= dict(installation.rows(sql)).items(), f"the runs are {statuses}")


def dump(installation: Installation) -> Iterator[Any]:
    """Yields the applied migrations, then all rows."""
    yield installation.rows("SELECT app, name FROM django_migrations ORDER BY id")
    tables = [
        name
        for (name,) in installation.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        if not name.startswith(LEFT_OUT)
    ]
    for table in tables:
        columns = [row[1] for row in installation.rows(f"PRAGMA table_info({table})")]
        for row in installation.rows(f"SELECT * FROM {table}"):
            yield [table, dict(zip(columns, map(as_json, row), strict=True))]


def as_json(value: Any) -> Any:
    return {"base64": b64encode(value).decode()} if isinstance(value, bytes) else value


def main(checkout: str, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(Path(checkout), Path(folder))
        product = installation.up(port=free_port())
        try:
            ready = "SELECT 1 FROM runs_workerprocess"
            wait_for(lambda: is_there(installation) and installation.rows(ready), "the product is up")
            fill(installation)
        finally:
            os.killpg(product.pid, signal.SIGKILL)
            product.wait()
        lines = [json.dumps(line) for line in dump(installation)]
    with gzip.open(HERE / f"{name}.jsonl.gz", "wt") as file:
        file.write("\n".join(lines) + "\n")


def is_there(installation: Installation) -> bool:
    file = installation.data / "db.sqlite3"
    tables = "SELECT 1 FROM sqlite_master WHERE name = 'runs_workerprocess'"
    return file.exists() and bool(installation.rows(tables))


if __name__ == "__main__":
    main(*sys.argv[1:])
