"""`python -m tests.simulation [--runs N] [--seed S]`: many simulated histories, on all cores.

Prints the seed of a history that breaks a rule; `--seed S --runs 1` repeats it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.simulate import simulate

CHUNK = 50
FAILURES_MAX = 10

Result = tuple[Counter[str], list[tuple[int, str]]]


def simulate_many(seeds: range) -> Result:
    """Returns how often what occurred, and the seeds that broke a rule with their tracebacks."""
    seen: Counter[str] = Counter()
    broken: list[tuple[int, str]] = []
    for seed in seeds:
        try:
            seen += simulate(seed)
        except Exception:
            broken.append((seed, traceback.format_exc()))
    return seen, broken


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the first history")
    options = parser.parse_args()
    began = time.monotonic()
    starts = range(options.seed, options.seed + options.runs, CHUNK)
    chunks = [range(start, min(start + CHUNK, options.seed + options.runs)) for start in starts]
    seen: Counter[str] = Counter()
    broken: list[tuple[int, str]] = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for number, (occurred, failed) in enumerate(pool.map(simulate_many, chunks), 1):
            seen += occurred
            broken += failed
            _say(f"\r{min(number * CHUNK, options.runs):,} of {options.runs:,} histories")
            if len(broken) >= FAILURES_MAX:
                pool.shutdown(cancel_futures=True)
                break
    _report(seen, broken, options, time.monotonic() - began)
    return 1 if broken else 0


def _report(
    seen: Counter[str], broken: list[tuple[int, str]], options: argparse.Namespace, took: float
) -> None:
    _say("\n")
    for name, count in sorted(seen.items()):
        print(f"{count:>12,}  {name}")
    for seed, text in broken:
        print(f"\nseed {seed} breaks a rule (again: --runs 1 --seed {seed})\n{text}")
    last = options.seed + options.runs - 1
    print(f"\nseeds {options.seed} to {last}: {len(broken)} broken, {took:.0f} s")


def _say(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(text)
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
