"""Turns of a loop next to steps in a row, and a map of bodies next to child runs (K)."""

from __future__ import annotations

import time

from tests.bench.figures import Bar, Figure, median
from tests.bench.stage import Stage, forget_runs
from tests.bench.workloads.rows import WARM_UP, run_times
from tests.bench.workloads.steps import STEPS

TURNS = (100, 1_000)
ITEMS = (100, 1_000)
ROUNDS = 5
CHILDREN = 20  # runs that each start one other run of three steps, in a round


def repeated(stage: Stage) -> list[Figure]:
    """K: loops of 100 and 1,000 turns, maps of 100 and 1,000 bodies of three steps, one worker process."""
    with stage.workers():
        for name in ("bench_row", "bench_parent"):
            run_times(stage, name, WARM_UP)
        turns = [_turns(stage) for _ in range(stage.some(ROUNDS, 2))]
        forget_runs()
        items = [_items(stage) for _ in range(stage.some(ROUNDS, 1))]
        forget_runs()
    by_step = [median([ratio[size] for ratio in turns]) for size in range(3)]
    by_run = [median([ratio[size] for ratio in items]) for size in range(3)]
    return [
        Figure("K", f"a turn of {TURNS[0]:,} to a step", by_step[0], "x", Bar(1.3)),
        Figure("K", f"a turn of {TURNS[1]:,} to a step", by_step[1], "x", Bar(1.3)),
        Figure("K", f"{TURNS[1]:,} turns to {TURNS[0]:,}", by_step[2], "x", Bar(11.0)),
        Figure("K", f"an item of {ITEMS[0]:,} with a body to a child run", by_run[0], "x", Bar(1.0)),
        Figure("K", f"an item of {ITEMS[1]:,} with a body to a child run", by_run[1], "x", Bar(1.0)),
        Figure("K", f"{ITEMS[1]:,} items with bodies to {ITEMS[0]:,}", by_run[2], "x", Bar(11.0)),
    ]


def _turns(stage: Stage) -> tuple[float, float, float]:
    step = median(run_times(stage, "bench_row", stage.some(20, 6))) / STEPS
    few, many = (_time(stage, "bench_loop", {"turns": turns}) for turns in TURNS)
    return few / TURNS[0] / step, many / TURNS[1] / step, many / few


def _items(stage: Stage) -> tuple[float, float, float]:
    child = median(run_times(stage, "bench_parent", stage.some(CHILDREN, 6)))
    few, many = (_time(stage, "bench_bodies", {"numbers": list(range(items))}) for items in ITEMS)
    return few / ITEMS[0] / child, many / ITEMS[1] / child, many / few


def _time(stage: Stage, name: str, input: dict[str, object]) -> float:
    began = time.perf_counter()
    stage.wait_for(stage.start(name, input), poll_s=0.005)
    return time.perf_counter() - began
