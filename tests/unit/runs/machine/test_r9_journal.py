"""Section 9 of docs/semantics.md: the journal."""

from __future__ import annotations

import pytest

from runs.machine.decide import decide
from runs.machine.errors import Stale
from runs.machine.events import Claim
from runs.machine.journal import apply
from tests.simulation.checks import Watched
from tests.unit.runs.machine.driver import CRITICAL, OK, Driver, chain, each, gave, graph, saga, task

rule = pytest.mark.rule
TYPES = {
    "run.created",
    "run.started",
    "step.queued",
    "step.started",
    "step.progress",
    "step.completed",
    "step.skipped",
    "step.retry_scheduled",
    "step.fallback_started",
    "step.brought_forward",
    "step.failed",
    "step.expanded",
    "step.waiting",
    "step.enough",
    "signal.received",
    "event.received",
    "compensation.started",
    "compensation.completed",
    "compensation.retry_scheduled",
    "compensation.failed",
    "intervention.opened",
    "intervention.claimed",
    "intervention.answered",
    "run.compensating",
    "run.blocked",
    "run.resumed",
    "run.paused",
    "run.unpaused",
    "run.completed",
    "run.compensated",
    "run.failed",
    "run.cancelled",
}


def rolled_back() -> Driver:
    driver = Driver(chain(saga("a"), each("m"), task("z")), {"items": [1, 2]})
    driver.run("a", gave(a=1))
    driver.run("m[0]")
    driver.run("m[1]")
    driver.run("z", CRITICAL)
    driver.undo_all()
    return driver


@rule("R9.1")
def test_entries_are_numbered_without_a_gap() -> None:
    driver = rolled_back()
    assert [entry.seq for entry in driver.memory.journal] == list(range(1, len(driver.types) + 1))
    assert driver.memory.run.last_seq == len(driver.types)


@rule("R9.2")
def test_the_state_at_any_number_follows_from_the_entries_up_to_it() -> None:
    driver = rolled_back()
    replica = Watched(driver.memory).replica
    statuses = []
    for entry in driver.memory.journal:
        apply.apply(replica, entry)
        statuses.append(replica.run.status)
    assert statuses == [entry.status for entry in driver.memory.journal]
    assert replica.changed == driver.memory.rows
    assert replica.run == driver.memory.run


@rule("R9.3")
def test_exactly_the_known_types_of_entries_exist() -> None:
    assert set(apply.EFFECTS) == TYPES


@rule("R9.4")
def test_deciding_changes_nothing_that_it_was_given() -> None:
    driver = Driver(graph([saga("a"), task("b")]))
    state = driver.memory.state()
    before = (state.run, dict(state.changed), dict(driver.memory.rows))
    decision = decide(driver.memory.graph, state, Claim(driver.now, "a", 1, "p1"))
    assert decision.state is not state
    assert (state.run, state.changed, driver.memory.rows) == before
    with pytest.raises(Stale):
        decide(driver.memory.graph, state, Claim(driver.now, "a", 2, "p1"))
    assert (state.run, state.changed, driver.memory.rows) == before


@rule("R9.4")
def test_the_same_event_in_the_same_state_is_decided_in_the_same_way() -> None:
    driver = Driver(chain(saga("a"), task("b")))
    event = Claim(driver.now, "a", 1, "p1")
    first, second = (decide(driver.memory.graph, driver.memory.state(), event) for _ in range(2))
    assert (first.entries, first.commands) == (second.entries, second.commands)


@rule("R9.5")
def test_payloads_are_kept_apart_from_what_is_sent_to_watchers() -> None:
    driver = Driver(chain(task("a")))
    entries = driver.run("a", OK)
    assert [(entry.payload, "payload" in entry.data) for entry in entries] == [({}, False), (None, False)]
