"""Processes of a measurement: each ends with whoever measures, and is stopped in order before that."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from workers.process import parent_death

ROOT = Path(__file__).parents[2]
STOP_S_MAX = 20.0


@contextmanager
def running(
    words: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process whose messages go to `log`; asked to stop at the end, and killed if it does not."""
    with log.open("ab") as messages:
        process = subprocess.Popen(
            parent_death.command(words, signal.SIGKILL),
            stdout=messages,
            stderr=messages,
            cwd=ROOT,
            env=None if environment is None else dict(environment),
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def memory_mb(pid: int) -> float:
    """Proportional set size of a process: memory it shares counts in parts."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kilobytes = next(line.split()[1] for line in text.splitlines() if line.startswith("Pss:"))
    return int(kilobytes) / 1_000


def cpu_s(pid: int, with_ended: bool = False) -> float:
    """Seconds of CPU that a process has used, and those of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11 : 15 if with_ended else 13])) / os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """A process and all that it has started."""
    found = [pid]
    for one in found:
        children = Path(f"/proc/{one}/task/{one}/children")
        found += [int(child) for child in children.read_text().split()]
    return found
