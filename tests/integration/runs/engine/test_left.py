"""What child runs leave undone, at any depth, is said by the run that started them all: everywhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from redis import Redis

from designer.document.graph import Graph, Step
from runs.detail.terminal import exit_code
from runs.engine import engine
from runs.interventions import service
from runs.models import Intervention, Run, StepFigures
from runs.queries.rollback_plan import planned_undo, rollback_plan
from runs.queries.runs import load
from runs.statistics.counters import tally_once
from tests.integration.runs.conftest import Publish, chain, step
from tests.integration.runs.engine.test_children import work

pytestmark = pytest.mark.rule("R8.4")
WAYS = ["irreversible", "abandoned by a person", "abandoned as a whole"]


def calls(name: str, workflow: str) -> Step:
    return Step(name, kind="workflow", workflow=workflow)


def family(way: str) -> list[Graph]:
    """Three runs deep; the innermost leaves what `mail` did, and waits where it is to be abandoned."""
    slot: dict[str, Any] = {"compensation": "irreversible"} if way == "irreversible" else {}
    inner = [step("book"), step("mail", **slot)]
    if way == "abandoned as a whole":
        inner = [step("mail"), Step("hold", kind="wait", signal="go")]
    return [
        chain(*inner, name="inner"),
        chain(step("before"), calls("deep", "inner"), name="middle"),
        chain(step("first"), calls("sub", "middle"), step("last"), name="outer"),
    ]


def play(publish: Publish, redis: Redis, way: str) -> Run:
    """Runs the family and rolls it back, so that something is left in the innermost run."""
    *_, version = [publish(graph) for graph in family(way)]
    faults = {"last": "critical"} | ({"undo_mail": True} if way == "abandoned by a person" else {})
    run = engine.start_run(version, {"faults": faults})
    work(redis)
    inner = Run.objects.get(workflow_name="inner")
    if way == "abandoned as a whole":
        engine.cancel_run(inner.pk, "abandon", "anna")
    elif way == "abandoned by a person":
        question = Intervention.objects.get(run=inner)
        service.answer(question.pk, service.Reply("abandon", "It stays."), "anna")
    work(redis)
    run.refresh_from_db()
    return run


@pytest.mark.parametrize("way", WAYS)
def test_the_outermost_run_counts_what_the_innermost_left(
    publish: Publish, redis_client: Redis, viewer: Client, way: str
) -> None:
    run = play(publish, redis_client, way)
    assert (run.status, exit_code(run.status), run.left) == ("failed", 3, 1)
    shown = viewer.get(f"/api/v1/runs/{run.pk}").json()
    (sub,) = [found for found in shown["steps"] if found["name"] == "sub"]
    assert (shown["left"], sub["left"], sub["left_names"]) == (1, 1, ["deep/mail"])
    listed = viewer.get("/api/v1/runs?workflow=outer").json()["runs"]
    assert [found["left"] for found in listed] == [1]
    assert "1 left undone" in viewer.get("/runs/?workflow=outer").content.decode()
    while tally_once():
        pass
    left = dict(StepFigures.objects.filter(left__gt=0).values_list("step", "left"))
    assert left == {"mail": 1, "deep": 1, "sub": 1}
    assert not StepFigures.objects.filter(step__in=left, undone__gt=0).exists()


def test_the_plan_says_it_before(publish: Publish, redis_client: Redis) -> None:
    *_, version = [publish(graph) for graph in family("irreversible")]
    run = engine.start_run(version, {})
    work(redis_client)
    remains = [{"step": "sub", "reason": "child", "left": 1, "effects": ["deep/mail"]}]
    assert rollback_plan(run)["remains"] == planned_undo(*load(run.pk))["remains"] == remains
    assert rollback_plan(run, "sub")["remains"] == []
    engine.roll_back(run.pk, None, "anna")
    work(redis_client)
    run.refresh_from_db()
    assert (run.status, run.left) == ("failed", 1)
    assert rollback_plan(run)["remains"] == remains


def test_the_plan_of_a_live_run_counts_its_live_children(publish: Publish, redis_client: Redis) -> None:
    inner = chain(
        step("mail", compensation="irreversible"), Step("hold", kind="wait", signal="go"), name="inner"
    )
    middle = chain(calls("deep", "inner"), name="middle")
    run = [engine.start_run(publish(graph), {}) for graph in (inner, middle)][1]
    work(redis_client)
    assert rollback_plan(run)["remains"] == [
        {"step": "deep", "reason": "child", "left": 1, "effects": ["mail"]}
    ]
