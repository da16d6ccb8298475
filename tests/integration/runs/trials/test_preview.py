"""Expressions of a draft are shown with what they would give, by a sample or a past run."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from designer.document.document import dump
from designer.document.graph import Action, Body, Edge, Graph, Step
from designer.models import WorkflowVersion
from designer.services import workflows
from runs.models import JournalEntry
from tests.integration.runs.conftest import RunHere, chain, step
from tests.people import client_of

URL = "/api/v1/workflows/sample/draft"


@pytest.fixture
def dora(transactional_db: None) -> Client:
    return client_of("dora", "designer")


def graph() -> Graph:
    each = Step("each", kind="map", worker="double", items="context.rows", output_key="doubled")
    schema = {"type": "object", "properties": {"rows": {"type": "array"}, "tax": {"type": "number"}}}
    return chain(
        step("a", compensation=Action("undo", {"x": "=output.a"})),
        each,
        step("z"),
        input_schema=schema,
        sample_input={"rows": [7, 8], "who": {"name": "Ada", "very-odd": 1}},
    )


def draft(*, changes: Any = None) -> None:
    workflows.import_document({**dump(graph()), **(changes or {})})


def paths(client: Client, path: str, **query: str) -> dict[str, tuple[str, str]]:
    answer = client.get(f"{URL}/scope", {"path": path, **query})
    assert answer.status_code == 200, answer.content
    return {one["path"]: (one["type"], one["sample"]) for one in answer.json()["known"]}


def gives(client: Client, path: str, expression: str, run: object = None) -> dict[str, Any]:
    body = {"path": path, "expression": expression, "run": run and str(run)}
    answer = client.post(f"{URL}/preview", json.dumps(body), content_type="application/json")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_what_is_known_comes_from_sample_schema_and_earlier_steps(dora: Client) -> None:
    draft()
    known = paths(dora, "steps[2].params.x")
    assert known["context.rows"] == ("list", "2 items") and known["input.tax"] == ("number", "")
    assert known["context.who.name"] == ("text", "Ada") and "context.who.very-odd" not in known
    assert known["steps.a"][0] == "what the step gives" and known["context.doubled"][0] == "what each gives"
    assert "steps.z" not in known and "output" not in known
    assert paths(dora, "steps[1].params.x")["item"] == ("number", "7")


def test_an_edge_knows_its_own_step_and_an_undo_knows_all(dora: Client) -> None:
    draft()
    assert "steps.each" in paths(dora, "edges[1].when") and "steps.z" not in paths(dora, "edges[1].when")
    assert {"output", "failure", "failure.step", "steps.z"} <= paths(
        dora, "steps[0].compensation.params.x"
    ).keys()


def test_values_are_taken_from_a_past_run(dora: Client, run_here: RunHere) -> None:
    run = run_here(graph(), rows=[1, 2, 3])
    draft()
    known = paths(dora, "steps[2].params.x", run=str(run.pk))
    assert known["context.a"] == ("number", "1") and known["context.doubled"] == ("list", "3 items")
    listed = dora.get(f"{URL}/scope", {"path": "steps[2].params.x"}).json()["runs"]
    assert [one["id"] for one in listed] == [str(run.pk)]
    path = "steps[2].params.x"
    assert gives(dora, path, "context.a + 1", run.pk) == {"type": "number", "text": "2", "truncated": False}
    assert gives(dora, path, "steps.each", run.pk)["type"] == "list"
    assert gives(dora, "steps[0].compensation.params.x", "output.a", run.pk)["text"] == "1"
    assert gives(dora, "steps[1].params.x", "item", run.pk)["text"] == "1"
    context = dora.get(f"{URL}/context", {"path": "steps[2]", "run": str(run.pk)}).json()
    assert context["context"]["a"] == 1 and context["steps"]["a"] == {"a": 1}


@pytest.mark.parametrize(
    ("path", "expression", "says"),
    [
        ("steps[2].params.x", "context.nothing", "no such key"),
        ("steps[2].params.x", "item", "does not exist here"),
        ("steps[2].params.x", "1 +", "missing"),
        ("steps[2].when", "size(context.rows)", "not true or false"),
        ("edges[1].when", "'yes'", "not true or false"),
        ("steps[1].items", "context.who", "not a list"),
    ],
)
def test_what_is_wrong_is_said_in_the_authors_words(
    dora: Client, path: str, expression: str, says: str
) -> None:
    draft()
    assert says in gives(dora, path, expression)["error"]


def test_a_condition_and_a_list_are_previewed(dora: Client) -> None:
    draft()
    assert gives(dora, "edges[1].when", "size(context.rows) > 1")["text"] == "true"
    assert gives(dora, "steps[1].items", "context.rows")["text"] == "[7, 8]"


def test_a_preview_is_bounded_in_time_and_size(dora: Client) -> None:
    draft(changes={"sample_input": {"rows": list(range(3_000)), "text": "x" * 5_000}})
    long = gives(dora, "steps[2].params.x", "context.text")
    assert len(long["text"]) == 2_000 and long["truncated"]
    began = time.monotonic()
    nested = "context.rows.map(a, context.rows.map(b, a + b))"
    assert "too much data" in gives(dora, "steps[2].params.x", nested)["error"]
    assert time.monotonic() - began < 10


def test_drafts_that_cannot_be_read_and_other_places_know_the_input(dora: Client) -> None:
    draft(changes={"edges": [{"from": "z", "to": "a"}, {"from": "a", "to": "z"}, 5]})
    for path in ("steps[99].params.x", "nonsense", "steps[0].when", "edges[9]"):
        assert "context" in paths(dora, path)


def test_runs_of_other_workflows_and_strangers_are_refused(dora: Client, run_here: RunHere) -> None:
    other = run_here(chain(step("a"), name="other"))
    draft()
    for run in (other.pk, uuid4()):
        assert dora.get(f"{URL}/scope", {"path": "", "run": str(run)}).status_code == 404
    viewer = client_of("viv", "viewer")
    for path in ("scope", "context"):
        assert viewer.get(f"{URL}/{path}", {"path": ""}).status_code == 403
    body = json.dumps({"path": "", "expression": "1"})
    assert viewer.post(f"{URL}/preview", body, content_type="application/json").status_code == 403


@pytest.mark.rule("R2.16")
def test_the_time_is_that_of_the_chosen_run_or_the_present(dora: Client, run_here: RunHere) -> None:
    run = run_here(graph(), rows=[1])
    draft()
    began = JournalEntry.objects.get(run=run, type="step.started", step="a").at
    shown = gives(dora, "steps[0].params.x", "now()", run.pk)["text"]
    assert shown == json.dumps(began.isoformat().replace("+00:00", "Z"))
    present = gives(dora, "steps[0].params.x", "now() > timestamp('2026-01-01T00:00:00Z')")
    assert present["text"] == "true"
    assert "now" not in dora.get(f"{URL}/context", {"path": "steps[0].params.x"}).json()
    assert "now" not in paths(dora, "steps[0].params.x")


@pytest.mark.rule("R2.16")
def test_a_worker_gets_the_time_of_the_entry_that_began_its_attempt(run_here: RunHere, db: None) -> None:
    step_at = {"item": "=format_time(now(), '%Y-%m-%dT%H:%M:%S.%f;')"}
    run = run_here(chain(*(step(name, worker="double", params=step_at, output_key=name) for name in "abc")))
    began = {one.step: one.at for one in JournalEntry.objects.filter(run=run, type="step.started")}
    outputs = {one.step: one.payload for one in JournalEntry.objects.filter(run=run, type="step.completed")}
    for name in "abc":
        expected = f"{began[name]:%Y-%m-%dT%H:%M:%S.%f};"
        assert outputs[name] == {"doubled": expected * 2}


@pytest.mark.rule("R2.16")
def test_a_plan_has_the_present_time_and_a_trial_of_one_step_that_of_its_start(
    dora: Client, run_here: RunHere
) -> None:
    at = {"item": "=now() > timestamp('2026-01-01T00:00:00Z') ? 'known' : 'past'"}
    made = chain(step("a", compensation=Action("undo", at)), step("b", worker="double", params=at))
    run = run_here(made)
    plan = dora.get(f"/api/v1/runs/{run.pk}/rollback-plan").json()
    assert plan["undo"][-1]["params"] == {"item": "known"}
    workflows.import_document(dump(made))
    answer = dora.post(f"{URL}/steps/b/runs", "{}", content_type="application/json")
    assert answer.status_code == 201, answer.content
    version = WorkflowVersion.every.latest("pk")
    assert version.document["steps"][0]["params"] == {"item": "known"}


INSIDE = {
    "steps": [{"name": "x", "worker": "act"}, {"name": "y", "worker": "act"}],
    "edges": [{"from": "x", "to": "y"}],
}


@pytest.mark.parametrize(
    ("fields", "place", "expression", "text"),
    [
        ({"until": "output.done", "max_turns": 3}, "until", "turn == 1 && previous == null", "true"),
        ({"until": "output.done", "max_turns": 3}, "delay", "turn * 30", "30"),
        (
            {"until": "output.done", "max_turns": 3, "input": {"n": "=turn"}},
            "body.steps[1].params.v",
            "[turn, context.n]",
            "[1, 1]",
        ),
        (
            {"kind": "map", "items": "input.rows"},
            "body.steps[1].when",
            "item == 7 && context.index == 0",
            "true",
        ),
        (
            {"kind": "group", "input": {"double": "=input.rows[0] * 2"}},
            "body.edges[0].when",
            "input.double == 14",
            "true",
        ),
    ],
)
def test_what_loops_and_bodies_read_is_previewed(
    dora: Client, fields: dict[str, Any], place: str, expression: str, text: str
) -> None:
    inner = {"name": "w", "kind": "loop", "body": INSIDE, **fields}
    draft(changes={"steps": [*dump(graph())["steps"], inner]})
    assert gives(dora, f"steps[3].{place}", expression)["text"] == text


def test_values_inside_a_body_are_those_of_its_last_run(dora: Client, run_here: RunHere) -> None:
    body = Body((step("x"), step("y")), (Edge("x", "y"),))
    loop = Step("w", kind="loop", until="turn == 2", max_turns=3, body=body, input={"n": "=turn * 10"})
    group = Step("g", kind="group", body=Body((step("first"), loop), (Edge("first", "w"),)))
    run = run_here(chain(group, step("z")), given=7)
    inside = "steps[0].body.steps[1].body.steps[1].params.v"
    assert (
        gives(dora, inside, "[context.n, turn, steps.x.x, context.given]", run.pk)["text"] == "[20, 2, 2, 7]"
    )
    assert gives(dora, "steps[0].body.steps[1].until", "steps.first.first", run.pk)["text"] == "1"
    never = run_here(chain(step("z"), replace(group, when="false")), given=8)
    assert gives(dora, inside.replace("steps[0]", "steps[1]", 1), "context.given", never.pk)["text"] == "8"
