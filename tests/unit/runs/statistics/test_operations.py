"""What operators' counters take from a run's entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from runs.statistics import histogram
from runs.statistics.operations import Counted, Key, Reading
from tests.simulation.simulate import History
from tests.simulation.workflows import make_library
from tests.simulation.world import World

START = datetime(2026, 1, 1, tzinfo=UTC)
Row = tuple[float, str, str, dict[str, Any]]
BUSY = {"code": "busy", "message": "the bank is busy"}


def counted(*rows: Row) -> dict[tuple[str, str], Counted]:
    found: dict[Key, Counted] = {}
    entries = [(kind, step, START + timedelta(seconds=at), data) for at, kind, step, data in rows]
    Reading("order", found).read(entries)
    assert {key.workflow for key in found} <= {"order"}
    return {(key.kind, key.outcome): one for key, one in found.items()}


def at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat()


FAILED_ONCE: Sequence[Row] = (
    (0, "step.queued", "pay", {"direction": "forward"}),
    (2, "step.started", "pay", {"direction": "forward", "lease": 1}),
    (3, "step.retry_scheduled", "pay", {"due_at": at(5), "error": BUSY, "failed": 1}),
    (6, "step.started", "pay", {"direction": "forward", "lease": 2}),
    (10, "step.completed", "pay", {"duration_ms": 4000}),
)


def test_attempts_waits_and_the_step_as_a_whole() -> None:
    found = counted(*FAILED_ONCE)
    assert {key: one.count for key, one in found.items()} == {
        ("attempt", "failed"): 1,
        ("attempt", "succeeded"): 1,
        ("wait", ""): 2,
        ("step", "completed"): 1,
    }
    assert found["step", "completed"].sizes == histogram.count([8000])
    assert found["wait", ""].sizes == histogram.count([2000, 1000])


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        ({"error": BUSY}, "failed"),
        ({"error": BUSY, "unknown": True}, "unknown"),
        ({"asked": 1}, "retry_needed"),
    ],
)
def test_outcomes_of_attempts(data: dict[str, Any], outcome: str) -> None:
    begun: Row = (0, "step.started", "pay", {"direction": "forward", "lease": 1})
    found = counted(begun, (1, "step.retry_scheduled", "pay", {"due_at": at(5), **data}))
    assert found["attempt", outcome].count == 1


def test_an_attempt_that_is_handed_back_is_none() -> None:
    found = counted(
        (0, "step.started", "pay", {"direction": "forward", "lease": 1}),
        (1, "step.queued", "pay", {"direction": "forward", "handed_back": True}),
        (4, "step.started", "pay", {"direction": "forward", "lease": 2}),
        (5, "step.completed", "pay", {}),
        (6, "compensation.started", "pay", {"direction": "undo", "lease": 3}),
        (7, "compensation.retry_scheduled", "pay", {"direction": "undo", "due_at": at(7)}),
    )
    assert found["attempt", "succeeded"].count == 1 and ("attempt", "failed") not in found
    assert not [kind for kind, _ in found if kind == "undo_attempt"]


def test_undos_with_their_retries() -> None:
    found = counted(
        (0, "compensation.started", "pay", {"direction": "undo", "lease": 1}),
        (1, "compensation.failed", "pay", {"error": BUSY}),
        (60, "compensation.started", "pay", {"direction": "undo", "lease": 2}),
        (64, "compensation.completed", "pay", {"undo": "compensated"}),
    )
    assert {key: one.count for key, one in found.items()} == {
        ("undo_attempt", "failed"): 1,
        ("undo", "failed"): 1,
        ("undo_attempt", "succeeded"): 1,
        ("undo", "undone"): 1,
    }
    assert found["undo", "undone"].sizes == histogram.count([64_000])


def test_items_are_attempts_and_their_map_one_step() -> None:
    found = counted(
        (0, "step.started", "each", {"items": 2, "queued": 2}),
        *((1, "step.started", f"each[{n}]", {"direction": "forward", "lease": 1}) for n in (0, 1)),
        *((2, "step.completed", f"each[{n}]", {}) for n in (0, 1)),
        (2, "step.completed", "each", {}),
    )
    assert found["attempt", "succeeded"].count == 2
    assert found["step", "completed"].count == 1


def test_each_attempt_of_any_history_is_counted_once() -> None:
    for seed in range(20):
        rng = Random(seed)
        history = History(World(rng, make_library(rng)))
        history.live()
        for memory in history.world.runs.values():
            found: dict[Key, Counted] = {}
            Reading("any", found).read((one.type, one.step, one.at, one.data) for one in memory.journal)
            attempts = sum(one.count for key, one in found.items() if key.kind.endswith("attempt"))
            assert attempts <= begun_in(memory.journal)
            assert all(one.count == one.sizes.total() for key, one in found.items() if key.kind == "wait")


def begun_in(journal: Sequence[Any]) -> int:
    starts = [entry for entry in journal if entry.type in ("step.started", "compensation.started")]
    return sum("lease" in entry.data for entry in starts)
