"""Starting a run from its page: what is typed is never lost, and sending twice starts once."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from designer.document.graph import Graph
from designer.models import Workflow
from runs.machine.limits import INPUT_BYTES_MAX
from runs.models import Run

URL = "/workflows/order/start/"


def test_the_form_starts_with_the_sample(operator: Client, order: Graph) -> None:
    form = operator.get(URL).context["form"]
    assert json.loads(form["input"].value()) == {"amount": 3}


def test_the_form_can_start_with_the_input_of_an_earlier_run(operator: Client, undone: Run) -> None:
    form = operator.get(URL, {"from": str(undone.pk)}).context["form"]
    assert json.loads(form["input"].value()) == undone.input


@pytest.mark.parametrize("again", ["x", "00000000-0000-0000-0000-000000000000"])
def test_an_unknown_earlier_run_gives_the_sample(operator: Client, order: Graph, again: str) -> None:
    form = operator.get(URL, {"from": again}).context["form"]
    assert json.loads(form["input"].value()) == {"amount": 3}


def test_a_run_is_started_and_shown(operator: Client, order: Graph) -> None:
    response = operator.post(URL, {"input": '{"amount": 4}', "key": "k"})
    run = Run.objects.get()
    assert response["Location"] == reverse("run-detail", args=[run.pk])
    assert run.input == {"amount": 4}
    assert run.started_by is not None and run.started_by.get_username() == "olga"


def test_a_form_sent_again_with_another_input_is_told_so_and_can_be_sent_on(
    operator: Client, order: Graph
) -> None:
    sent = {"input": '{"amount": 1}', "key": operator.get(URL).context["form"]["key"].value()}
    operator.post(URL, sent)
    response = operator.post(URL, sent | {"input": '{"amount": 2}'})
    assert response.status_code == 422 and "sent before with another input" in response.content.decode()
    form = response.context["form"]
    assert json.loads(form["input"].value()) == {"amount": 2}
    response = operator.post(URL, {"input": form["input"].value(), "key": form["key"].value()})
    assert response.status_code == 302
    assert sorted(run.input["amount"] for run in Run.objects.all()) == [1, 2]


def test_sending_twice_starts_one_run(operator: Client, order: Graph) -> None:
    key = operator.get(URL).context["form"]["key"].value()
    first, second = (operator.post(URL, {"input": "{}", "key": key}) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{\n "amount": 3,,}', "Line 2, column 14"),
        ("[1]", "must be a JSON object"),
        ('{"amount": NaN}', "is NaN, no JSON number"),
        ("[" * 100_000, "nested deeper than 64 levels"),
        ('{"amount": "three"}', "$.amount: 'three' is not of type 'integer'"),
        ('{"text": "' + "x" * INPUT_BYTES_MAX + '"}', f"the limit is {INPUT_BYTES_MAX:,}"),
    ],
    ids=["malformed", "a list", "NaN", "deep", "against the schema", "too large"],
)
def test_a_refused_input_is_kept_and_the_reason_stands_below_it(
    operator: Client, order: Graph, text: str, said: str
) -> None:
    response = operator.post(URL, {"input": text, "key": "k"})
    page = html.unescape(response.content.decode())
    assert response.status_code == 422
    assert said in page
    assert text in page
    assert not Run.objects.exists()


def test_a_workflow_that_is_unknown_or_only_a_draft_cannot_be_started(operator: Client, order: Graph) -> None:
    Workflow.objects.create(name="half_done", draft={})
    for name in ("nothing", "half_done"):
        response = operator.get(reverse("run-start", args=[name]))
        assert response.status_code == 404
        assert "no such page" in response.content.decode()


def test_the_button_is_offered_where_it_can_be_used(operator: Client, order: Graph) -> None:
    Workflow.objects.create(name="half_done", draft={})
    page: Any = operator.get(reverse("workflow-list")).content.decode()
    assert URL in page
    assert "half_done/start" not in page
