"""A million rows are read with the memory that a chunk needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROWS = 1_000_000
HELD_BYTES_MAX = 40_000_000  # the rows together take more than ten times as much

SCRIPT = """
import resource, sys
import django
django.setup()
from workers.library.rows.workers import read_rows
from workers.testing import call

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

call(read_rows, params={"file": "small.csv", "chunk": 10_000})
before = peak()
cut = call(read_rows, params={"file": "large.csv", "chunk": 10_000})
last = call(read_rows, params={"chunk": cut["chunks"][-1]})
print(cut["row_count"], len(cut["chunks"]), last["rows"][-1]["id"], peak() - before)
"""


def test_a_million_rows_are_not_held(files: Path) -> None:
    row = "{},customer {},17.50,2026-05-01\n"
    (files / "small.csv").write_text("id,name,price,day\n" + row.format(1, 1))
    with (files / "large.csv").open("w") as file:
        file.write("id,name,price,day\n")
        file.writelines(row.format(number, number) for number in range(ROWS))
    environment = {"DATA_DIR": str(files.parent), "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
    )
    count, chunks, last, held = map(int, done.stdout.split())
    assert (count, chunks, last) == (ROWS, 100, ROWS - 1)
    assert held < HELD_BYTES_MAX
