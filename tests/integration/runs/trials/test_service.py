"""Drafts are tried by the real workers, apart from everything that is published."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from designer.document.document import dump
from designer.document.graph import Action, Body, Graph, Step
from designer.errors import StaleDraft, TrialRefused
from designer.models import Workflow, WorkflowVersion
from designer.services import queries, workflows
from runs.delivery import queue
from runs.engine import engine
from runs.errors import BadInput
from runs.models import Run
from runs.trials import service
from tests.integration.runs import workers as sample
from tests.integration.runs.conftest import Publish, RunHere, chain, step
from tests.people import client_of
from workers.process.jobs import run_attempt


def draft(graph: Graph, **changes: Any) -> None:
    workflows.import_document(dump(graph) | changes)


def carried_out(start: Any, *args: Any) -> Run:
    """A trial, carried out in this process."""
    with queue.collect_dispatches() as dispatches:
        run: Run = start(*args)
        while dispatches:
            owner, dispatch = dispatches.popleft()
            run_attempt(str(owner), dispatch.step, dispatch.lease)
    run.refresh_from_db()
    return run


@pytest.fixture
def dora(transactional_db: None) -> Client:
    return client_of("dora", "designer", "operator")


def post(client: Client, path: str, body: Any, **headers: str) -> Any:
    text = json.dumps(body)
    return client.post(f"/api/v1{path}", text, content_type="application/json", headers=headers)


def test_a_draft_is_tried_with_its_undos_and_nothing_is_published() -> None:
    draft(chain(step("a"), step("b")))
    run = carried_out(service.try_draft, "sample", {"faults": {"b": "critical"}})
    assert run.trial and run.status == "compensated"
    assert sample.did == ["a", "undo a of 1 after b"]
    workflow = Workflow.objects.get(name="sample")
    assert workflow.draft is not None and not workflow.versions.exists()
    assert queries.published_graph("sample") is None


def test_a_trial_never_touches_the_numbers_of_versions(publish: Publish) -> None:
    publish(chain(step("a")))
    draft(chain(step("a"), step("b")))
    service.try_draft("sample", {})
    service.try_draft("sample", {})
    assert workflows.publish("sample").number == 2
    assert [version.number for version in Workflow.objects.get().versions.all()] == [2, 1]
    assert WorkflowVersion.every.filter(number=0).count() == 2


def test_the_runs_that_a_trial_starts_are_trials_too(publish: Publish) -> None:
    publish(chain(step("inside"), name="inner"))
    draft(chain(Step("child", kind="workflow", workflow="inner")))
    run = carried_out(service.try_draft, "sample", {})
    child = Run.objects.get(parent=run)
    assert run.status == child.status == "completed" and child.trial


def test_a_draft_with_errors_is_not_tried() -> None:
    draft(chain(step("a", worker="nobody")))
    with pytest.raises(TrialRefused) as refused:
        service.try_draft("sample", {})
    assert [problem.code for problem in refused.value.problems] == ["unknown_worker"]
    assert not Run.objects.exists() and not WorkflowVersion.every.exists()


def test_what_is_tried_is_what_was_seen() -> None:
    draft(chain(step("a")))
    with pytest.raises(StaleDraft):
        service.try_draft("sample", {}, 7)


def test_an_input_that_does_not_fit_leaves_nothing_behind() -> None:
    draft(chain(step("a"), input_schema={"type": "object", "required": ["amount"]}))
    with pytest.raises(BadInput, match="amount"):
        service.try_draft("sample", {})
    assert not Run.objects.exists() and not WorkflowVersion.every.exists()


def test_one_step_is_tried_alone_whatever_stands_around_it() -> None:
    wrong = step("z", worker="nobody")
    alone = step("b", when="context.never", params={"b": "=context.n + steps.a.n"}, on_failure="pause")
    draft(chain(step("a"), alone, wrong, input_schema={"type": "object", "required": ["amount"]}))
    run = carried_out(service.try_step, "sample", "b", {"n": 1}, {"a": {"n": 5}})
    assert run.status == "completed" and sample.did == ["b"]
    assert [found.name for found in run.steps.all()] == ["b"]
    failed = carried_out(
        service.try_step, "sample", "b", {"n": 1, "faults": {"b": "critical"}}, {"a": {"n": 5}}
    )
    assert failed.status == "failed"


def test_a_step_that_was_tried_alone_can_be_undone() -> None:
    draft(chain(step("a"), step("b")))
    run = carried_out(service.try_step, "sample", "b", {}, {})

    def undo() -> Run:
        engine.roll_back(run.pk)
        return run

    carried_out(undo)
    assert sample.did == ["b", "undo b of 1 after None"]


def test_a_map_is_tried_alone_over_its_items() -> None:
    each = Step("each", kind="map", worker="double", items="context.rows", params={"item": "=item + 1"})
    draft(chain(step("a"), each))
    run = carried_out(service.try_step, "sample", "each", {"rows": [1, 2]}, {})
    assert run.status == "completed"


def test_a_step_inside_a_step_is_tried_alone(dora: Client) -> None:
    inner = step("b", params={"b": "=context.n"}, when="context.never")
    body = Body((step("a"), inner, step("c", worker="nobody")))
    draft(chain(step("a"), Step("g", kind="group", body=body)))
    run = carried_out(service.try_step, "sample", "g/b", {"n": 1}, {})
    assert run.status == "completed" and sample.did == ["b"]
    made = post(dora, "/workflows/sample/draft/steps/g/b/runs", {"context": {"n": 1}})
    assert made.status_code == 201 and [found["name"] for found in made.json()["steps"]] == ["b"]
    refused = post(dora, "/workflows/sample/draft/steps/g/c/runs", {})
    paths = [found["path"] for found in refused.json()["problems"] if found["level"] == "error"]
    assert (refused.status_code, paths) == (409, ["steps[1].body.steps[2].worker"])


@pytest.mark.parametrize(
    ("name", "context", "code", "path"),
    [
        ("none", {}, "unknown_step", "steps"),
        ("b/a", {}, "unknown_step", "steps"),
        ("b", {}, "bad_expression", "steps[1]"),
        ("c", {}, "unknown_worker", "steps[2].worker"),
    ],
)
def test_why_a_step_cannot_be_tried_is_said_at_its_place(
    dora: Client, name: str, context: Any, code: str, path: str
) -> None:
    draft(chain(step("a"), step("b", params={"x": "=context.missing"}), step("c", worker="nobody")))
    refused = post(dora, f"/workflows/sample/draft/steps/{name}/runs", {"context": context})
    assert refused.status_code == 409
    (problem,) = [found for found in refused.json()["problems"] if found["level"] == "error"]
    assert (problem["code"], problem["path"]) == (code, path)


def test_trials_are_marked_and_kept_apart(dora: Client, run_here: RunHere) -> None:
    run_here(chain(step("a")))
    draft(chain(step("a"), step("b")))
    made = post(dora, "/workflows/sample/draft/runs", {"input": {}}, **{"If-Match": '"1"'})
    assert made.status_code == 201 and made.json()["trial"] and made.json()["version"] is None
    assert post(dora, "/workflows/sample/draft/runs", {}, **{"If-Match": '"9"'}).status_code == 412
    listed = [run["id"] for run in dora.get("/api/v1/runs").json()["runs"]]
    assert made.json()["id"] not in listed and len(listed) == 1
    (found,) = dora.get("/api/v1/runs", {"trials": "true"}).json()["runs"]
    assert found["id"] == made.json()["id"]
    assert made.json()["id"] not in dora.get("/runs/").content.decode()
    page = dora.get("/runs/", {"kind": "trials"}).content.decode()
    assert made.json()["id"] in page and "draft, trial" in page
    assert "Trial" in dora.get(f"/runs/{made.json()['id']}/").content.decode()
    again = post(dora, f"/runs/{made.json()['id']}/rerun", {})
    assert again.status_code == 201 and again.json()["trial"]


def test_only_who_designs_tries(transactional_db: None) -> None:
    draft(chain(step("a")))
    viewer = client_of("viv", "viewer")
    for path in ("/workflows/sample/draft/runs", "/workflows/sample/draft/steps/a/runs"):
        assert post(viewer, path, {}).status_code == 403
        assert post(Client(), path, {}).status_code == 401
    assert not Run.objects.exists()


def test_a_compensation_that_reads_the_failure_stays_an_expression() -> None:
    undo = replace(step("a"), compensation=Action("undo", {"why": "=failure.step"}))
    draft(chain(undo))
    run = carried_out(service.try_step, "sample", "a", {}, {})
    assert run.status == "completed"


def test_who_tries_may_also_stop_it_but_no_other_run(publish: Publish) -> None:
    dora = client_of("dora", "designer")
    draft(chain(Step("w", kind="approval")))
    trial = service.try_draft("sample", {})
    real = engine.start_run(publish(chain(Step("w", kind="approval"))), {})
    assert post(dora, f"/runs/{trial.pk}/cancel", {}).status_code == 200
    assert post(dora, f"/runs/{real.pk}/cancel", {}).status_code == 403
    assert Run.objects.get(pk=trial.pk).status == "cancelled"


def test_faults_on_demand_strike_in_trials_and_where_a_setting_allows_them(
    transactional_db: None, settings: Any
) -> None:
    """An input may come from a stranger, by a webhook: elsewhere it fails its run and no more."""
    settings.SIMULATE_FAULTS = False
    draft(chain(step("split_data", worker="split_data", compensation=None)))
    given = {"data": [1], "batch_size": 1, "simulate": {"split_data": "failed"}}
    tried = carried_out(service.try_draft, "sample", given)
    assert "simulated failure" in str(tried.error)
    version = workflows.publish("sample")
    assert "SIMULATE_FAULTS=1" in str(carried_out(engine.start_run, version, given).error)
    assert carried_out(engine.start_run, version, given | {"simulate": {}}).status == "completed"
    settings.SIMULATE_FAULTS = True
    assert "simulated failure" in str(carried_out(engine.start_run, version, given).error)
