"""Debounce: which of the inputs that triggers bring starts a run, and when; none is lost or counted twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from config.lib.secrets import is_sealed
from designer.document.flow import Concurrency, Debounce
from designer.document.steps import Step
from designer.models import Workflow
from runs.engine import engine
from runs.maintenance import retention
from runs.maintenance.sweep import sweep_due
from runs.models import HeldDelivery, HeldInput, Run, Trigger
from runs.store import reader
from runs.triggers import debounce, service
from tests.integration.runs.conftest import Publish, chain, step
from tests.integration.runs.triggers.triggering import (
    EVENT,
    at_once,
    call,
    event_trigger,
    hook_trigger,
    schedule,
    send,
)
from tests.integration.runs.triggers.triggering import designer as designer
from tests.integration.runs.triggers.triggering import operator as operator

pytestmark = pytest.mark.rule("R11.9")

SCHEMA = {"properties": {"order": {"type": "integer"}}}


def debounced(publish: Publish, **stated: Any) -> Workflow:
    fields = {"wait": 30.0, **stated}
    return publish(chain(step("a"), input_schema=SCHEMA, debounce=Debounce(**fields))).workflow


def pass_time(seconds: float) -> None:
    """Has what is held back come so long ago."""
    gone = timedelta(seconds=seconds)
    HeldInput.objects.update(due_at=F("due_at") - gone, first_at=F("first_at") - gone)


def started() -> list[dict[str, Any]]:
    sweep_due()
    return [run.input for run in Run.objects.order_by("created_at")]


def until(answer: Any) -> datetime:
    assert answer.status_code == 202, answer.content
    return datetime.fromisoformat(answer.json()["until"])


@pytest.mark.parametrize(
    ("stated", "inputs", "outcome"),
    [
        ({}, [(0, {"order": 1})], [{"order": 1}]),
        ({}, [(0, {"order": 1}), (29, {"order": 2}), (29, {"order": 3})], [{"order": 3}]),
        ({}, [(0, {"order": 1}), (31, {"order": 2})], [{"order": 1}, {"order": 2}]),
        (
            {"at_most": 40.0},
            [(0, {"order": 1}), (25, {"order": 2}), (16, {"order": 3})],
            [{"order": 2}, {"order": 3}],
        ),
        ({"at_most": 60.0}, [(0, {"order": 1}), (25, {"order": 2}), (25, {"order": 3})], [{"order": 3}]),
        (
            {"key": "=input.shop"},
            [(0, {"shop": "a", "order": 1}), (1, {"shop": "b", "order": 2}), (1, {"shop": "a", "order": 3})],
            [{"shop": "a", "order": 3}, {"shop": "b", "order": 2}],
        ),
    ],
    ids=["one", "the last wins", "each after its wait", "at most", "within at most", "by key"],
)
def test_the_last_input_starts_a_run_when_nothing_has_come_for_the_wait(
    publish: Publish, stated: Any, inputs: Any, outcome: Any
) -> None:
    _, path = hook_trigger(debounced(publish, **stated))
    for seconds, input in inputs:
        pass_time(seconds)
        sweep_due()
        assert call(path, input).status_code == 202
    pass_time(31)
    assert sorted(map(str, started())) == sorted(map(str, outcome))
    assert not HeldInput.objects.exists() and len(started()) == len(outcome)


def test_until_when_an_input_waits_is_told(publish: Publish) -> None:
    _, path = hook_trigger(debounced(publish, at_most=45.0))
    before = reader.now()
    first = until(call(path, {"order": 1}))
    assert timedelta(seconds=30) <= first - before < timedelta(seconds=40)
    pass_time(20)
    last = call(path, {"order": 2})
    held = HeldInput.objects.get()
    assert until(last) == held.due_at == held.first_at + timedelta(seconds=45)
    body = {
        "run": None,
        "workflow": "sample",
        "debounced": True,
        "until": last.json()["until"],
        "is_new": True,
    }
    assert last.json() == body and not Run.objects.exists()


def test_those_passed_over_are_counted(publish: Publish, operator: Client) -> None:
    workflow = debounced(publish)
    hook, path = hook_trigger(workflow)
    event = event_trigger(workflow)
    for order in range(3):
        call(path, {"order": order})
    answer = send(operator)
    assert answer.status_code == 202, answer.content
    assert [held["workflow"] for held in answer.json()["debounced"]] == ["sample"]
    assert not answer.json()["runs"] and not answer.json()["refused"]
    listed = operator.get("/api/v1/workflows/sample/triggers").json()["triggers"]
    told = {one["id"]: one["debounced"] for one in listed}
    assert told[hook.pk] == {"passed_over": 3, "waiting": 0, "until": None}
    assert told[event.pk] == {"passed_over": 0, "waiting": 1, "until": answer.json()["debounced"][0]["until"]}
    pass_time(31)
    assert started() == [EVENT["data"]]
    run = Run.objects.get()
    assert run.labels == {"trigger": "event", "event": "order.placed", "passed_over": "3"}
    assert run.started_by is not None and run.started_by.username == "olga"


def test_a_delivery_that_comes_again_counts_once_and_is_answered_the_same(publish: Publish) -> None:
    trigger, path = hook_trigger(debounced(publish))
    first = call(path, {"order": 1}, **{"Idempotency-Key": "k1"})
    again = call(path, {"order": 1}, **{"Idempotency-Key": "k1"})
    assert again.status_code == 202 and again.json() == first.json() | {"is_new": False}
    call(path, {"order": 2}, **{"Idempotency-Key": "k2"})
    call(path, {"order": 1}, **{"Idempotency-Key": "k1"})
    trigger.refresh_from_db()
    assert trigger.debounced == 1 and HeldInput.objects.get().input == {"order": 2}
    other = call(path, {"order": 9}, **{"Idempotency-Key": "k1"})
    assert other.status_code == 422 and "is to start a run soon" in other.json()["detail"]
    pass_time(31)
    assert started() == [{"order": 2}]
    for key, order in (("k1", 1), ("k2", 2)):
        answer = call(path, {"order": order}, **{"Idempotency-Key": key})
        run = {"run": str(Run.objects.get().pk), "workflow": "sample", "is_new": False}
        assert answer.status_code == 200 and answer.json() == run
    assert not HeldInput.objects.exists()


def test_an_event_that_comes_again_counts_once(publish: Publish, operator: Client) -> None:
    trigger = event_trigger(debounced(publish))
    first, again = send(operator), send(operator)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["debounced"] == [first.json()["debounced"][0] | {"is_new": False}]
    pass_time(31)
    assert len(started()) == 1
    after = send(operator)
    assert after.status_code == 200 and [run["is_new"] for run in after.json()["runs"]] == [False]
    trigger.refresh_from_db()
    assert trigger.debounced == 0 and Run.objects.count() == 1
    changed = send(operator, EVENT | {"data": {"order": 8}})
    assert changed.status_code == 422 and changed.json()["problems"][0]["code"] == "idempotency_key_reused"


def test_an_event_starts_some_workflows_at_once_and_is_held_back_for_others(
    publish: Publish, operator: Client
) -> None:
    event_trigger(debounced(publish))
    event_trigger(publish(chain(step("a"), name="at_once")).workflow)
    answers = [send(operator), send(operator)]
    assert [answer.status_code for answer in answers] == [201, 202]
    for answer in answers:
        assert [run["workflow"] for run in answer.json()["runs"]] == ["at_once"]
        assert [held["workflow"] for held in answer.json()["debounced"]] == ["sample"]
    assert HeldInput.objects.get().passed_over == 0 and Run.objects.count() == 1


def test_a_delivery_keeps_its_answer_when_the_workflow_begins_or_ceases_to_hold_back(
    publish: Publish,
) -> None:
    _, path = hook_trigger(publish(chain(step("a"))).workflow)
    run = call(path, {"order": 1}, **{"Idempotency-Key": "before"}).json()["run"]
    debounced(publish)
    answer = call(path, {"order": 1}, **{"Idempotency-Key": "before"})
    assert answer.status_code == 200 and answer.json()["run"] == run
    assert call(path, {"order": 2}, **{"Idempotency-Key": "held"}).status_code == 202
    publish(chain(step("a")))
    assert call(path, {"order": 2}, **{"Idempotency-Key": "held"}).status_code == 202
    assert call(path, {"order": 3}).status_code == 201
    pass_time(31)
    assert started() == [{"order": 1}, {"order": 3}, {"order": 2}]


def test_only_what_triggers_bring_is_held_back(publish: Publish, operator: Client) -> None:
    workflow = debounced(publish)
    trigger = schedule(workflow, input={"order": 5})
    slot = reader.now() - timedelta(seconds=1)
    Trigger.objects.filter(pk=trigger.pk).update(next_at=slot, due_at=slot)
    sweep_due()
    assert not Run.objects.exists()
    held = HeldInput.objects.get()
    assert held.labels == {"trigger": "schedule", "slot": slot.isoformat()} and held.passed_over == 0
    trigger.refresh_from_db()
    assert trigger.next_at is not None and trigger.next_at > slot
    body = {"input": {"order": 6}}
    answer = operator.post("/api/v1/workflows/sample/runs", body, content_type="application/json")
    assert answer.status_code == 201 and Run.objects.get().input == {"order": 6}
    parent = publish(chain(Step("sub", kind="workflow", workflow="sample"), name="outer"))
    engine.start_run(parent, {})
    assert Run.objects.filter(workflow_name="sample").count() == 2


def test_an_input_that_does_not_fit_is_refused_at_the_door(publish: Publish) -> None:
    workflow = debounced(publish, key="=input.shop.name")
    trigger, path = hook_trigger(workflow)
    for body, code in (({"order": "x", "shop": {"name": "a"}}, "bad_input"), ({"order": 1}, "bad_key")):
        answer = call(path, body)
        assert answer.status_code == 422 and answer.json()["problems"][0]["code"] == code
    assert not HeldInput.objects.exists()
    trigger.refresh_from_db()
    assert trigger.refused


def test_a_run_is_of_the_newest_version_or_of_the_one_that_took_its_input(publish: Publish) -> None:
    _, path = hook_trigger(debounced(publish))
    call(path, {"order": 1})
    newest = publish(chain(step("a"), step("b"), input_schema=SCHEMA, debounce=Debounce(5.0)))
    pass_time(31)
    started()
    assert Run.objects.get().version == newest
    call(path, {"order": 2})
    publish(chain(step("a"), input_schema={"required": ["customer"]}))
    pass_time(6)
    assert started() == [{"order": 1}, {"order": 2}]
    assert {run.version_id for run in Run.objects.all()} == {newest.pk}


def test_a_full_workflow_that_skips_starts_nothing_and_counts_it(publish: Publish) -> None:
    full = chain(step("a"), concurrency=Concurrency(1, None, "skip"), debounce=Debounce(30.0))
    version = publish(full)
    engine.start_run(version, {})
    trigger, path = hook_trigger(version.workflow)
    key = {"Idempotency-Key": "k"}
    call(path, {"order": 1}, **key)
    pass_time(31)
    assert started() == [{}] and not HeldInput.objects.exists()
    trigger.refresh_from_db()
    assert trigger.passed_over == 1 and "under way" in trigger.refused
    assert call(path, {"order": 1}, **key).json()["is_new"] is True


def test_secrets_are_held_back_sealed(publish: Publish) -> None:
    schema = {"type": "object", "properties": {"pin": {"type": "string", "writeOnly": True}}}
    version = publish(chain(step("a"), input_schema=schema, debounce=Debounce(30.0)))
    _, path = hook_trigger(version.workflow)
    key = {"Idempotency-Key": "k"}
    assert [call(path, {"pin": "1234"}, **key).status_code for _ in range(2)] == [202, 202]
    assert call(path, {"pin": "1235"}, **key).status_code == 422
    rows = [*HeldInput.objects.values(), *HeldDelivery.objects.values()]
    assert len(rows) == 2 and "1234" not in str(rows)
    pass_time(31)
    [input] = started()
    assert is_sealed(input["pin"])
    call(path, {"pin": "1234"})
    publish(chain(step("a"), debounce=Debounce(30.0)))  # would show it
    pass_time(31)
    assert all(is_sealed(input["pin"]) for input in started()) and Run.objects.count() == 2


def test_a_removed_trigger_takes_nothing_with_it(publish: Publish) -> None:
    trigger, path = hook_trigger(debounced(publish))
    call(path, {"order": 1})
    service.remove(trigger)
    pass_time(31)
    assert started() == [{"order": 1}]


# --- faults and races ---


def test_inputs_that_come_at_once_make_one_run(publish: Publish) -> None:
    trigger, path = hook_trigger(debounced(publish))
    answers = at_once(*[partial(call, path, {"order": order}) for order in range(4)])
    assert [answer.status_code for answer in answers] == [202] * 4
    assert HeldInput.objects.get().passed_over == 3
    same = at_once(*[lambda: call(path, {"order": 9}, **{"Idempotency-Key": "k"})] * 4)
    assert sorted(answer.json()["is_new"] for answer in same) == [False, False, False, True]
    trigger.refresh_from_db()
    assert trigger.debounced == 4
    pass_time(31)
    assert started() == [{"order": 9}]


def test_one_delivery_to_a_new_row_at_once_counts_once(publish: Publish) -> None:
    trigger, path = hook_trigger(debounced(publish))
    same = at_once(*[lambda: call(path, {"order": 9}, **{"Idempotency-Key": "k"})] * 4)
    assert sorted(answer.json()["is_new"] for answer in same) == [False, False, False, True]
    trigger.refresh_from_db()
    assert trigger.debounced == 0 and HeldInput.objects.get().passed_over == 0


def test_several_schedulers_start_what_is_due_once_while_more_comes(publish: Publish) -> None:
    _, path = hook_trigger(debounced(publish))
    for order in range(5):
        call(path, {"order": order})
        pass_time(31)
        at = reader.now()
        pk = HeldInput.objects.get().pk
        sweep = partial(debounce.start_held, pk, at)
        *began, came = at_once(sweep, sweep, partial(call, path, {"order": 100 + order}))
        assert came.status_code == 202 and began.count(True) <= 1
        pass_time(31)
        sweep_due()
    starts = [run.input["order"] for run in Run.objects.all()]
    assert len(starts) == len(set(starts)) and {100, 101, 102, 103, 104} <= set(starts)
    counted = sum(int(run.labels.get("passed_over", 0)) for run in Run.objects.all())
    assert len(starts) + counted == 10


def test_a_process_that_dies_while_it_starts_a_run_starts_none(
    publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, path = hook_trigger(debounced(publish))
    call(path, {"order": 1}, **{"Idempotency-Key": "k"})
    pass_time(31)

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(HeldInput, "delete", die)
        with pytest.raises(KeyboardInterrupt):
            sweep_due()
    assert not Run.objects.exists() and HeldDelivery.objects.get().held is not None
    assert started() == [{"order": 1}]
    assert call(path, {"order": 1}, **{"Idempotency-Key": "k"}).status_code == 200


def test_a_row_that_fails_is_put_off_and_not_lost(publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    _, path = hook_trigger(debounced(publish))
    call(path, {"order": 1})
    pass_time(31)

    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(engine, "start_one", fail)
        assert sweep_due() == 0
    assert started() == [] and HeldInput.objects.get().due_at > reader.now()
    pass_time(31)
    assert started() == [{"order": 1}]


def test_deliveries_are_known_for_a_week_and_go_with_their_run(publish: Publish) -> None:
    _, path = hook_trigger(debounced(publish))
    for key in "ab":
        call(path, {"order": 1}, **{"Idempotency-Key": key})
        pass_time(31)
        started()
    assert HeldDelivery.objects.count() == 2
    HeldDelivery.objects.filter(idempotency_key=HeldDelivery.objects.earliest("pk").idempotency_key).update(
        started_at=reader.now() - debounce.KNOWN_FOR - timedelta(seconds=1)
    )
    debounce.forget_old(reader.now())
    run = HeldDelivery.objects.get().run
    assert run is not None
    engine.cancel_run(run.pk, "abandon")
    Run.objects.update(
        created_at=F("created_at") - timedelta(days=9), finished_at=reader.now() - timedelta(days=9)
    )
    while not retention.prune_step(1).is_done:
        pass
    assert not HeldDelivery.objects.exists()


def test_the_page_says_how_many_were_passed_over_and_what_waits(publish: Publish, designer: Client) -> None:
    _, path = hook_trigger(debounced(publish, key="=input.order"))
    for order in (1, 1, 1):
        call(path, {"order": order})
    page = reverse("trigger-list", args=["sample"])
    text = " ".join(designer.get(page).content.decode().split())
    assert "2 passed over for a later one, one waits until <time" in text
    call(path, {"order": 2})
    assert "2 wait, the first until <time" in designer.get(page).content.decode()
    pass_time(31)
    started()
    text = designer.get(page).content.decode()
    assert "2 passed over for a later one<" in text and "until <time" not in text
