"""Starting a run from its page: what is typed is never lost, and sending twice starts once."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from designer.document.graph import Graph
from designer.models import Workflow
from runs.detail.starting import FAULTS
from runs.engine import engine
from runs.machine.limits import INPUT_BYTES_MAX
from runs.models import Run
from tests.integration.runs.conftest import Publish, chain, step
from workers.library.faults import read_fault

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


NESTED = {
    "type": "object",
    "required": ["rows"],
    "properties": {
        "rows": {
            "type": "array",
            "items": {"type": "object", "required": ["a/b"], "properties": {"n": {"type": "integer"}}},
        },
        "pay": {
            "anyOf": [
                {
                    "type": "object",
                    "required": ["by"],
                    "properties": {"by": {"const": "card"}, "number": {"type": "string"}},
                },
                {
                    "type": "object",
                    "required": ["by", "days"],
                    "properties": {"by": {"const": "bill"}, "days": {"type": "integer"}},
                },
                {"type": "null"},
            ]
        },
    },
}


@pytest.mark.parametrize(
    ("sent", "pointers"),
    [
        ({}, ["/rows"]),
        ({"rows": [{"a/b": 1, "n": 1}, {"n": "x"}]}, ["/rows/1/a~1b", "/rows/1/n"]),
        ({"rows": [], "pay": {"by": "card", "number": 7}}, ["/pay/number"]),
        ({"rows": [], "pay": {"by": "bill"}}, ["/pay/days"]),
        ({"rows": [], "pay": {"by": "gold"}}, ["/pay"]),
        ({"rows": [], "pay": "gold"}, ["/pay"]),
    ],
)
def test_what_is_wrong_is_told_by_its_place_to_the_form_and_to_callers(
    operator: Client, publish: Publish, sent: dict[str, Any], pointers: list[str]
) -> None:
    publish(chain(step("reserve"), name="order", input_schema=NESTED))
    response = operator.post(URL, {"input": json.dumps(sent), "key": "k"})
    assert response.status_code == 422
    assert sorted(one["pointer"] for one in response.context["data"]["problems"]) == pointers
    answer = operator.post("/api/v1/workflows/order/runs", {"input": sent}, content_type="application/json")
    assert sorted(problem["pointer"] for problem in answer.json()["problems"]) == pointers


def test_earlier_inputs_are_offered_once_each_without_trials_and_secrets(
    operator: Client, publish: Publish
) -> None:
    schema = {"type": "object", "properties": {"key": {"type": "string", "writeOnly": True}}}
    version = publish(chain(step("reserve"), name="order", input_schema=schema))
    secret = "a long secret of a person"
    for given in ({"n": 1}, {"n": 2}, {"n": 1}, {"key": secret}):
        engine.start_run(version, given)
    engine.start_run(version, {"n": 3}, trial=True)
    page = operator.get(URL)
    recent = page.context["recent"]
    assert [json.loads(one.text) for one in recent] == [{"key": "••••••••"}, {"n": 1}, {"n": 2}]
    assert secret not in page.content.decode()
    chosen = operator.get(URL, {"from": str(recent[1].run_id)})
    assert json.loads(chosen.context["form"]["input"].value()) == {"n": 1}


def test_faults_are_offered_for_examples_where_they_are_allowed(
    operator: Client, publish: Publish, settings: Settings
) -> None:
    schema = {"type": "object", "properties": {"simulate": {"type": "object"}}}
    publish(chain(step("reserve", title="Reserve it"), step("ship"), name="order", input_schema=schema))
    settings.SIMULATE_FAULTS = True
    assert operator.get(URL).context["data"]["faults"] is None
    Workflow.objects.update(is_pattern=True)
    faults = operator.get(URL).context["data"]["faults"]
    assert faults["steps"][0] == {"title": "Reserve it", "worker": "act", "undo": "undo"}
    settings.SIMULATE_FAULTS = False
    assert operator.get(URL).context["data"]["faults"] is None


def test_each_fault_that_is_offered_is_one_that_workers_know() -> None:
    assert [read_fault("x", fault).kind for fault in FAULTS] == [fault.partition(":")[0] for fault in FAULTS]
