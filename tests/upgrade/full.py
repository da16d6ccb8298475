"""`python -m tests.upgrade.full FILE [--runs 100000]`: the upgrade of a release whose tables are full.

While `migrate` goes on, the release's own processes go on writing: runs with their steps and entries, with
the columns that they know. Prints how long the upgrade took and how long the slowest write waited, and exits
with 1 if a write failed. On PostgreSQL: `python -m tests.postgres python -m tests.upgrade.full …`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLES = {
    "runs_run": "id",
    "runs_steprun": "run_id",
    "runs_journalentry": "run_id",
}  # with the run's id in each
EMPTIED = ("idempotency_key", "key_digest")  # what only one run may have
PAUSE_S = 0.005


@dataclass
class Writes:
    """Of runs while the upgrade goes on: how many, the longest in seconds, and what went wrong."""

    count: int = 0
    slowest_s: float = 0.0
    error: str = ""


class Copier:
    """Makes runs by copying those that are there, with the columns that the tables have now."""

    def __init__(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            self.columns = {
                table: [
                    column.name for column in connection.introspection.get_table_description(cursor, table)
                ]
                for table in TABLES
            }
        self.is_postgres = connection.vendor == "postgresql"

    def copy(self, times: int) -> None:
        """Copies each run that was there at first as often."""
        from django.db import connection, transaction

        new_id = "gen_random_uuid()" if self.is_postgres else "lower(hex(randomblob(16)))"
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS copies")
            cursor.execute(
                f"CREATE TEMPORARY TABLE copies AS WITH RECURSIVE turn(n) AS"
                f" (SELECT 1 UNION ALL SELECT n + 1 FROM turn WHERE n < %s)"
                f" SELECT first_runs.id AS old, {new_id} AS new FROM first_runs, turn",
                [times],
            )
            for table, own in TABLES.items():
                kept = [name for name in self.columns[table] if name not in ("id", *EMPTIED)]
                taken = [name for name in kept if name != own]
                into, out = ", ".join([own, *taken]), ", ".join(f"t.{name}" for name in taken)
                cursor.execute(
                    f"INSERT INTO {table} ({into}) SELECT copies.new, {out}"
                    f" FROM copies JOIN {table} t ON t.{own} = copies.old"
                )


def write_until(ended: threading.Event, copier: Copier, writes: Writes) -> None:
    from django.db import Error, connection

    try:
        while not ended.wait(PAUSE_S):
            begun = time.monotonic()
            while not written(copier):
                pass
            writes.count += 1
            writes.slowest_s = max(writes.slowest_s, time.monotonic() - begun)
    except Error as error:
        writes.error = f"{type(error).__name__}: {error}"
    finally:
        connection.close()


def written(copier: Copier) -> bool:
    """False where SQLite's one writer is another one for so long that a process begins anew."""
    from django.db import OperationalError

    try:
        copier.copy(1)
    except OperationalError as error:
        if "database is locked" not in str(error):
            raise
        return False
    return True


def upgrade(release: Path, runs: int) -> Writes:
    """Fills the tables of a release with so many runs, and upgrades them under its writes."""
    import django

    django.setup()
    from django.db import connection

    from tests.upgrade.load import main as load

    load(str(release))
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE first_runs AS SELECT id FROM runs_run")
        cursor.execute("SELECT count(*) FROM first_runs")
        [(first,)] = cursor.fetchall()
    copier, writes, ended = Copier(), Writes(), threading.Event()
    copier.copy(max(1, runs // first))
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table}")
            print(f"{table}: {cursor.fetchall()[0][0]:,} rows", flush=True)
    writer = threading.Thread(target=write_until, args=(ended, copier, writes))
    writer.start()
    begun = time.monotonic()
    try:
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, check=True)
    finally:
        took = time.monotonic() - begun
        ended.set()
        writer.join()
    print(
        f"upgraded in {took:.1f} s; {writes.count} writes meanwhile, the slowest in {writes.slowest_s:.2f} s"
    )
    return writes


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.upgrade.full")
    parser.add_argument("release", type=Path)
    parser.add_argument("--runs", type=int, default=100_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sagaboard-upgrade-") as folder:
        os.environ.update(DATA_DIR=folder, SECRET_KEY="upgrade", DJANGO_SETTINGS_MODULE="config.settings")  # noqa: S106
        writes = upgrade(given.release, given.runs)
    if writes.error:
        print(f"a write failed: {writes.error}")
    return 1 if writes.error else 0


if __name__ == "__main__":
    sys.exit(main())
