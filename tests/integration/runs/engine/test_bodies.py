"""Groups, loops and maps whose work is done by runs of bodies, on the real engine and database."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis

from designer.document.graph import Body, Edge, Graph, Retry, Step
from runs.engine import engine
from runs.lists.filters import Filters
from runs.lists.search import page_of
from runs.maintenance import sweep
from runs.models import JournalEntry, Run, StepRun
from runs.queries.run_page import opening_json, run_value
from runs.queries.runs import run_json
from tests.integration.runs.conftest import Publish, chain, step
from tests.integration.runs.engine.test_children import settle, work
from tests.integration.runs.workers import did

BODY = Body((step("inner"), step("after")), (Edge("inner", "after"),))


def effects() -> list[str]:
    return [effect.partition(" of ")[0] for effect in did]


def finished(run: Run, redis: Redis) -> str:
    work(redis)
    run.refresh_from_db()
    return run.status


def nested(kind: Any, **fields: Any) -> Graph:
    return chain(step("first"), Step("sub", kind=kind, body=BODY, **fields), step("last"), name="nested")


@pytest.mark.rule("R5.22")
def test_a_group_runs_inside_its_workflow_and_no_list_shows_its_run(
    publish: Publish, redis_client: Redis
) -> None:
    run = engine.start_run(publish(nested("group", input={"mark": "=context.faults"})), {"faults": {}})
    assert finished(run, redis_client) == "completed"
    child = Run.objects.get(parent=run)
    assert (child.body, child.workflow_name, child.version_id) == ("sub", "nested", run.version_id)
    assert child.input["mark"] == {}
    assert effects() == ["first", "inner", "after", "last"]
    assert [listed.pk for listed in page_of(Filters())[0]] == [run.pk]
    assert [found["name"] for found in run_json(child)["steps"]] == ["inner", "after"]
    assert opening_json(child)["names"] == ["inner", "after"]
    assert opening_json(run)["children"] == {"sub": str(child.pk)}


@pytest.mark.rule("R5.22")
@pytest.mark.parametrize(
    ("faults", "order"),
    [
        ({"last": "critical"}, ["first", "inner", "after", "undo after", "undo inner", "undo first"]),
        ({"after": "critical"}, ["first", "inner", "undo inner", "undo first"]),
    ],
)
def test_a_group_is_undone_in_its_place(
    publish: Publish,
    redis_client: Redis,
    monkeypatch: pytest.MonkeyPatch,
    faults: dict[str, str],
    order: list[str],
) -> None:
    run = engine.start_run(publish(nested("group")), {"faults": faults})
    assert settle(redis_client, monkeypatch, run) == "compensated"
    assert effects() == order


@pytest.mark.rule("R5.25", "R6.17")
def test_the_runs_of_a_loop_follow_each_other_and_are_undone_the_last_first(
    publish: Publish, redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = nested("loop", until="turn == 3", max_turns=5)
    run = engine.start_run(publish(graph), {"faults": {"last": "critical"}})
    assert settle(redis_client, monkeypatch, run) == "compensated"
    turns = ["inner", "after"] * 3
    undone = ["undo after", "undo inner"] * 3
    assert effects() == ["first", *turns, *undone, "undo first"]
    assert list(
        Run.objects.filter(parent=run).values_list("parent_step", flat=True).order_by("created_at")
    ) == [
        "sub[0]",
        "sub[1]",
        "sub[2]",
    ]


@pytest.mark.rule("R5.29")
def test_each_item_of_a_map_has_a_run(publish: Publish, redis_client: Redis) -> None:
    graph = nested("map", items="input.rows", max_concurrency=2, output_key="rows")
    run = engine.start_run(publish(graph), {"faults": {}, "rows": [1, 2, 3]})
    assert finished(run, redis_client) == "completed"
    assert Run.objects.filter(parent=run).count() == 3
    assert len(run_value(run, "output")["rows"]) == 3
    assert sorted(effects()) == sorted(["first", *["inner", "after"] * 3, "last"])


@pytest.mark.rule("R5.24")
def test_a_detached_run_goes_its_own_way(publish: Publish, redis_client: Redis) -> None:
    publish(chain(step("inner"), name="child"))
    apart = Step(
        "sub", kind="workflow", workflow="child", detached=True, compensation="none", output_key="id"
    )
    run = engine.start_run(publish(chain(apart, step("last"), name="starter")), {"faults": {}})
    run.refresh_from_db()
    child = Run.objects.get(parent=run)
    assert child.detached
    assert finished(run, redis_client) == "completed"
    assert run_value(run, "output")["id"] == str(child.pk)
    assert finished(child, redis_client) == "completed"


@pytest.mark.rule("R5.26")
def test_a_delayed_turn_is_brought_forward_by_the_sweep(publish: Publish, redis_client: Redis) -> None:
    loop = step("sub", kind="loop", until="turn == 2", max_turns=3, delay=3_600)
    run = engine.start_run(publish(chain(loop, name="delayed")), {"faults": {}})
    assert finished(run, redis_client) == "waiting"
    row = StepRun.objects.get(run=run, name="sub[1]")
    assert row.status == "waiting" and row.due_at is not None
    StepRun.objects.filter(pk=row.pk).update(due_at=run.created_at)
    sweep.sweep_due()
    assert finished(run, redis_client) == "waiting"  # its state says that it is not due yet


@pytest.mark.rule("R5.23")
def test_a_failed_run_of_a_group_is_followed_by_another(
    publish: Publish, redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = nested("group", retry=Retry(max_attempts=2, initial=0.0, jitter=0.0))
    run = engine.start_run(publish(graph), {"faults": {"after": "critical"}})
    assert settle(redis_client, monkeypatch, run) == "compensated"
    assert effects() == ["first", "inner", "undo inner", "inner", "undo inner", "undo first"]
    types = JournalEntry.objects.filter(run=run, step="sub").values_list("type", flat=True)
    assert list(types).count("step.waiting") == 2
