"""Named limits as people state and see them: page, REST, audit, and the warning of a document."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from designer.document.document import dump
from designer.models import Limit
from designer.services.queries import problems_of
from runs.delivery import queue
from runs.engine import engine
from runs.limits import service
from runs.queries.runs import run_json
from tests.integration.runs.conftest import Publish, chain, step

pytestmark = pytest.mark.rule("R11.4")


def put(client: Client, name: str = "stripe", **body: Any) -> Any:
    return client.put(f"/api/v1/limits/{name}", json.dumps(body), content_type="application/json")


def test_an_operator_states_changes_and_removes_a_limit(operator: Client, viewer: Client) -> None:
    assert put(viewer, at_once=3).status_code == 403
    answer = put(operator, at_once=10, rate=100).json()
    assert (answer["at_once"], answer["rate"], answer["per"], answer["held"]) == (10, 100, 60, 0)
    assert put(operator, at_once=5, per=1.5).json()["rate"] is None
    (listed,) = viewer.get("/api/v1/limits").json()["limits"]
    assert listed["at_once"] == 5 and listed["changed_by"] == "olga"
    assert operator.delete("/api/v1/limits/stripe").status_code == 204
    assert viewer.get("/api/v1/limits/stripe").json()["at_once"] is None
    assert operator.delete("/api/v1/limits/none").status_code == 404
    said = list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))
    assert ["10 at a time, 100 in 60 s" in said[0], "5 at a time" in said[1], "no limit" in said[2]] == [
        True
    ] * 3


@pytest.mark.parametrize("body", [{"at_once": 0}, {"rate": -1}, {"per": 0}, {"at_once": "many"}, {"more": 1}])
def test_numbers_that_cannot_be_are_refused(operator: Client, body: dict[str, Any]) -> None:
    assert put(operator, **body).status_code == 422
    assert not Limit.objects.exists()


def test_a_name_that_no_step_could_state_is_refused(operator: Client) -> None:
    answer = put(operator, "Stripe!", at_once=1)
    assert answer.status_code == 422 and "small letters" in answer.json()["detail"]


def test_the_page_shows_limits_and_states_them(operator: Client, viewer: Client) -> None:
    page = reverse("limit-list")
    form = {"name": "stripe", "at_once": "2", "rate": "", "per": "60"}
    assert viewer.post(page, form).status_code == 403
    shown = operator.post(page, form, follow=True).content.decode()
    assert "stripe now: 2 at a time." in shown and "State a limit" in shown
    assert "State a limit" not in viewer.get(page).content.decode()
    refused = operator.post(page, form | {"name": "No such name"})
    assert refused.status_code == 422 and "small letters" in refused.content.decode()


def test_what_waits_goes_on_when_the_limit_is_raised(publish: Publish) -> None:
    service.change("stripe", 1, None)
    version = publish(chain(step("a", limit="stripe")))
    with queue.collect_dispatches() as dispatches:
        runs = [engine.start_run(version, {}) for _ in range(3)]
        service.change("stripe", 2, None)
        assert [run_id for run_id, _ in dispatches] == [runs[0].pk, runs[1].pk]
        service.remove("stripe")
        assert [run_id for run_id, _ in dispatches] == [run.pk for run in runs]


@pytest.mark.rule("R11.2")
def test_a_waiting_step_says_for_what_and_how_many_come_before_it(publish: Publish, viewer: Client) -> None:
    service.change("stripe", 1, None)
    version = publish(chain(step("a", limit="stripe"), step("b")))
    with queue.collect_dispatches():
        runs = [engine.start_run(version, {}) for _ in range(4)]
    assert engine.claim(runs[0].pk, "a", 1, "here")
    steps = run_json(runs[3])["steps"]
    assert steps[0]["waits_for"] == {"limit": "stripe", "before": 2} and steps[1]["waits_for"] is None
    assert run_json(runs[0])["steps"][0]["waits_for"] is None
    assert "2 before it" in viewer.get(reverse("run-detail", args=[runs[3].pk])).content.decode()
    assert "it is next" in viewer.get(reverse("run-panel", args=[runs[1].pk])).content.decode()


def test_a_document_warns_of_a_limit_that_nobody_has_stated(publish: Publish) -> None:
    service.change("stripe", 1, None)
    document = dump(chain(step("a", limit="strip"), step("b", limit="stripe")))
    (found,) = [problem for problem in problems_of(document) if problem.code == "unknown_limit"]
    assert (found.path, found.level) == ("steps[0].limit", "warning")
    assert "did you mean 'stripe'" in found.message
