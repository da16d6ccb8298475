"""Section 5 of docs/semantics.md: waits for events, and for the first of several things."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from runs.machine.errors import Refused, Stale
from runs.machine.events import TakeEvent
from runs.machine.limits import EVENTS_KNOWN_MAX
from tests.unit.runs.machine.driver import CRITICAL, START, Driver, chain, graph, kind, saga, task

rule = pytest.mark.rule
MATCH = "event.data.order == context.order"


def waiting(*steps: Any, **fields: Any) -> Driver:
    driver = Driver(
        chain(*(steps or (kind("w", "wait", **fields), task("z")))),
        {"order": 7, "soon": 5, "at": "2026-01-01T00:00:20Z"},
    )
    driver.trust()
    return driver


def came(driver: Driver, type: str = "paid", key: str = "k", **data: Any) -> list[Any]:
    event = {"id": key, "source": "/shop", "type": type, "data": data}
    return driver.take(TakeEvent(driver.now, key, event))


@rule("R5.44")
def test_an_event_of_the_type_completes_the_step_with_its_data() -> None:
    driver = waiting(event="paid")
    assert (driver.step("w").status, driver.status) == ("waiting", "waiting")
    with pytest.raises(Stale):
        came(driver, "sent")
    came(driver, amount=5)
    assert driver.context("z")["amount"] == 5
    entry = driver.last("event.received")
    assert (entry.data["type"], entry.data["source"], entry.payload) == ("paid", "/shop", None)


FITTING = [
    # match, the event's data, whether it fits
    (MATCH, {"order": 7}, True),
    (MATCH, {"order": 7.0}, True),
    (MATCH, {"order": "7"}, False),
    (MATCH, {"order": 8}, False),
    (MATCH, {}, False),
    ("context.order == event.data.order", {"order": 7}, True),
    (f"{MATCH} && event.data.ok", {"order": 7, "ok": True}, True),
    (f"{MATCH} && event.data.ok", {"order": 7, "ok": False}, False),
    ("event.data.amount > 10", {"amount": 11}, True),
    ("event.data.amount > 10", {"amount": "eleven"}, False),
    ("event.source == '/shop' && event.id == 'k'", {}, True),
    ("event.data.text", {"text": "no condition"}, False),
    ("=event.data.order == 7", {"order": 7}, True),
]


@rule("R5.44")
@pytest.mark.parametrize(("match", "data", "fits"), FITTING)
def test_only_an_event_that_fits_is_taken(match, data, fits) -> None:
    driver = waiting(event="paid", match=match)
    if fits:
        came(driver, **data)
        assert driver.step("w").status == "completed"
    else:
        with pytest.raises(Stale):
            came(driver, **data)
        assert driver.step("w").status == "waiting"


@rule("R5.44")
def test_what_an_event_is_compared_with_must_be_there_when_the_step_begins() -> None:
    driver = waiting(event="paid", match="event.data.order == context.missing")
    assert (driver.step("w").error or {})["code"] == "bad_expression"


@rule("R5.44")
def test_every_step_that_waits_gets_it() -> None:
    driver = Driver(graph([kind("w", "wait", event="paid"), kind("v", "wait", event="paid")]))
    came(driver)
    assert driver.status == "completed"
    assert len([entry for entry in driver.memory.journal if entry.type == "event.received"]) == 1


@rule("R5.44")
def test_a_timeout_fails_a_wait_for_an_event() -> None:
    driver = waiting(event="paid", timeout=60.0)
    driver.wait(60)
    driver.wake("w")
    assert (driver.step("w").error or {})["code"] == "timeout"


@rule("R5.45")
def test_a_run_takes_an_event_once() -> None:
    driver = waiting(kind("w", "wait", event="paid"), kind("v", "wait", event="paid"), task("z"))
    came(driver)
    assert driver.statuses("w", "v") == ["completed", "waiting"]
    with pytest.raises(Stale):
        came(driver)
    came(driver, key="another")
    assert driver.statuses("v", "z") == ["completed", "queued"]


@rule("R5.45")
def test_a_bounded_number_of_events_is_remembered() -> None:
    waits = [kind(f"w{number}", "wait", event="paid") for number in range(EVENTS_KNOWN_MAX + 2)]
    driver = waiting(*waits)
    for number in range(EVENTS_KNOWN_MAX + 1):
        came(driver, key=f"k{number}")
    assert len(driver.memory.run.events) == EVENTS_KNOWN_MAX
    assert driver.memory.run.events[0] == "k1"


@rule("R5.45")
def test_a_run_that_is_undone_takes_none() -> None:
    driver = Driver(graph([saga("a"), kind("w", "wait", event="paid"), task("z")]))
    driver.run("a")
    driver.run("z", CRITICAL)
    with pytest.raises(Stale):
        came(driver)


WANTS = [
    # match, by which path and value it is looked up
    (MATCH, ("data.order", 7)),
    ("context.order == event.data.order", ("data.order", 7)),
    (f"event.data.ok && {MATCH}", ("data.order", 7)),
    ("event.data.order == context.order + 1", ("data.order", 8)),
    ("event.subject == 'a'", ("subject", "a")),
    ("event.data.order == input.order && (event.data.a || event.data.b)", ("data.order", 7)),
    (None, None),
    ("event.data.order > context.order", None),
    (f"{MATCH} || event.data.ok", None),
    ("event.data.a == event.data.b", None),
    ("(event.data.order == context.order) == true", None),
    ("event.data['order'] == context.order", None),
    ("event.data.order == [context.order]", None),
    (f"event.data.ok ? {MATCH} : false", None),
    ("event.data.ok == context.order > 5", None),
    ("'event.data.order == 1' == event.type", ("type", "event.data.order == 1")),
]


@rule("R5.47")
@pytest.mark.parametrize(("match", "lookup"), WANTS)
def test_what_a_step_waits_for_is_looked_up_by_path_and_value(match, lookup) -> None:
    driver = waiting(event="paid", match=match)
    (want,) = (driver.step("w").waits or {})["wants"]
    if lookup:
        assert (want["path"], want["value"]) == lookup
    else:
        assert "path" not in want


PARTS = (
    {"signal": "cash"},
    {"event": "paid", "match": MATCH, "name": "by_bank"},
    {"timeout": "=context.soon"},
    {"until": "=context.at", "name": "late"},
)


@rule("R5.48")
@pytest.mark.parametrize(
    ("how", "output"),
    [
        ("signal", {"by": "signal", "index": 0, "name": None, "output": {"x": 1}}),
        ("event", {"by": "event", "index": 1, "name": "by_bank", "output": {"order": 7}}),
        ("time", {"by": "timeout", "index": 2, "name": None, "output": None}),
    ],
)
def test_the_first_of_several_completes_the_step_and_says_which(how, output) -> None:
    driver = waiting(any_of=PARTS)
    assert driver.step("w").due_at == START + timedelta(seconds=5)
    if how == "signal":
        driver.signal("cash", {"x": 1})
    elif how == "event":
        came(driver, order=7)
    else:
        driver.wait(25)
        driver.wake("w")
    context = driver.context("z")
    assert {key: context[key] for key in output} == output
    with pytest.raises(Stale):
        came(driver, order=7, key="later")
    with pytest.raises(Refused):
        driver.signal("cash")


@rule("R5.48")
def test_a_kept_signal_and_a_time_that_has_passed_count_in_the_order_of_the_document() -> None:
    parts = ({"signal": "b"}, {"timeout": 0}, {"signal": "a"})
    for signals, index in ((["a", "b"], 0), (["a"], 1), ([], 1)):
        driver = waiting(task("first"), kind("w", "wait", any_of=parts, output_key="won"), task("z"))
        for name in signals:
            driver.signal(name)
        driver.run("first")
        assert driver.context("z")["won"]["index"] == index
        assert "b" not in driver.memory.run.signals


@rule("R5.48")
def test_its_own_timeout_fails_it() -> None:
    driver = waiting(any_of=({"signal": "a"}, {"timeout": 90}), timeout=60.0)
    driver.wait(60)
    driver.wake("w")
    error = driver.step("w").error or {}
    assert (error["code"], error["message"]) == ("timeout", "w waited for the first of several in vain")


@rule("R5.48")
@pytest.mark.parametrize(
    "part",
    [{"timeout": "='soon'"}, {"until": "=context.order"}, {"until": "='2030-01-01'"}, {"timeout": 1e12}],
)
def test_a_part_that_makes_no_sense_fails_the_step(part) -> None:
    driver = waiting(any_of=({"signal": "a"}, part))
    assert driver.step("w").status == "failed"


@rule("R5.49")
@pytest.mark.parametrize("name", ["", "two words", "x" * 101, "-a", "é", "a\n"])
def test_a_name_that_no_signal_can_have_is_refused_even_where_any_may_come(name) -> None:
    driver = waiting(task("a", dynamic=True), task("z"))
    driver.signal("any.name-1")
    with pytest.raises(Refused) as refused:
        driver.signal(name)
    assert refused.value.code == "no_such_signal"


@rule("R5.49")
def test_a_signal_of_a_part_is_one_that_can_come() -> None:
    driver = waiting(task("a"), kind("w", "wait", any_of=({"signal": "cash"}, {"timeout": 9})), task("z"))
    driver.signal("cash")
    with pytest.raises(Refused, match="it can take cash"):
        driver.signal("other")
