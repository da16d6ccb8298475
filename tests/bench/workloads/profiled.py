"""Where the time of a step goes (P): py-spy looks into a worker process while runs follow each other.

Needs the dependency group `bench`. Of each sample, the innermost frame that belongs to a part counts.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.parts import family
from tests.bench.stage import Stage

SAMPLES_PER_S = 500
SECONDS, SECONDS_QUICK = 20, 5
AT_ONCE = 200
PARTS = {
    "commit: writing through to the disk": ("commit (runs/store/database.py", "rows (runs/store/database.py"),
    "statements": ("runs/store/database.py", "runs/store/transactions.py"),
    "rows and JSON of what is written": ("runs/store/writer.py", "runs/store/codec.py", "config/lib/json.py"),
    "deciding and applying": ("runs/machine/",),
    "reading: state, payloads": ("runs/store/reader.py", "runs/store/payload_cache.py"),
    "calling the worker, with its timeout": ("workers/execution/",),
    "dispatches and hints": ("runs/delivery/",),
    "RQ and Redis": ("rq/", "redis/"),
    "the job around it": ("workers/", "runs/"),
}
IDLE = ("lpop (rq/queue.py", "wait_for_room (workers/process/async_runner.py")


def profiled(stage: Stage) -> list[Figure]:
    """P: shares of the main thread's time while it has work."""
    stacks = stage.folder / "stacks.txt"
    with stage.workers() as pool:
        stage.wait_for_all(stage.start_many("bench_row", AT_ONCE))
        _, child = family(pool.pid)[:2]
        spy = _spy(child, stacks, stage.some(SECONDS, SECONDS_QUICK))
        while spy.poll() is None:
            stage.wait_for_all(stage.start_many("bench_row", AT_ONCE))
    counts = shares(stacks.read_text().splitlines())
    return [Figure("P", part, 100 * share, "%") for part, share in counts.items()]


def _spy(pid: int, stacks: Path, seconds: int) -> subprocess.Popen[bytes]:
    program = Path(sys.executable).with_name("py-spy")
    words = ("record", "--pid", str(pid), "--duration", str(seconds), "--rate", str(SAMPLES_PER_S),
             "--format", "raw", "--threads", "--nonblocking", "--output", str(stacks))  # fmt: skip
    return subprocess.Popen([str(program), *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def shares(lines: Iterable[str]) -> dict[str, float]:
    """Of lines `thread;outer;…;inner count`: what share of the busy main thread's samples each part has."""
    found: Counter[str] = Counter()
    for line in lines:
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        if "MainThread" in frames[0] and not any(idle in frame for frame in frames for idle in IDLE):
            found[part_of(frames)] += int(count)
    total = sum(found.values()) or 1
    return {part: found[part] / total for part in (*PARTS, "the rest")}


def part_of(frames: list[str]) -> str:
    for frame in reversed(frames):
        for part, marks in PARTS.items():
            if any(mark in frame for mark in marks):
                return part
    return "the rest"
