"""How the cost of loops and maps grows with their turns and items: counted, on the real engine and database.

Each attempt is claimed by itself, as where many processes share a run, so the run is read anew for each.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.db import connection

from designer.document.graph import Body, Edge, Graph, Step
from runs.delivery import queue
from runs.engine import engine
from runs.models import JournalEntry, Run, StepRun
from runs.queries.runs import run_json
from tests.bench.growth.counting import calls
from tests.bench.growth.many import costs
from tests.integration.runs.conftest import Publish, chain, step
from workers.process.jobs import run_attempt

FEW, MANY = 10, 60
BODY = Body((step("inner"),), ())
IN_GROUP = Body((step("before"), Step("group", kind="group", body=BODY)), (Edge("before", "group"),))
LOOP: dict[str, Any] = {"kind": "loop", "until": "turn == input.turns", "max_turns": MANY}
MAP: dict[str, Any] = {"kind": "map", "items": "input.rows", "max_concurrency": 4, "output_key": "all"}
REPEATED = {
    "loop": step("sub", **LOOP),
    "map": step("sub", **MAP),
    "loop of bodies": Step("sub", body=BODY, **LOOP),
    "map of bodies": Step("sub", body=BODY, **MAP),
    "map of bodies with groups": Step("sub", body=IN_GROUP, **MAP),
}


def repeating(name: str) -> Graph:
    return chain(step("first"), REPEATED[name], step("last"), step("after"), name="repeating")


def work_off(dispatches: deque[Any]) -> None:
    while dispatches:
        run_id, dispatch = dispatches.popleft()
        run_attempt(str(run_id), dispatch.step, dispatch.lease)


def family(run: Run) -> list[Run]:
    children = [member for child in run.children.all() for member in family(child)]
    return [Run.objects.get(pk=run.pk), *children]


def stored_bytes(run: Run) -> int:
    values: list[Any] = []
    for member in family(run):
        values += [member.input, member.state]
        values += StepRun.objects.filter(run=member).values_list("state", flat=True)
        values += JournalEntry.objects.filter(run=member).values_list("data", "payload")
    return sum(len(orjson.dumps(value)) for value in values)


def each_costs(publish: Publish, monkeypatch: pytest.MonkeyPatch, name: str, count: int) -> dict[str, float]:
    """What a turn or item costs, and its undo, of `count`: calls, statements, SQLite's work, bytes."""
    version = publish(repeating(name))
    found: dict[str, float] = {}

    def measured(way: str, act: Callable[[], Any]) -> Any:
        def whole() -> Any:
            result = act()
            work_off(dispatches)
            return result

        with costs(monkeypatch) as cost:
            found[f"calls {way}"], result = calls(whole)
        found[f"statements {way}"] = len(cost.statements)
        if connection.vendor == "sqlite":  # PostgreSQL reads tables of so few rows whole
            found[f"work {way}"] = cost.work
        return result

    with queue.collect_dispatches() as dispatches:
        rows = ["a row of the list"] * count
        input = {"faults": {}, "turns": count, "rows": rows}
        run = measured("forward", lambda: engine.start_run(version, input))
        found["bytes"] = stored_bytes(run)
        measured("back", lambda: engine.roll_back(run.pk))
    run.refresh_from_db()
    assert run.status == "compensated"
    return {what: value / count for what, value in found.items()}


@pytest.mark.rule("R2.6", "R5.7", "R10.6")
@pytest.mark.parametrize("name", REPEATED)
def test_a_turn_or_item_costs_the_same_among_many_as_among_few(
    publish: Publish, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    each_costs(publish, monkeypatch, name, FEW)  # what is read once stays in memory
    few, many = (each_costs(publish, monkeypatch, name, count) for count in (FEW, MANY))
    grown = {what: many[what] / few[what] for what in few if many[what] > 1.1 * few[what]}
    assert grown == {}


@pytest.mark.rule("R2.6", "R5.22")
def test_a_body_shows_its_whole_input_and_stores_its_own_part(publish: Publish) -> None:
    version = publish(repeating("map of bodies with groups"))
    with queue.collect_dispatches() as dispatches:
        run = engine.start_run(version, {"faults": {}, "rows": ["a", "b"]})
        work_off(dispatches)
    outer = Run.objects.get(parent=run, parent_step="sub[1]")
    inner = Run.objects.get(parent=outer)
    whole = run_json(run)["context"] | {"item": "b", "index": 1}
    assert outer.input == {"item": "b", "index": 1}
    for body in (outer, inner):
        shown = run_json(body)["input"]
        assert {key: shown[key] for key in ("faults", "rows", "item", "index")} == {
            key: whole[key] for key in ("faults", "rows", "item", "index")
        }
    assert "rows" not in inner.input and "rows" not in outer.input
