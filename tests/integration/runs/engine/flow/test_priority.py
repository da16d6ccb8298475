"""Priorities of runs: which ready step comes first, before slots, in lines and in queues."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from designer.document.flow import Concurrency
from designer.models import Limit
from runs.delivery import queue
from runs.engine import engine
from runs.errors import BadInput
from runs.lists import bulk
from runs.lists.bulk import Order
from runs.models import Place, Run, Slot
from runs.queries.runs import run_json
from tests.integration.runs.conftest import Publish, chain, step
from tests.integration.runs.triggers.triggering import hook_trigger
from workers.process.rq_worker import FAIR_EVERY, DispatchQueue, _by_priority
from workers.sdk.outcome import Outcome

pytestmark = pytest.mark.rule("R11.8")


def start(version: Any, *priorities: int) -> list[Run]:
    return [engine.start_run(version, {}, priority=priority) for priority in priorities]


def test_steps_lie_in_a_list_of_their_priority_which_is_looked_at_first(publish: Publish) -> None:
    version = publish(chain(step("a")))
    start(version, 5, 9)
    assert queue.queue_lengths()["default"] == 2 and len(queue.queued_ids(["default"])) == 2
    keys = _by_priority(["default", "other"])
    assert keys[:2] == ["default@9", "other@9"] and keys[8:10] == ["default", "other"]


def test_every_list_gets_its_turn_however_much_lies_in_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DispatchQueue, "pops", 0)
    keys = _by_priority(["default"])
    first = [DispatchQueue._in_turn(keys)[0] for _ in range(FAIR_EVERY * len(keys))]
    assert set(first) == set(keys)
    assert first.count("default@9") > len(first) * 0.8


def test_before_slots_a_step_of_priority_is_worth_a_minute(publish: Publish) -> None:
    Limit.objects.create(name="stripe", at_once=1)
    version = publish(chain(step("a", limit="stripe")))
    with queue.collect_dispatches() as dispatches:
        first, low, high = start(version, 5, 4, 6)
        claimed = engine.claim(first.pk, "a", 1, "here")
        assert claimed is not None
        engine.report(claimed, Outcome("succeeded", {}))
        assert dispatches[-1][0] == high.pk
        held = engine.claim(high.pk, "a", 1, "here")
        assert held is not None
        (late,) = start(version, 9)
        Slot.objects.filter(run=low).update(turn_at=Slot.objects.get(run=late).turn_at - timedelta(seconds=1))
        engine.report(held, Outcome("succeeded", {}))
        assert dispatches[-1][0] == low.pk, "it has waited long enough"


def test_in_the_line_of_a_workflow_too(publish: Publish) -> None:
    version = publish(chain(step("a"), concurrency=Concurrency(1)))
    with queue.collect_dispatches():
        first, low, high = start(version, 5, 0, 9)
        engine.cancel_run(first.pk, "abandon")
    assert Place.objects.get(run=high).begun_at is not None
    assert Run.objects.get(pk=low.pk).status == "pending"


def test_child_runs_have_the_priority_of_their_parent(publish: Publish) -> None:
    publish(chain(step("a"), name="inner"))
    outer = publish(chain(step("x", kind="workflow", worker=None, compensation=None, workflow="inner")))
    with queue.collect_dispatches() as dispatches:
        (parent,) = start(outer, 8)
        assert [found.priority for _, found in dispatches] == [8]
    assert run_json(Run.objects.get(parent=parent))["priority"] == 8


def test_rest_and_triggers_state_it(publish: Publish, operator: Client) -> None:
    version = publish(chain(step("a")))
    address = "/api/v1/workflows/sample/runs"
    answer = operator.post(address, {"priority": 7}, content_type="application/json").json()
    assert answer["priority"] == 7
    assert operator.post(address, {"priority": 10}, content_type="application/json").status_code == 422
    again = operator.post(f"/api/v1/runs/{answer['id']}/rerun").json()
    assert again["priority"] == 7
    _, hook = hook_trigger(version.workflow, priority=2)
    made = Client().post(hook, {}, content_type="application/json").json()["run"]
    assert run_json(Run.objects.get(pk=made))["priority"] == 2
    with pytest.raises(BadInput, match="from 0 to 9"):
        start(version, -1)


def test_a_step_whose_slot_comes_lies_in_the_list_of_its_priority(publish: Publish) -> None:
    Limit.objects.create(name="stripe", at_once=1)
    version = publish(chain(step("a", limit="stripe")))
    with queue.collect_dispatches() as dispatches:
        first, high = start(version, 5, 8)
        claimed = engine.claim(first.pk, "a", 1, "here")
        assert claimed is not None
        engine.report(claimed, Outcome("succeeded", {}))
    run_id, dispatch = dispatches[-1]
    assert (run_id, dispatch.priority) == (high.pk, 8)


def test_a_rerun_has_the_priority_of_the_run_before(publish: Publish, operator: Client) -> None:
    (run,) = start(publish(chain(step("a"))), 8)
    engine.cancel_run(run.pk, "abandon")
    (result,) = bulk.do(Order("rerun", key="k"), [run.pk])
    assert result.made is not None
    assert run_json(Run.objects.get(pk=result.made))["priority"] == 8
    form = operator.get(f"{reverse('run-start', args=['sample'])}?from={run.pk}").context["form"]
    assert form["priority"].value() == 8
