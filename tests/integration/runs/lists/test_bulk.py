"""One act on many runs: told beforehand, done by the engine, refused run by run, bounded, for operators."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import reverse

from designer.document.graph import Graph, Step
from runs.lists import bulk
from runs.lists.bulk import Order
from runs.models import JournalEntry, Run
from tests.integration.runs.conftest import RunHere, chain, step

NOBODY = uuid4()


def told(results: list[bulk.Result]) -> list[tuple[bool, str]]:
    return [(one.is_done, one.text) for one in results]


def post(client: Client, body: Any, **headers: str) -> Any:
    return client.post("/api/v1/runs/bulk", body, content_type="application/json", headers=headers)


# --- what would happen is what happens ---


def test_a_cancel_is_foretold_and_done_run_by_run(waiting: Run, undone: Run, stuck: Run) -> None:
    ids = [waiting.pk, undone.pk, stuck.pk, NOBODY]
    before = JournalEntry.objects.count()
    foretold = bulk.preview(Order("cancel"), ids)
    assert told(foretold) == [
        (True, "It stops."),
        (False, "It has ended."),
        (False, "It is being undone already."),
        (False, f"There is no run {NOBODY}."),
    ]
    assert JournalEntry.objects.count() == before
    done = bulk.do(Order("cancel", user="olga"), ids)
    assert [one.is_done for one in done] == [one.is_done for one in foretold]
    waiting.refresh_from_db()
    assert waiting.status == "cancelled"


@pytest.mark.rule("R6.11")
def test_a_point_of_no_return_is_told_before_many_runs_are_cancelled(
    run_here: RunHere, operator: Client
) -> None:
    hold = Step("hold", kind="wait", signal="go")
    runs = [run_here(chain(step("pay", pivot=pivot), hold)) for pivot in (True, False)]
    ids = [run.pk for run in runs]
    past, free = bulk.preview(Order("cancel", user="olga"), ids)
    assert past.as_json()["past_pivot"] == ["pay"] and "past the point of no return: pay" in past.text
    assert "past_pivot" not in free.as_json()
    form = {"act": "cancel", "runs": [str(pk) for pk in ids]}
    page = operator.post(reverse("run-bulk"), form).content.decode()
    assert "1 of them goes back past a point of no return" in page
    bulk.do(Order("cancel", user="olga"), ids)
    entry = JournalEntry.objects.get(run=runs[0], type="run.compensating")
    assert (entry.data["past_pivot"], entry.data["by"]) == (["pay"], "olga")


def test_an_abandon_leaves_what_was_done(stuck: Run) -> None:
    ((is_told, words),) = told(bulk.preview(Order("cancel", "abandon"), [stuck.pk]))
    assert is_told and "nothing is undone" in words
    assert told(bulk.do(Order("cancel", "abandon", "olga"), [stuck.pk])) == [(True, "Abandoned.")]
    stuck.refresh_from_db()
    assert stuck.status == "cancelled"


def test_a_retry_answers_the_open_question(stuck: Run, undone: Run, waiting: Run) -> None:
    ids = [stuck.pk, undone.pk, waiting.pk]
    assert told(bulk.preview(Order("retry"), ids)) == [
        (True, "charge: tried again, then the run goes on."),
        (False, "It has ended; run it again instead."),
        (False, "It has no failed step to try again."),
    ]
    assert [one.is_done for one in bulk.do(Order("retry", user="olga"), ids)] == [True, False, False]
    intervention = stuck.interventions.get()
    assert (intervention.status, intervention.answer, intervention.answered_by) == (
        "answered",
        "retry",
        "olga",
    )


def test_a_rerun_starts_each_once_however_often_it_is_sent(undone: Run, stuck: Run) -> None:
    order = Order("rerun", key="k")
    first = bulk.do(order, [undone.pk, stuck.pk])
    again = bulk.do(order, [undone.pk, stuck.pk])
    assert told(first) == [(True, "Started again."), (False, "It has not ended yet.")]
    assert first[0].made == again[0].made
    assert first[0].made
    made = Run.objects.get(pk=first[0].made)
    assert (made.version_id, made.input, made.labels) == (undone.version_id, undone.input, undone.labels)
    assert Run.objects.count() == 3


def test_what_came_as_a_file_is_only_looked_at(undone: Run) -> None:
    Run.objects.filter(pk=undone.pk).update(imported={"by": "ada"})
    for act in bulk.ACTS:
        ((is_done, words),) = told(bulk.do(Order(act), [undone.pk]))
        assert not is_done and "brought in as a file" in words


@pytest.mark.rule("R11.7")
def test_runs_are_paused_and_resumed_together(waiting: Run, undone: Run, operator: Client) -> None:
    ids = [waiting.pk, undone.pk]
    assert told(bulk.preview(Order("pause"), ids)) == [
        (True, "Nothing new starts in it; what is under way ends."),
        (False, "It is not under way."),
    ]
    assert told(bulk.do(Order("pause"), ids))[0] == (True, "Paused.")
    assert told(bulk.preview(Order("pause"), ids))[0] == (False, "It is paused already.")
    assert Run.objects.get(pk=waiting.pk).paused_at is not None
    form = {"act": "resume", "runs": [str(run_id) for run_id in ids]}
    page = operator.post(reverse("run-bulk"), form).content.decode()
    assert "Resume: 1 run?" in page and "Resume 1 run<" in page and "It is not paused." in page
    done = operator.post(reverse("run-bulk-do"), {"act": "resume", "runs": str(waiting.pk), "key": "k"})
    assert "Resumed: 1 run" in done.content.decode()
    assert Run.objects.get(pk=waiting.pk).paused_at is None
    body = {"act": "pause", "runs": [str(waiting.pk)]}
    assert post(operator, body).json()["done"] == 1


# --- REST ---


def test_rest_tells_of_each_run(operator: Client, waiting: Run, undone: Run) -> None:
    ids = [str(waiting.pk), str(undone.pk)]
    dry = post(operator, {"act": "cancel", "runs": ids, "dry_run": True}).json()
    assert [result["ok"] for result in dry["results"]] == [True, False]
    assert Run.objects.get(pk=waiting.pk).status == "waiting"
    answer = post(operator, {"act": "cancel", "runs": [*ids, ids[0]]}).json()
    assert (answer["done"], answer["refused"]) == (1, 1)
    assert [result["run"] for result in answer["results"]] == ids
    assert Run.objects.get(pk=waiting.pk).status == "cancelled"


def test_rest_reruns_nothing_twice_under_one_key(operator: Client, undone: Run) -> None:
    body = {"act": "rerun", "runs": [str(undone.pk)]}
    made = [post(operator, body, **{"Idempotency-Key": "k"}).json()["results"][0]["made"] for _ in range(2)]
    assert made[0] == made[1]
    assert Run.objects.count() == 2


def test_a_key_that_comes_with_another_order_is_refused(operator: Client, undone: Run, stuck: Run) -> None:
    ended, other = str(undone.pk), str(stuck.pk)
    key = {"Idempotency-Key": "k"}
    assert post(operator, {"act": "rerun", "runs": [ended]}, **key).status_code == 200
    again = str(Run.objects.exclude(pk__in=[undone.pk, stuck.pk]).get().pk)
    for body in (
        {"act": "rerun", "runs": [ended, other]},
        {"act": "rerun", "runs": [again]},
        {"act": "cancel", "runs": [ended]},
        {"act": "rerun", "runs": [ended], "mode": "abandon"},
    ):
        answer = post(operator, body, **key)
        assert answer.status_code == 422, body
        assert answer.json()["type"].endswith("idempotency_key_reused")
    assert Run.objects.count() == 3
    page = operator.post("/runs/bulk/do/", {"act": "rerun", "runs": again, "key": "k"})
    assert page.status_code == 302 and Run.objects.count() == 3


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"act": "erase", "runs": [str(NOBODY)]}, "act"),
        ({"act": "cancel", "runs": []}, "runs"),
        ({"act": "cancel", "runs": ["x"]}, "runs"),
        ({"act": "cancel", "runs": [str(uuid4()) for _ in range(bulk.BULK_MAX + 1)]}, "runs"),
        ({"act": "cancel", "runs": [str(NOBODY)], "mode": "never"}, "mode"),
    ],
    ids=["act", "none", "id", "many", "mode"],
)
def test_rest_refuses_what_it_does_not_know(operator: Client, body: Any, path: str) -> None:
    answer = post(operator, body)
    assert answer.status_code == 422
    assert any(path in problem["path"] for problem in answer.json()["problems"])


def test_only_operators_act(viewer: Client, designer: Client, stranger: Client, waiting: Run) -> None:
    body = {"act": "cancel", "runs": [str(waiting.pk)]}
    assert [post(client, body).status_code for client in (viewer, designer, stranger)] == [403, 403, 401]
    assert Run.objects.get(pk=waiting.pk).status == "waiting"
    page = viewer.get(reverse("run-list")).content.decode()
    assert 'name="runs"' not in page and "bulk-bar" not in page


# --- pages ---


def confirm(client: Client, **form: Any) -> str:
    response = client.post(reverse("run-bulk"), form, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def sent(page: str) -> dict[str, str]:
    """What the confirmation would send."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


def test_a_person_confirms_how_many_and_is_told_of_each(operator: Client, waiting: Run, undone: Run) -> None:
    page = confirm(operator, act="cancel", runs=[waiting.pk, undone.pk], filter="workflow=paper")
    assert "Cancel: 1 run?" in page and "1 of the chosen is left out" in page
    assert Run.objects.get(pk=waiting.pk).status == "waiting"
    form = sent(page)
    assert form["runs"] == str(waiting.pk)
    done = operator.post(reverse("run-bulk-do"), form | {"mode": "compensate"}).content.decode()
    assert "Cancelled: 1 run" in done and f"{reverse('run-list')}?workflow=paper" in done
    assert Run.objects.get(pk=waiting.pk).status == "cancelled"


def test_all_that_match_are_those_of_the_filter(operator: Client, run_here: RunHere, order: Graph) -> None:
    runs = [run_here(order) for _ in range(3)]
    other = run_here(order, faults={"ship": "critical"})
    page = confirm(operator, act="rerun", all="1", runs=[runs[0].pk], filter="status=completed")
    assert {UUID(text) for text in sent(page)["runs"].split()} == {run.pk for run in runs} - {other.pk}
    form = sent(page)
    for _ in range(2):
        operator.post(reverse("run-bulk-do"), form)
    assert Run.objects.count() == 7


def test_what_is_undone_already_can_only_be_abandoned(operator: Client, stuck: Run) -> None:
    page = confirm(operator, act="cancel", runs=[stuck.pk])
    assert "Abandon: 1 run?" in page and 'value="compensate" disabled' in page
    done = operator.post(reverse("run-bulk-do"), sent(page) | {"mode": "abandon"}).content.decode()
    assert "Abandoned: 1 run" in done
    assert Run.objects.get(pk=stuck.pk).status == "cancelled"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"act": "erase", "runs": [NOBODY]}, "Choose what is to be done"),
        ({"act": "cancel"}, "Choose between 1 and 200 runs"),
        ({"act": "cancel", "runs": ["x"]}, "Choose between 1 and 200 runs"),
        ({"act": "cancel", "all": "1", "filter": "since=yesterday"}, "is not an ISO 8601 time"),
    ],
)
def test_a_choice_that_is_none_leads_back_with_words(operator: Client, form: Any, said: str) -> None:
    response = operator.post(reverse("run-bulk"), form, follow=True)
    assert said in response.content.decode()
    bad = operator.post(reverse("run-bulk-do"), {"act": "cancel", "runs": "x"}, follow=True)
    assert "Choose the runs again" in bad.content.decode()
