"""`python -m tests.bench.lists [--runs N] [--database sqlite|postgresql|both]`: lists beside a million runs.

Makes the runs with `manage.py make_runs` in an empty database, then `tests.bench.list_pages` asks for pages.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.bench.__main__ import ROOT, address, environment
from tests.bench.figures import POSTGRESQL, SQLITE
from tests.bench.report import machine

MANAGE = (sys.executable, str(ROOT / "manage.py"))
PAGES = (
    "import runpy, django; django.setup(); runpy.run_module('tests.bench.list_pages', run_name='__main__')"
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.lists")
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--database", choices=(SQLITE, POSTGRESQL, "both"), default="both")
    options = parser.parse_args()
    print(machine(), flush=True)
    for database in (SQLITE, POSTGRESQL) if options.database == "both" else (options.database,):
        with tempfile.TemporaryDirectory(prefix="sagaboard-lists-") as folder, address(database) as found:
            print(f"\n{database}, {options.runs:,} runs", flush=True)
            measure({**environment(Path(folder), found), "WORKER_MODULES": ""}, options.runs)


def measure(env: Mapping[str, str], runs: int) -> None:
    for words in (
        (*MANAGE, "migrate", "-v0"),
        (*MANAGE, "make_runs", str(runs)),
        (sys.executable, "-c", PAGES),
    ):
        subprocess.run(words, cwd=ROOT, env=env, check=True)


if __name__ == "__main__":
    main()
