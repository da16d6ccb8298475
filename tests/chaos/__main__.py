"""`python -m tests.chaos [--minutes 5] [--seed N] [--database sqlite|postgres|both]`.

Prints what it breaks and what it finds; exits with 1 if a promise was broken.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.postgres import NAME, free_port
from workers.process import parent_death

ROOT = Path(__file__).parents[2]
PLAY = (
    "import sys, pathlib, django; django.setup(); from tests.chaos.play import main; "
    "sys.exit(main(int(sys.argv[1]), float(sys.argv[2]), pathlib.Path(sys.argv[3])))"
)
LOG_LINES_SHOWN = 40
SEED_MAX = 10**6


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=random.randrange(SEED_MAX))
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    options = parser.parse_args()
    databases = ("sqlite", "postgres") if options.database == "both" else (options.database,)
    return max(play(name, options.seed, options.minutes * 60) for name in databases)


def play(database: str, seed: int, seconds: float) -> int:
    print(f"--- {database}, seed {seed}, {seconds:.0f} s", flush=True)
    with tempfile.TemporaryDirectory(prefix="sagaboard-chaos-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        words = parent_death.command(
            [sys.executable, "-c", PLAY, str(seed), str(seconds), str(folder)], signal.SIGTERM
        )
        status = subprocess.run(words, cwd=ROOT, env=environment(database, folder), check=False).returncode
        if status:
            show_logs(folder)
    return status


def environment(database: str, folder: Path) -> Mapping[str, str]:
    inherited = ("REDIS_URL", "DATABASE_URL", "WORKER_MODULES", "QUEUES", "DEBUG", "ALLOWED_HOSTS")
    kept = {key: value for key, value in os.environ.items() if key not in inherited}
    facts = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATA_DIR": str(folder / "here"),
        "SECRET_KEY": "chaos",
        "SIMULATE_FAULTS": "1",
        "WORKER_MODULES": "tests.chaos.misbehaving,tests.chaos.limited",
    }
    if database == "postgres":
        facts["DATABASE_URL"] = f"postgresql://{NAME}:{NAME}@127.0.0.1:{free_port()}/{NAME}"
    return {**kept, **facts}


def show_logs(folder: Path) -> None:
    for log in sorted(folder.glob("*.log")):
        lines = log.read_text(errors="replace").splitlines()
        print(f"--- the end of {log.name}", *lines[-LOG_LINES_SHOWN:], sep="\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
