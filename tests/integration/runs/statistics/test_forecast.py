"""The basis of forecasts: facts counted from the engine's journals, and what the API gives of them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from designer.document.document import dump
from designer.document.graph import Retry
from designer.models import Workflow, WorkflowVersion
from runs.models import JournalEntry, Run, StepFigures
from runs.statistics import forecast, step_facts
from runs.statistics.counters import tally_once
from tests.contract.forecast_samples import FOLDER, first_runs, graph_of, made, sample
from tests.integration.runs.conftest import Publish, RunHere, chain, step
from workers.cli.local_run import start_and_run

RUNS = 200
WHOLE = {"least", "runs", "versions", "whole", "steps", "workers"}


def store(name: str, count: int) -> WorkflowVersion:
    """Stores made runs with their journals, as if the engine had written them."""
    graph = graph_of(name)
    workflow = Workflow.objects.create(name=name)
    document = dump(graph)
    version = WorkflowVersion.objects.create(
        workflow=workflow, number=1, document=document, resolved=document
    )
    for number, family in enumerate(made(name, count)):
        rows: dict[str, Run] = {}
        for run in family:
            last = run.entries[-1]
            row = rows[run.state.run.id] = Run(
                version=version,
                workflow_name=name,
                status=run.state.run.status,
                created_at=run.started_at,
                started_at=run.started_at,
                finished_at=last.at,
                tally_at=last.at + timedelta(seconds=number),
                last_seq=last.seq,
                body=run.body,
                parent=rows[run.parent.state.run.id] if run.parent else None,
            )
            row.save()
            JournalEntry.objects.bulk_create(
                JournalEntry(
                    run=row, seq=e.seq, type=e.type, step=e.step, attempt=e.attempt, at=e.at, data=e.data
                )
                for e in run.entries
            )
    return version


@pytest.mark.parametrize("name", ["order", "paper"])
def test_what_is_counted_is_what_the_journals_of_made_runs_say(viewer: Client, name: str) -> None:
    store(name, RUNS)
    while tally_once():
        pass
    told = viewer.get(f"/api/v1/workflows/{name}/forecast").json()
    assert set(told) == WHOLE and told["runs"] == RUNS
    expected = sample(name, RUNS).basis
    assert told["whole"] == expected["whole"]
    assert told["steps"] == expected["steps"]
    assert told["versions"] == [1]


@pytest.mark.parametrize("name", ["order", "paper"])
def test_the_engine_decides_as_it_did_when_the_contract_was_made(name: str) -> None:
    written = json.loads((FOLDER / f"{name}.json").read_text())
    assert written["first"] == first_runs(name), "make it anew: python -m tests.contract.forecast_samples"


def test_below_twenty_runs_it_is_said_how_many_there_are(viewer: Client, run_here: RunHere) -> None:
    run_here(chain(step("a"), name="small"))
    tally_once()
    told = viewer.get("/api/v1/workflows/small/forecast").json()
    assert (told["runs"], told["least"]) == (1, 20)
    assert told["whole"]["ends"] == {"completed": 1}
    assert viewer.get("/api/v1/workflows/none/forecast").status_code == 404


def test_trials_and_paused_runs_say_nothing(viewer: Client, run_here: RunHere) -> None:
    run = run_here(chain(step("a"), name="small"))
    Run.objects.filter(pk=run.pk).update(trial=True)
    tally_once()
    assert not StepFigures.objects.exists()
    run = run_here(chain(step("a"), name="other"))
    assert run.started_at is not None
    JournalEntry.objects.create(run=run, seq=999, type="run.paused", at=run.started_at)
    Run.objects.filter(pk=run.pk).update(last_seq=999)
    tally_once()
    assert viewer.get("/api/v1/workflows/other/forecast").json()["runs"] == 0


def test_figures_of_older_versions_are_added_until_there_are_enough(
    publish: Publish, monkeypatch: Any
) -> None:
    graph = chain(step("a"), name="small")
    for _ in range(3):
        version = publish(graph)
        list(start_and_run(version, {}, None))
    while tally_once():
        pass
    assert forecast.basis("small")["versions"] == [3, 2, 1]
    monkeypatch.setattr(forecast, "RUNS_WANTED", 2)
    told = forecast.basis("small")
    assert (told["versions"], told["runs"]) == ([3, 2], 2)
    assert told["steps"]["a"]["reached"] == 2


def test_a_step_that_called_another_worker_counts_as_another_step(publish: Publish) -> None:
    for worker in ("act", "undo", "act"):
        list(start_and_run(publish(chain(step("a", worker=worker), name="small")), {}, None))
    while tally_once():
        pass
    told = forecast.basis("small")["steps"]["a"]
    assert (told["what"], told["reached"]) == ("task:act", 2)


def test_failures_that_the_policy_does_not_change_are_told_apart(run_here: RunHere) -> None:
    run_here(chain(step("a", retry=Retry(3, initial=0)), name="small"), faults={"a": "critical"})
    tally_once()
    own = forecast.basis("small")["steps"]["a"]["own"]
    assert own["first"] == {"bad": 1} and own["codes"] == own["critical"] == {"critical": 1}


def test_figures_of_a_worker_elsewhere_stand_in_for_those_of_a_new_step(
    publish: Publish, monkeypatch: Any
) -> None:
    monkeypatch.setattr(forecast, "RUNS_LEAST", 1)
    list(start_and_run(publish(chain(step("a"), name="old")), {}, None))
    tally_once()
    publish(chain(step("b"), name="new"))
    told = forecast.basis("new")
    assert told["workers"]["act"]["workflows"] == ["old"]
    assert told["workers"]["act"]["facts"]["own"]["first"] == {"good": 1}


def test_the_basis_costs_few_queries_however_many_runs_there_are(
    publish: Publish, django_assert_max_num_queries: Any
) -> None:
    version = publish(chain(step("a"), step("b"), name="small"))
    for _ in range(5):
        list(start_and_run(version, {}, None))
    while tally_once():
        pass
    with django_assert_max_num_queries(8):
        forecast.basis("small")


def test_facts_are_bounded_however_many_codes_a_worker_names() -> None:
    facts: dict[str, Any] = {}
    for number in range(step_facts.KEYS_MAX + 50):
        step_facts.merge(facts, {"codes": {f"c{number}": 1}})
    assert len(facts["codes"]) == step_facts.KEYS_MAX + 1
    assert sum(facts["codes"].values()) == step_facts.KEYS_MAX + 50
