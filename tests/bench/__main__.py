"""`python -m tests.bench [--database sqlite|postgresql|both] [--workloads A,B] [--quick] [--json F] [--doc]`.

Prints a table a database and says of each bar whether it holds. Exits with 0 unless the bench itself breaks.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import orjson

from tests.bench.figures import POSTGRESQL, SQLITE, Figure, figure_of
from tests.bench.report import as_json, machine, markdown, table, write_into_doc
from tests.postgres import postgres

ROOT = Path(__file__).parents[2]
ALL = "A,B,C,D,E,F,G,H,I,J,K,L,M,N"
ONLY_ASKED_FOR = "P"  # needs py-spy, which is in the dependency group of the bench
PLAY = (
    "import runpy, django; django.setup(); "
    "runpy.run_module('tests.bench.workloads.play', run_name='__main__')"
)
INHERITED = ("REDIS_URL", "DATABASE_URL", "WORKER_MODULES", "QUEUES", "DEBUG", "ALLOWED_HOSTS", "DATA_DIR")
LOG_LINES_SHOWN = 40


def main() -> int:
    options = arguments()
    databases = (SQLITE, POSTGRESQL) if options.database == "both" else (options.database,)
    found = {}
    print(machine(), flush=True)
    for database in databases:
        print(f"\n{database}", flush=True)
        found[database] = figures = measure(database, options.workloads, options.quick)
        print(f"\n{database}: all\n{table(figures)}", flush=True)
    results = [as_json(database, figures) for database, figures in found.items()]
    options.json.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2))
    print(f"\nwritten to {options.json}")
    if options.doc:
        write_into_doc({database: markdown(database, figures) for database, figures in found.items()})
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--database", choices=(SQLITE, POSTGRESQL, "both"), default=SQLITE)
    parser.add_argument(
        "--workloads", type=workloads, default=ALL.split(","), help="such as A,B; default all"
    )
    parser.add_argument("--quick", action="store_true", help="few rounds: to see that it works")
    parser.add_argument("--json", type=Path, default=Path("bench.json"))
    parser.add_argument("--doc", action="store_true", help="write the tables into docs/performance.md")
    return parser.parse_args()


def workloads(text: str) -> list[str]:
    names = [name.strip().upper() for name in text.split(",") if name.strip()]
    known = [*ALL.split(","), ONLY_ASKED_FOR]
    if not names or not set(names) <= set(known):
        raise argparse.ArgumentTypeError(f"workloads are some of {','.join(known)}")
    return names


def measure(database: str, names: list[str], is_quick: bool) -> list[Figure]:
    """What the workloads measured on an empty database."""
    with tempfile.TemporaryDirectory(prefix="sagaboard-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        result = folder / "result.json"
        mode = "quick" if is_quick else "whole"
        words = [sys.executable, "-c", PLAY, ",".join(names), str(folder), mode, str(result)]
        with address(database) as found:
            status = subprocess.run(words, cwd=ROOT, env=environment(folder, found), check=False).returncode
        if status:
            log = folder / "parts.log"
            lines = log.read_text(errors="replace").splitlines() if log.exists() else []
            print(*lines[-LOG_LINES_SHOWN:], sep="\n", file=sys.stderr)
            raise SystemExit(f"the bench broke on {database}; the end of the parts' messages is above")
        return [figure_of(data) for data in orjson.loads(result.read_bytes())]


@contextmanager
def address(database: str) -> Iterator[Mapping[str, str]]:
    """DATABASE_URL of an empty database; PostgreSQL writes through to the disk, as in real use."""
    if database == SQLITE:
        yield {}
        return
    with postgres(fsync="on") as server:
        yield {"DATABASE_URL": server.url}


def environment(folder: Path, database: Mapping[str, str]) -> Mapping[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in INHERITED}
    facts = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATA_DIR": str(folder / "data"),
        "SECRET_KEY": "bench",
        "SIMULATE_FAULTS": "1",
        "WORKER_MODULES": "tests.bench.workloads.steps",
        "ASYNC_STEPS": "10000",
        "STARTS_PER_MINUTE": "10000000",
        "PYTHONPATH": str(ROOT),
    }
    return {**kept, **facts, **database}


if __name__ == "__main__":
    sys.exit(main())
