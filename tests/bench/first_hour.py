"""`python -m tests.bench.first_hour`: how long a stranger waits for the first page and the first rollback.

Each way starts from an empty home and an empty folder, without caches: a clone with `make up`, and the wheel
with `uvx`. Downloads are a part of it, so the figures are of a machine and its network, and no test has them.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.postgres import free_port

ROOT = Path(__file__).parents[2]
UP_S_MAX = 600.0
ORDER = {
    "order_items": [{"sku": "MUG-002", "quantity": 2}],
    "customer": "ada@example.com",
    "simulate": {"create_shipment": "critical"},
}
UNDONE = 4  # exit code of run_workflow
ADDRESS = re.compile(r"is up: (http://\S+)/")
INSTALLERS = re.compile(
    r"PATH|LANG|TMPDIR|SSL_.*|PIP_(?!CACHE).*|UV_(?!CACHE).*|[A-Za-z]+_PROXY|[a-z]+_proxy"
)


@dataclass(frozen=True)
class Way:
    """What a person types: to start the product in a folder, and to call a command of it there."""

    name: str
    prepare: Callable[[Path], None]
    start: Callable[[Path, int], list[str]]
    command: Callable[[Path], list[str]]


def cloned(folder: Path) -> None:
    subprocess.run(["git", "clone", "--quiet", str(ROOT), "sagaboard"], cwd=folder, check=True)


def ways(wheel: Path, uvx: list[str]) -> Iterator[Way]:
    yield Way(
        "git clone, make up",
        cloned,
        lambda folder, port: ["make", "-C", str(folder / "sagaboard"), "up", f"PORT={port}"],
        lambda folder: [str(folder / "sagaboard/.venv/bin/python"), str(folder / "sagaboard/manage.py")],
    )
    from_wheel = [*uvx, "--from", str(wheel), "sagaboard"]
    yield Way(
        "uvx sagaboard",
        lambda folder: None,
        lambda folder, port: [*from_wheel, "up", "--port", str(port)],
        lambda folder: from_wheel,
    )


def variables(folder: Path) -> dict[str, str]:
    """Nothing of this machine's user but the search path, and how packages are reached."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return {
        **{name: value for name, value in os.environ.items() if INSTALLERS.fullmatch(name)},
        "HOME": str(home),
    }


def measure(way: Way) -> dict[str, float]:
    """Seconds from the first command, downloads of the clone's and of packages included."""
    with tempfile.TemporaryDirectory(prefix="sagaboard-first-hour-") as name:
        folder = Path(name)
        env, log = variables(folder), folder / "log"
        begun = time.monotonic()
        way.prepare(folder)
        with started(way.start(folder, free_port()), folder, env, log) as up:
            address = until_up(up, log)
            urllib.request.urlopen(f"{address}/accounts/login/", timeout=UP_S_MAX).close()
            page = time.monotonic() - begun
            order = [
                *way.command(folder),
                "run_workflow",
                "order_processing",
                "--wait",
                "--input",
                json.dumps(ORDER),
            ]
            done = subprocess.run(order, cwd=folder, env=env, capture_output=True, text=True, check=False)
            if done.returncode != UNDONE:
                raise RuntimeError(f"the order was not undone: {done.stdout}{done.stderr}")
            rollback = time.monotonic() - begun
        again = time.monotonic()
        with started(way.start(folder, free_port()), folder, env, log) as up:
            until_up(up, log)
            again = time.monotonic() - again
    return {"first page": page, "first rollback": rollback, "page of the second start": again}


@contextmanager
def started(
    words: list[str], folder: Path, env: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """In a process group of its own, as a terminal has it, to which Ctrl-C goes."""
    with log.open("wb") as out:
        process = subprocess.Popen(words, cwd=folder, env=env, stdout=out, stderr=out, process_group=0)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(UP_S_MAX)


def until_up(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + UP_S_MAX
    while not (found := ADDRESS.search(log.read_text())) or "Ctrl-C stops" not in log.read_text():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"it did not come up: {log.read_text()}")
        time.sleep(0.05)
    return found[1]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.first_hour")
    parser.add_argument("--rounds", type=int, default=1)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="sagaboard-wheel-") as name:
        tool = [sys.executable, "-m", "uv"]
        subprocess.run([*tool, "build", "--quiet", "--wheel", "--out-dir", name], cwd=ROOT, check=True)
        [wheel] = Path(name).glob("*.whl")
        for way in ways(wheel, [*tool, "tool", "run", "--python", sys.executable]):
            for _ in range(rounds):
                seconds = "  ".join(f"{what} {took:.1f} s" for what, took in measure(way).items())
                print(f"{way.name:20} {seconds}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
