"""Events by patterns of types, by conditions, in lists, and those that nobody could use."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from designer.document.graph import Step
from designer.models import Workflow
from runs.models import Run, Trigger
from runs.triggers.events import types_for
from tests.integration.runs.conftest import Publish, chain, step
from tests.integration.runs.triggers.triggering import EVENT, event_trigger, make, send
from tests.integration.runs.triggers.triggering import designer as designer
from tests.integration.runs.triggers.triggering import operator as operator
from tests.integration.runs.triggers.triggering import sample as sample

BATCH = "application/cloudevents-batch+json"


def event(number: int, **more: Any) -> dict[str, Any]:
    return {**EVENT, "id": str(number), "data": {"order": number}, **more}


@pytest.mark.rule("R11.17")
@pytest.mark.parametrize(
    ("stated", "event_type", "is_taken"),
    [
        ("order.*", "order.placed", True),
        ("order.*", "order.item.added", True),
        ("order.item.*", "order.item.added", True),
        ("*", "order.placed", True),
        ("order.*", "order", False),
        ("order.*", "orders.placed", False),
        ("order.placed", "order.placed.twice", False),
    ],
)
def test_a_pattern_takes_all_types_below_it(
    sample: Workflow, operator: Client, stated: str, event_type: str, is_taken: bool
) -> None:
    event_trigger(sample, stated)
    answer = send(operator, EVENT | {"type": event_type})
    assert answer.status_code == (201 if is_taken else 202)
    assert ("unused" in answer.json()) is not is_taken
    assert Run.objects.count() == is_taken


@pytest.mark.rule("R11.17")
def test_of_one_workflow_the_closest_trigger_counts_whose_condition_is_true(
    sample: Workflow, operator: Client
) -> None:
    event_trigger(sample, "*", map={"order": "=1"})
    event_trigger(sample, "order.*", map={"order": "=2"})
    event_trigger(sample, "order.placed", map={"order": "=3"}, when="event.data.order > 5")
    for number in (3, 7):
        assert len(send(operator, event(number)).json()["runs"]) == 1
    assert sorted(run.input["order"] for run in Run.objects.all()) == [2, 3]


@pytest.mark.rule("R11.11")
def test_a_condition_chooses_events(sample: Workflow, operator: Client) -> None:
    trigger = event_trigger(sample, when='event.source == "/shop" && event.data.order > 5')
    answer = send(operator, event(3))
    assert answer.status_code == 200 and answer.json()["runs"] == [] and "unused" not in answer.json()
    assert send(operator, event(7)).status_code == 201
    trigger.refresh_from_db()
    assert trigger.skipped == 1 and Run.objects.get().input == {"order": 7}
    refused = send(operator, event(8, data={}))
    assert refused.status_code == 422 and "when" in refused.json()["problems"][0]["message"]


def test_types_from_the_closest_on() -> None:
    assert types_for("a.b.c") == ["a.b.c", "a.b.*", "a.*", "*"]
    assert types_for("a") == ["a", "*"]


@pytest.mark.parametrize("event_type", ["order*", "*.placed", "a.*.b", "or der.*", ""])
def test_what_is_no_pattern(sample: Workflow, designer: Client, event_type: str) -> None:
    answer = make(designer, kind="event", event_type=event_type)
    assert answer.status_code == 422 and not Trigger.objects.exists()


# --- lists ---


@pytest.mark.rule("R11.17")
@pytest.mark.parametrize("content_type", [BATCH, "application/json"])
def test_events_come_as_a_list(sample: Workflow, operator: Client, content_type: str) -> None:
    event_trigger(sample)
    events = [event(1), event(2), event(1), event(3, data={"order": "x"}), event(4, type="nobody.cares")]
    answer = send(operator, events, content_type)
    assert answer.status_code == 201, answer.content
    assert [one["status"] for one in answer.json()["events"]] == [201, 201, 200, 422, 202]
    assert answer.json()["events"][3]["refused"][0]["path"] == "sample"
    assert "unused" in answer.json()["events"][4]
    assert sorted(run.input["order"] for run in Run.objects.all()) == [1, 2]
    assert send(operator, events[:3], content_type).status_code == 200


@pytest.mark.parametrize(
    ("events", "status", "said"),
    [
        ([event(1), {"id": "1"}], 400, "[1]: "),
        ([], 400, "1 to 1,000"),
        ([event(1)] * 1_001, 400, "1 to 1,000"),
        ([event(1, data={"order": "x"})], 422, "No workflow"),
    ],
)
def test_a_list_that_cannot_be_read_has_no_effect(
    sample: Workflow, operator: Client, events: Any, status: int, said: str
) -> None:
    event_trigger(sample)
    answer = send(operator, events, BATCH)
    assert answer.status_code == status and said in answer.json()["detail"]
    assert not Run.objects.exists()


# --- nobody ---


@pytest.mark.rule("R11.17")
def test_an_event_that_nobody_could_use_says_so(publish: Publish, sample: Workflow, operator: Client) -> None:
    trigger = event_trigger(sample, is_enabled=False)
    answer = send(operator)
    assert answer.status_code == 202 and "order.placed" in answer.json()["unused"]
    Trigger.objects.filter(pk=trigger.pk).update(is_enabled=True)
    assert "unused" not in send(operator).json()
    waits = Step("wait", kind="wait", event="order.gone", match="event.data.order == 1")
    publish(chain(step("a"), waits, name="waits"))
    assert "unused" not in send(operator, EVENT | {"type": "order.gone"}).json()
