"""Steps that wait for events: by lookup, once each, also for what came before, whatever gets lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from designer.document.graph import Body, Step
from designer.models import AwaitedEvent, WorkflowVersion
from runs.engine import engine, events
from runs.maintenance.sweep import sweep_once
from runs.models import EventWait, JournalEntry, KeptEvent, KeptEventKey, Run
from runs.store import kept_events, reader
from tests.integration.runs.conftest import Publish, chain, step
from tests.integration.runs.triggers.triggering import at_once, event_trigger, send
from tests.integration.runs.triggers.triggering import operator as operator

rule = pytest.mark.rule
MATCH = "event.data.order == context.order"


def paid(order: Any = 7, id: str = "1", **data: Any) -> dict[str, Any]:
    return {"id": id, "source": "/bank", "type": "paid", "data": {"order": order, **data}}


def waiting(name: str = "w", **fields: Any) -> Step:
    kind = {"kind": "wait", "worker": None, "compensation": None}
    return step(name, **kind | {"event": "paid", "match": MATCH} | fields)


def pausing() -> Step:
    return waiting("pause", event=None, match=None, signal="go")


@pytest.fixture
def version(publish: Publish) -> WorkflowVersion:
    return publish(chain(waiting(), step("ship")))


def status_of(run: Run, name: str = "w") -> str:
    row = run.steps.filter(name=name).first()
    return row.status if row else "pending"


@rule("R5.44")
def test_an_event_completes_the_run_that_waits_for_it(version: WorkflowVersion, operator: Client) -> None:
    runs = {order: engine.start_run(version, {"order": order}) for order in (7, 8, "7")}
    answer = send(operator, paid(7))
    assert (answer.status_code, answer.json()["taken"], answer.json()["kept"]) == (201, 1, True)
    assert {order: status_of(run) for order, run in runs.items()} == {
        7: "completed",
        8: "waiting",
        "7": "waiting",
    }
    output = operator.get(f"/api/v1/runs/{runs[7].pk}/steps/w/values/output").json()
    assert output == {"order": 7}
    assert EventWait.objects.count() == 2


@rule("R5.45")
def test_the_same_event_again_has_no_effect(version: WorkflowVersion, operator: Client) -> None:
    first, second = (engine.start_run(version, {"order": 7}) for _ in range(2))
    assert send(operator, paid(7)).json()["taken"] == 2
    third = engine.start_run(version, {"order": 8})
    again = send(operator, paid(7))
    assert (again.status_code, again.json()["taken"]) == (200, 0)
    assert JournalEntry.objects.filter(type="event.received").count() == 2
    other = send(operator, paid(8))
    assert other.status_code == 422 and other.json()["type"] == "urn:sagaboard:event_reused"
    assert [status_of(run) for run in (first, second, third)] == ["completed", "completed", "waiting"]


@rule("R5.45")
def test_an_event_that_comes_several_times_at_once_is_taken_once(version: WorkflowVersion) -> None:
    run = engine.start_run(version, {"order": 7})
    taken = at_once(*[lambda: engine.take_event(paid(7))[1]] * 4)
    assert sum(taken) == 1 and status_of(run) == "completed"
    assert KeptEvent.objects.count() == 1


@rule("R5.46")
@pytest.mark.parametrize("match", [MATCH, "event.data.order < context.order + 1", None])
def test_an_event_that_came_before_is_used_by_runs_that_wait_later(
    publish: Publish, operator: Client, match: str | None
) -> None:
    version = publish(chain(pausing(), waiting(match=match), waiting("again", match=match, timeout=9.0)))
    run = engine.start_run(version, {"order": 7})
    answer = send(operator, paid(7)).json()
    assert (answer["taken"], answer["kept"]) == (0, True)
    engine.signal(run.pk, "go")
    assert (status_of(run), status_of(run, "again")) == ("completed", "waiting"), "a run takes it once"
    other = engine.start_run(version, {"order": 7})
    engine.signal(other.pk, "go")
    assert status_of(other) == "completed"
    assert not EventWait.objects.filter(due_at__isnull=False).exists()


@rule("R5.46")
def test_the_oldest_that_fits_is_used(publish: Publish, operator: Client) -> None:
    run = engine.start_run(publish(chain(pausing(), waiting())), {"order": 7})
    for number, order in enumerate((8, 7, 7)):
        send(operator, paid(order, id=str(number), number=number))
    engine.signal(run.pk, "go")
    output = operator.get(f"/api/v1/runs/{run.pk}/steps/w/values/output").json()
    assert output["number"] == 1


@rule("R5.46")
def test_events_of_types_that_no_version_waits_for_are_not_kept(operator: Client, publish: Publish) -> None:
    event_trigger(publish(chain(step("a"))).workflow, "paid")
    answer = send(operator, paid(7))
    assert (answer.status_code, answer.json()["kept"]) == (201, False)
    assert KeptEvent.objects.count() == 0
    publish(chain(waiting(any_of=({"event": "paid"}, {"timeout": 9}), event=None, match=None), name="other"))
    assert list(AwaitedEvent.objects.values_list("event_type", flat=True)) == ["paid"]
    assert send(operator, paid(7, id="2")).json()["kept"] is True


@rule("R5.46")
@pytest.mark.parametrize("lost", ["the event", "the wait"])
def test_what_is_lost_with_a_process_is_repeated_by_the_sweep(
    version: WorkflowVersion, publish: Publish, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    def dies(*args: Any) -> Any:
        raise KeyboardInterrupt

    later = reader.now() - timedelta(seconds=1)
    if lost == "the event":
        run = engine.start_run(version, {"order": 7})
        with monkeypatch.context() as patch:
            patch.setattr(events, "take", dies)
            with pytest.raises(KeyboardInterrupt):
                engine.take_event(paid(7))
        KeptEvent.objects.update(due_at=later)
    else:
        engine.take_event(paid(7))
        with monkeypatch.context() as patch:
            patch.setattr(events, "look_through", dies)
            with pytest.raises(KeyboardInterrupt):
                engine.start_run(version, {"order": 7})
        run = Run.objects.get()
        EventWait.objects.update(due_at=later)
    assert status_of(run) == "waiting"
    sweep_once()
    assert status_of(run) == "completed"
    sweep_once()
    assert JournalEntry.objects.filter(type="event.received").count() == 1


@rule("R5.46")
def test_an_event_is_kept_for_a_time(version: WorkflowVersion, settings: Settings) -> None:
    settings.EVENTS_KEPT_HOURS = 2
    engine.take_event(paid(7))
    sweep_once()
    assert KeptEvent.objects.count() == 1
    KeptEvent.objects.update(due_at=reader.now() - timedelta(seconds=1))
    sweep_once()
    assert KeptEvent.objects.count() == KeptEventKey.objects.count() == 0


@rule("R5.46")
def test_a_bounded_number_is_kept(version: WorkflowVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_events, "KEPT_MAX", 3)
    for number in range(6):
        engine.take_event(paid(number, id=str(number)))
    assert [row.event["data"]["order"] for row in KeptEvent.objects.all()] == [3, 4, 5]


@rule("R5.46")
def test_an_event_with_more_values_than_are_indexed_is_found_all_the_same(version: WorkflowVersion) -> None:
    engine.take_event(paid(7, more={f"k{number}": number for number in range(200)}))
    assert KeptEvent.objects.get().has_more
    assert status_of(engine.start_run(version, {"order": 7})) == "completed"


@rule("R5.47")
def test_only_steps_that_wait_for_the_value_are_looked_at(
    version: WorkflowVersion, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Among many runs of two workflows that look at two places, one is asked."""
    other = publish(chain(waiting(match="event.data.invoice == context.order"), name="other"))
    template = engine.start_run(version, {"order": 0})
    engine.start_run(other, {"order": 7})
    wanted = engine.start_run(version, {"order": 7})
    row = EventWait.objects.get(run=template)
    EventWait.objects.bulk_create(
        EventWait(run=template, step="w", part=n, event_type="paid", path=row.path, key=f"k{n}")
        for n in range(1, 3_000)
    )
    asked: list[Any] = []
    take = events.take

    def note(run_id: Any, *rest: Any) -> bool:
        asked.append(run_id)
        return take(run_id, *rest)

    monkeypatch.setattr(events, "take", note)
    with CaptureQueriesContext(connection) as queries:
        engine.take_event(paid(7))
    assert asked == [wanted.pk]
    assert len(queries) < 60


@rule("R5.47")
def test_waiting_steps_are_found_by_an_index(version: WorkflowVersion) -> None:
    engine.start_run(version, {"order": 7})
    rows = EventWait.objects.filter(event_type="paid", path="data.order", key="k", pk__gt=5).order_by("pk")
    paths = EventWait.objects.filter(event_type="paid", path__gt="a").order_by("path").values("path")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET enable_seqscan = off")
    for query in (rows[:200], paths[:1]):
        assert "event_wait_key" in query.explain()


@rule("R5.46")
def test_many_that_wait_get_it_in_pages(publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "DELIVERED_AT_ONCE", 2)
    version = publish(chain(waiting(match=None)))
    runs = [engine.start_run(version, {"order": number}) for number in range(5)]
    _, taken = engine.take_event(paid(7))
    assert taken == 2
    for _ in range(3):
        KeptEvent.objects.filter(is_delivered=False).update(due_at=reader.now() - timedelta(seconds=1))
        sweep_once()
    assert [status_of(run) for run in runs] == ["completed"] * 5


@rule("R5.48")
def test_the_first_of_several_ends_the_others(publish: Publish) -> None:
    parts = ({"event": "paid", "match": MATCH}, {"event": "cancelled"}, {"signal": "cash"})
    run = engine.start_run(publish(chain(waiting(event=None, match=None, any_of=parts))), {"order": 7})
    assert EventWait.objects.filter(run=run).count() == 2
    engine.take_event(paid(7))
    assert status_of(run) == "completed" and not EventWait.objects.exists()


@rule("R5.49")
@pytest.mark.parametrize("type", ["two words", "x" * 201, " "])
def test_an_event_of_a_type_that_nobody_can_wait_for_is_refused(operator: Client, type: str) -> None:
    answer = send(operator, paid(7) | {"type": type})
    assert answer.status_code == 400 and "type" in answer.json()["detail"]


@rule("R5.49")
def test_a_signal_that_no_step_can_take_is_refused_by_the_api(publish: Publish, operator: Client) -> None:
    run = engine.start_run(publish(chain(step("a", dynamic=True))), {})
    statuses = []
    for name in ("go", "not%20one"):
        url = f"/api/v1/runs/{run.pk}/signals/{name}"
        statuses.append(operator.post(url, "{}", content_type="application/json").status_code)
    assert statuses == [202, 409]


def test_what_cannot_be_kept_is_refused(version: WorkflowVersion, operator: Client) -> None:
    assert send(operator, paid("a\x00b")).status_code in (400, 422)
    assert KeptEvent.objects.count() == 0


@rule("R5.44")
def test_a_step_inside_a_body_gets_an_event_that_had_come_before(publish: Publish) -> None:
    body = Body((waiting(),), ())
    version = publish(chain(Step("scope", kind="group", body=body)))
    assert engine.take_event(paid(7))[0] is not None, "the type is known from the body"
    run = engine.start_run(version, {"order": 7})
    assert status_of(run, "scope") == "completed"
