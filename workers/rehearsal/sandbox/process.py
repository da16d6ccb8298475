"""The life of the process of a rehearsal: `python -m workers.rehearsal.sandbox.process FOLDER PARENT`.

In FOLDER lie `job.json`, and `data` with a database of its own; nothing else is written. What is found is
printed as JSON, a line each: `rows`, `cell`, `examined`, `refused`, `end`.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, TextIO

import django


def main() -> None:
    folder, parent = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    lines = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what workers print is no part of the answer
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()

    from workers.process.parent_death import signal_on_parent_death

    signal_on_parent_death(signal.SIGKILL, parent)
    rehearse(folder, lines)


def rehearse(folder: Path, lines: TextIO) -> None:
    """Plays everything, and writes what it finds."""
    from designer.errors import DesignerError
    from workers.registry import get_catalog
    from workers.rehearsal.job import Job
    from workers.rehearsal.sandbox import bench, guard, kernel
    from workers.rehearsal.sandbox.matrix import Matrix
    from workers.rehearsal.sandbox.stage import Stage

    def tell(kind: str, **facts: Any) -> None:
        lines.write(json.dumps({"kind": kind, **facts}, default=str) + "\n")

    job = Job.of_json(json.loads((folder / "job.json").read_text(encoding="utf-8")))
    settle()
    get_catalog()  # imports the workers' modules, which may do anything, before the guard is there
    touched = folder / "touched"
    addresses = frozenset(job.addresses)
    guard.install(folder, addresses, touched)
    barred = kernel.bar(folder, allows_network=bool(addresses))
    gc.freeze()  # what is loaded stays shared with the processes that are forked
    matrix = Matrix(job, Stage(folder / "data", folder / "kept"), touched)
    try:
        base = matrix.open()
    except DesignerError as error:
        return tell("refused", message=str(error))
    rows = [row.as_json() for row in matrix.rows.values()]
    tell("rows", rows=rows, cells=len(matrix.cells()), checks=matrix.checks, barred=barred)
    tell("cell", **base.as_json())
    for cell in matrix.play():
        tell("cell", **cell.as_json())
    for step, found in bench.examinations(matrix):
        findings = [vars_of(finding) for finding in found.findings]
        tell("examined", step=step, worker=found.worker, undo=found.compensation, findings=findings)
    tell("end")


def vars_of(finding: Any) -> dict[str, str]:
    return {"scenario": finding.scenario, "title": finding.title, "problem": finding.problem}


def settle() -> None:
    """A database that is thrown away need not survive a power cut, and nobody watches these runs."""
    from django.conf import settings

    from runs.delivery.hints import announcer

    announcer.is_silent = True
    pragmas = "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF;"
    settings.DATABASES["default"]["OPTIONS"]["init_command"] = pragmas


if __name__ == "__main__":
    main()
