"""Runs that are started again from a step: engine, REST, page and figures."""

from __future__ import annotations

import html

import pytest
from django.test import Client
from django.urls import reverse

from designer.document.graph import Body, Edge, Graph, Step
from runs.delivery import queue
from runs.engine import again, engine
from runs.machine.errors import Refused
from runs.models import Run, StepFigures
from runs.queries.run_page import view_json
from runs.statistics import counters
from tests.integration.runs.conftest import RunHere, chain, step
from tests.integration.runs.workers import did
from workers.cli.local_run import next_timer
from workers.process.jobs import run_attempt


def ended(run: Run, start: str) -> Run:
    """Starts a run again from a step and carries it out."""
    with queue.collect_dispatches() as dispatches:
        made = again.start_again(run, start)
        while dispatches:
            owner, dispatch = dispatches.popleft()
            run_attempt(str(owner), dispatch.step, dispatch.lease)
    assert next_timer(made.pk) is None
    made.refresh_from_db()
    return made


@pytest.mark.rule("R5.51")
def test_only_what_comes_after_runs_again(run_here: RunHere) -> None:
    earlier = run_here(chain(step("a"), step("b"), step("c")))
    run = ended(earlier, "b")
    assert run.status == "completed" and run.version == earlier.version
    assert did == ["a", "b", "c", "b", "c"]
    rows = {row.name: (row.status, row.undo) for row in run.steps.all()}
    assert rows == {"a": ("completed", "taken_over"), "b": ("completed", "none"), "c": ("completed", "none")}
    facts = run.journal.get(seq=1).data["again"]
    assert facts == {"run": str(earlier.pk), "from": "b"}
    assert run.journal.get(step="a").data["taken_over"] == str(earlier.pk)
    assert view_json(run)["lastSeq"] == run.last_seq


@pytest.mark.rule("R5.53")
def test_a_rollback_undoes_each_effect_by_the_run_that_had_it(run_here: RunHere) -> None:
    earlier = run_here(chain(step("a"), step("b"), step("c")))
    run = ended(earlier, "b")
    did.clear()
    for one in (run, earlier):
        with queue.collect_dispatches() as dispatches:
            engine.roll_back(one.pk)
            while dispatches:
                owner, dispatch = dispatches.popleft()
                run_attempt(str(owner), dispatch.step, dispatch.lease)
        did.append("-")
    names = [act.partition(" of ")[0].removeprefix("undo ") for act in did]
    assert names == ["c", "b", "-", "c", "b", "a", "-"]


@pytest.mark.rule("R5.51")
def test_the_run_of_a_group_is_taken_over_without_another_run(run_here: RunHere) -> None:
    body = Body((step("x"), step("y")), (Edge("x", "y"),))
    earlier = run_here(chain(Step("g", kind="group", body=body), step("end")))
    run = ended(earlier, "end")
    assert run.status == "completed" and not Run.every.filter(parent=run).exists()
    part = Run.every.get(parent=earlier)
    with pytest.raises(Refused, match="part of another run's workflow"):
        again.start_again(part)


@pytest.mark.rule("R5.52")
def test_what_was_undone_since_by_the_run_that_did_it_is_not_taken_over_further(run_here: RunHere) -> None:
    first = run_here(chain(step("a"), step("b")))
    second = ended(first, "b")
    third = ended(second, "b")
    assert third.journal.get(step="a").data["taken_over"] == str(first.pk)
    with queue.collect_dispatches():
        engine.roll_back(first.pk)
    with pytest.raises(Refused, match="a was left behind by a rollback|a was undone"):
        again.start_again(second, "b")
    Run.every.filter(pk=first.pk).delete()
    with pytest.raises(Refused, match="is gone"):
        again.start_again(third, "b")


def test_one_key_starts_one_run(run_here: RunHere) -> None:
    earlier = run_here(chain(step("a"), step("b")))
    keys = [again.start_again(earlier, "b", idempotency_key="k").pk for _ in range(2)]
    assert keys[0] == keys[1] and Run.objects.count() == 2


def test_by_rest_a_run_says_from_where_and_starts_there(run_here: RunHere, operator: Client) -> None:
    earlier = run_here(chain(step("a"), step("b"), step("c")))
    assert operator.get(f"/api/v1/runs/{earlier.pk}/allowed").json()["again_from"] == ["b", "c"]
    made = operator.post(
        f"/api/v1/runs/{earlier.pk}/rerun", {"from_step": "c"}, content_type="application/json"
    )
    assert made.status_code == 201, made.content
    assert Run.objects.get(pk=made.json()["id"]).steps.filter(undo="taken_over").count() == 2
    refused = operator.post(
        f"/api/v1/runs/{earlier.pk}/rerun", {"from_step": "z"}, content_type="application/json"
    )
    assert refused.status_code == 409 and refused.json()["type"].endswith("unknown_step")


def test_after_a_rollback_the_page_leads_back_to_what_stands(
    run_here: RunHere, operator: Client, undone: Run
) -> None:
    assert (
        "Start again from a step" not in operator.get(reverse("run-panel", args=[undone.pk])).content.decode()
    )
    page = operator.get(reverse("run-again", args=[undone.pk]) + "?from=ship", follow=True)
    assert "reserve was undone. Start again from it" in html.unescape(page.content.decode())


def test_the_page_says_what_is_taken_over_what_runs_and_what_is_done_twice(
    run_here: RunHere, operator: Client, viewer: Client
) -> None:
    earlier = run_here(chain(step("a", title="Reserve"), step("b"), step("c", title="Ship")))
    address = reverse("run-again", args=[earlier.pk])
    assert viewer.get(address).status_code == 403
    assert "Start again from a step" in operator.get(reverse("run-panel", args=[earlier.pk])).content.decode()
    text = html.unescape(operator.get(address).content.decode())
    assert "Start again from Ship" in text and "2 steps taken over" in text and "1 step to run" in text
    assert "<strong>Ship</strong> already, and that stands" in text
    made = operator.post(address, {"from": "b", "key": "once"})
    again_made = operator.post(address, {"from": "b", "key": "once"})
    assert made.status_code == 302 and made["Location"] == again_made["Location"]
    shown = html.unescape(operator.get(made["Location"]).content.decode())
    assert "Goes on from" in shown and f"/runs/{earlier.pk}/" in shown


def test_figures_count_what_a_run_did_itself(run_here: RunHere) -> None:
    earlier = run_here(chain(step("a"), step("b")))
    ended(earlier, "b")
    counters.tally_once()
    counts = {
        row.step: row.completed
        for row in StepFigures.objects.filter(version=earlier.version).exclude(step="")
    }
    assert counts == {"a": 1, "b": 2}


def test_a_graph_of_one_step_cannot_be_started_from_within(run_here: RunHere, operator: Client) -> None:
    earlier = run_here(Graph("sample", steps=(step("a"),)))
    page = operator.get(reverse("run-again", args=[earlier.pk]), follow=True)
    assert "It has no step" in html.unescape(page.content.decode())
