"""`python -m tests.bench.lists [--runs N] [--database D] [--keep F] [--pages WORD] [--json F] [--doc]`.

Makes a million runs with `manage.py make_runs` in an empty database, then `tests.bench.pages.list_pages` asks
for pages. `--keep FOLDER` keeps the databases there, and does not make those again that are there already.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import orjson

from tests.bench.__main__ import environment
from tests.bench.figures import POSTGRESQL, SQLITE
from tests.bench.pages import page_times
from tests.bench.pages.page_times import PageTime
from tests.bench.parts import ROOT
from tests.bench.report import machine, write_into_doc
from tests.postgres import kept_postgres

MANAGE = (sys.executable, str(ROOT / "manage.py"))
LIST_PAGES = "tests.bench.pages.list_pages"
PAGES = f"import runpy, django; django.setup(); runpy.run_module('{LIST_PAGES}', run_name='__main__')"
WHOLE_SHARE = 0.03  # of the runs have their steps and journal
MADE = "made"  # a file beside a database that says how many runs are in it
LIMITS = {"CALLS_PER_MINUTE": "10000000"}
POSTGRES = {"fsync": "on", "shared_buffers": "128MB"}  # as it is when nobody sets anything


def main() -> None:
    options = arguments()
    databases = (SQLITE, POSTGRESQL) if options.database == "both" else (options.database,)
    print(machine(), flush=True)
    found = {}
    for database in databases:
        print(f"\n{database}", flush=True)
        with kept(options.keep) as folder:
            found[database] = measure(database, folder / database, options.runs, options.pages)
    results = [page_times.as_json(database, options.runs, times) for database, times in found.items()]
    options.json.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2))
    print(f"\nwritten to {options.json}")
    if options.doc:
        tables = {
            database: page_times.markdown(database, options.runs, times) for database, times in found.items()
        }
        write_into_doc({f"lists on {database}": text for database, text in tables.items()})


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.lists")
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--database", choices=(SQLITE, POSTGRESQL, "both"), default="both")
    parser.add_argument("--keep", type=Path, help="a folder whose databases are used, and made if missing")
    parser.add_argument("--pages", default="", help="only those whose name has this in it")
    parser.add_argument("--json", type=Path, default=Path("lists.json"))
    parser.add_argument("--doc", action="store_true", help="write the tables into docs/performance.md")
    return parser.parse_args()


@contextmanager
def kept(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="sagaboard-lists-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)  # PostgreSQL's user goes through it
        yield Path(name)


def measure(database: str, folder: Path, runs: int, pages: str) -> list[PageTime]:
    """What each page took, with so many runs in the database of this folder."""
    result = folder / "pages.json"
    with address(database, folder) as found:
        env = {**environment(folder, found), "WORKER_MODULES": "", **LIMITS}
        subprocess.run((*MANAGE, "migrate", "-v0"), cwd=ROOT, env=env, check=True)
        make(folder / MADE, runs, env)
        words = (sys.executable, "-c", PAGES, str(folder), str(result), pages)
        subprocess.run(words, cwd=ROOT, env=env, check=True)
    return [PageTime(**data) for data in orjson.loads(result.read_bytes())]


@contextmanager
def address(database: str, folder: Path) -> Iterator[Mapping[str, str]]:
    (folder / "data").mkdir(parents=True, exist_ok=True)
    if database == SQLITE:
        yield {}
        return
    with kept_postgres(folder / "server", **POSTGRES) as server:
        yield {"DATABASE_URL": server.url}


def make(made: Path, runs: int, env: Mapping[str, str]) -> None:
    """The runs, unless they have been made. Ends the measurement where there are others."""
    if not made.exists():
        words = (*MANAGE, "make_runs", str(runs), "--whole", str(int(runs * WHOLE_SHARE)))
        subprocess.run(words, cwd=ROOT, env=env, check=True)
        made.write_text(str(runs))
    elif made.read_text() != str(runs):
        raise SystemExit(f"{made} says {made.read_text()} runs: say --runs {made.read_text()}, or remove it")


if __name__ == "__main__":
    main()
