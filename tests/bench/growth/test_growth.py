"""How the machine's work and a run's bytes grow with a run. Counts, so they never flake."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from designer.document.graph import CompensationOrder
from runs.machine.events import Claim, Report, Rollback
from runs.store.codec import pack
from tests.bench.growth.counting import Counted, entry_bytes
from tests.unit.runs.machine.driver import START, chain, each, graph, saga, task
from workers.sdk.outcome import Outcome

rule = pytest.mark.rule
KILOBYTE = "x" * 1_000


def in_a_row(count: int) -> Counted:
    return Counted(chain(*(saga(f"s{place}") for place in range(count))), {})


def side_by_side(count: int) -> Counted:
    steps = [task("first"), *(saga(f"s{place}") for place in range(count - 1))]
    return Counted(graph(steps, [("first", step.name) for step in steps[1:]]), {})


def middle_step(run: Counted, count: int) -> int:
    """Work of one step half-way through the run."""
    if run.graph.steps[0].name == "first":
        run.run("first", {"x": 1})
    for place in range(count // 2):
        run.run(f"s{place}", {f"x{place}": 1})
    return run.run(f"s{count // 2}", {"y": 1})


@rule("R10.6")
@pytest.mark.parametrize("make", [in_a_row, side_by_side])
def test_deciding_one_step_costs_the_same_in_a_large_graph_as_in_a_small_one(make: Any) -> None:
    small, large = (middle_step(make(count), count) for count in (10, 1_000))
    assert large < 3 * small


def map_of(count: int, order: CompensationOrder = "sequential") -> Counted:
    steps = chain(saga("a"), each("m"), saga("z"), compensation_order=order)
    run = Counted(steps, {"items": list(range(count))})
    run.run("a")
    return run


def all_items(run: Counted, count: int) -> int:
    before = run.count
    for index in range(count):
        run.run(f"m[{index}]", {"index": index})
    return run.count - before


@rule("R5.7")
def test_a_map_of_ten_thousand_items_is_linear_work() -> None:
    small, large = (all_items(map_of(count), count) / count for count in (1_000, 10_000))
    assert large < 1.2 * small


@rule("R5.7")
def test_an_item_rewrites_neither_the_list_nor_a_row_that_grows_with_it() -> None:
    run = map_of(2_000)
    all_items(run, 1_999)
    assert len(orjson.dumps(pack(run.memory.rows["m"]))) < 500
    assert max(map(entry_bytes, run.memory.journal[-10:])) < 500


def undo_all(run: Counted, count: int) -> int:
    """Work of rolling back a completed map between two steps."""
    before = run.count
    run.take(Rollback(START))
    for name in ["z", *(f"m[{index}]" for index in reversed(range(count))), "a"]:
        lease = run.memory.rows[name].lease + 1
        run.take(Claim(START, name, lease, "p1"))
        run.take(Report(START, name, lease, Outcome("succeeded", {})))
    assert run.memory.run.status == "compensated"
    return run.count - before


@rule("R5.7")
@pytest.mark.parametrize("order", ["sequential", "parallel"])
def test_undoing_a_large_map_is_linear_work(order: CompensationOrder) -> None:
    work = []
    for count in (100, 2_000):
        run = map_of(count, order)
        all_items(run, count)
        run.run("z")
        work.append(undo_all(run, count) / count)
    assert work[1] < 1.5 * work[0]


@rule("R6.3")
def test_the_plan_of_two_large_maps_in_a_row_is_linear() -> None:
    sizes = []
    for count in (100, 1_000):
        run = Counted(chain(each("m"), each("n"), compensation_order="parallel"), {"items": [0] * count})
        for name in ("m", "n"):
            for index in range(count):
                run.run(f"{name}[{index}]")
        run.take(Rollback(START))
        sizes.append(entry_bytes(run.memory.journal[-1]) / count)
    assert sizes[1] < 1.3 * sizes[0]


@rule("R2.6")
def test_a_run_whose_steps_each_add_a_kilobyte_stores_about_a_kilobyte_a_step() -> None:
    sizes = {}
    for count in (20, 200):
        run = in_a_row(count)
        for place in range(count):
            run.run(f"s{place}", {f"x{place}": KILOBYTE})
        assert run.memory.run.status == "completed"
        sizes[count] = (run.journal_bytes() + run.rows_bytes()) / count
    assert sizes[200] < 1.05 * sizes[20]
    assert sizes[200] < 2 * len(KILOBYTE)
