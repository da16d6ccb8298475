"""Stacks of the profile are told by the part that their innermost frame belongs to."""

from __future__ import annotations

from tests.bench.workloads.profiled import shares

BUSY = "thread (1): MainThread;run_attempt (workers/process/jobs.py:51);report (runs/engine/engine.py:212)"


def test_busy_samples_of_the_main_thread_are_shared_out() -> None:
    found = shares(
        [
            f"{BUSY};commit (runs/store/database.py:93) 6",
            f"{BUSY};decide (runs/machine/decide.py:44);evolve (runs/machine/states.py:198) 3",
            f"{BUSY} 1",
            "thread (1): MainThread;lpop (rq/queue.py:1) 50",
            "thread (2): announcer;commit (runs/store/database.py:93) 50",
        ]
    )
    assert {part: share for part, share in found.items() if share} == {
        "commit: writing through to the disk": 0.6,
        "deciding and applying": 0.3,
        "the job around it": 0.1,
    }
