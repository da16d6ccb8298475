"""The chosen workloads on one database. Django is set up before; see `tests.bench.__main__`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
from django.core.management import call_command

from tests.bench.figures import Figure
from tests.bench.report import table
from tests.bench.stage import Stage, forget_runs, redis_server
from tests.bench.workloads import (
    bodies,
    boot,
    idle,
    kills,
    many_starts,
    maps,
    profiled,
    rows,
    slots,
    sockets,
    waits,
)

WORKLOADS: dict[str, Callable[[Stage], list[Figure]]] = {
    "A": rows.one_at_a_time,
    "B": rows.all_at_once,
    "C": maps.fan_out,
    "D": rows.saga,
    "E": rows.growing,
    "F": idle.idle,
    "G": kills.killed,
    "H": sockets.watched,
    "I": waits.waiting,
    "J": slots.limited,
    "K": bodies.repeated,
    "L": many_starts.started,
    "M": many_starts.many_waiting,
    "N": boot.booted,
    "P": profiled.profiled,
}


def main(names: Sequence[str], folder: Path, is_quick: bool, result: Path) -> None:
    with redis_server():
        call_command("migrate", verbosity=0)
        stage = Stage(folder, is_quick)
        figures = []
        for name in names:
            began = time.monotonic()
            found = WORKLOADS[name](stage)
            forget_runs()
            print(table(found), f"{'':11}({time.monotonic() - began:.0f} s)", sep="\n", flush=True)
            figures += found
        figures = [*stage.references.figures(), *figures]
    result.write_bytes(orjson.dumps([figure.as_json() for figure in figures]))


if __name__ == "__main__":
    main(sys.argv[1].split(","), Path(sys.argv[2]), sys.argv[3] == "quick", Path(sys.argv[4]))
