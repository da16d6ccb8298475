"""Random histories of lines of runs: room, rate, order, and that none is lost when processes die."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from django.db.models import F

from designer.document.flow import Concurrency, Rate, WhenFull
from runs.delivery import queue
from runs.engine import after_commit, engine, lines
from runs.errors import WorkflowFull
from runs.machine.errors import Refused
from runs.machine.states import RUN_ENDED, RUN_STARTED
from runs.maintenance.sweep import sweep_once
from runs.models import Line, Place, Run
from runs.store import reader
from tests.integration.runs.conftest import Publish, chain, step
from workers.sdk.outcome import Outcome

KEYS = ("ann", "bob")
LIMIT, RATE, PER = 2, 3, 3_600.0
ACTIONS = 45
CALM_ROUNDS_MAX = 60
DONE = Outcome("succeeded", {})
DEATHS = (
    (after_commit, "_move_line", lambda unit: None),
    (after_commit, "cancel_leaving", lambda run_id: None),
    (lines, "advance", lines._begin_next),
)

pytestmark = [pytest.mark.rule("R11.5"), pytest.mark.rule("R11.6"), pytest.mark.rule("R11.8")]


class History:
    """Runs of one workflow; each action is checked against what the rules say about who may begin."""

    def __init__(self, version: Any, rng: Random, monkeypatch: pytest.MonkeyPatch) -> None:
        self.version, self.rng, self.monkeypatch = version, rng, monkeypatch
        self.jobs: list[tuple[UUID, Any]] = []
        self.begun: set[UUID] = set()
        self.in_time = dict.fromkeys(KEYS, 0)  # runs that have begun since time passed
        self.skipped = 0

    def act(self) -> None:
        actions, weights = (self.start, self.work, self.cancel, self.pass_time, sweep_once), (8, 10, 1, 1, 2)
        (action,) = self.rng.choices(actions, weights)
        with queue.collect_dispatches() as dispatches, self.monkeypatch.context() as patched:
            dies = self.rng.random() < 0.3
            if dies:  # the process dies after its commit, or after that of the next run
                patched.setattr(*self.rng.choice(DEATHS))
            action()
        self.jobs += dispatches
        self.check()
        if action is sweep_once and not dies:
            for line in Line.objects.all():
                waits = line.places.filter(lines.WAITING).exists()
                assert not (waits and lines._room(line, reader.now())), "a run waits though there is room"

    def start(self) -> None:
        key, priority = self.rng.choice(KEYS), self.rng.choice((5, 5, 5, 9))
        was_under_way, had_begun = self.under_way(key).count(), self.in_time[key]
        try:
            engine.start_run(self.version, {"customer": key}, priority=priority)
        except WorkflowFull:
            self.skipped += 1
            assert was_under_way >= LIMIT or had_begun >= RATE, "skipped though there was room"

    def work(self) -> None:
        if self.jobs:
            run_id, dispatch = self.jobs.pop(self.rng.randrange(len(self.jobs)))
            claimed = engine.claim(run_id, dispatch.step, dispatch.lease, "here")
            if claimed is not None:
                engine.report(claimed, DONE)

    def cancel(self) -> None:
        runs = list(Run.objects.exclude(status__in=RUN_ENDED))
        try:
            if runs:
                engine.cancel_run(self.rng.choice(runs).pk, self.rng.choice(("compensate", "abandon")))
        except Refused:
            assert runs, "only what is being undone already refuses"

    def pass_time(self) -> None:
        """Everything that has begun lies further back than a rate counts."""
        back = timedelta(seconds=PER + 1)
        Place.objects.filter(begun_at__isnull=False).update(begun_at=F("begun_at") - back)
        Line.objects.filter(due_at__isnull=False).update(due_at=reader.now())
        self.in_time = dict.fromkeys(KEYS, 0)

    def under_way(self, key: str) -> Any:
        return Run.objects.filter(status__in=RUN_STARTED, input__customer=key)

    def check(self) -> None:
        graph = self.version.document
        for key in KEYS:
            if "concurrency" in graph:
                assert self.under_way(key).count() <= LIMIT, "more are under way than the limit says"
            runs = Run.objects.filter(input__customer=key, started_at__isnull=False)
            new = set(runs.values_list("pk", flat=True)) - self.begun
            self.begun |= new
            self.in_time[key] += len(new)
            assert "rate" not in graph or self.in_time[key] <= RATE, "more have begun than the rate says"
            waiting = Place.objects.filter(run__status="pending", run__input__customer=key)
            first = waiting.order_by("turn_at", "pk").first()
            if first is None:
                continue
            for place in Place.objects.filter(run__in=new):
                is_in_turn = (place.turn_at, place.pk) < (first.turn_at, first.pk)
                assert is_in_turn, "a run has begun before one that came earlier"

    def end(self) -> None:
        """Without faults every run ends, and nothing is left of the lines."""
        for _ in range(CALM_ROUNDS_MAX):
            with queue.collect_dispatches() as dispatches:
                while self.jobs:
                    self.work()
                self.pass_time()
                sweep_once()
            self.jobs += dispatches
            self.check()
            if not self.jobs and not Run.objects.exclude(status__in=RUN_ENDED).exists():
                break
        assert not Run.objects.exclude(status__in=RUN_ENDED).exists(), "a run is lost"
        for _ in range(2):
            self.pass_time()
            Line.objects.update(due_at=reader.now())
            sweep_once()
        assert not Place.objects.exists() and not Line.objects.exists()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("when_full", "has_rate"),
    [("queue", False), ("queue", True), ("skip", False), ("cancel_oldest", True), (None, True)],
)
def test_no_history_breaks_a_rule_of_lines(
    publish: Publish, monkeypatch: pytest.MonkeyPatch, when_full: WhenFull | None, has_rate: bool, seed: int
) -> None:
    key = "=input.customer"
    rate = Rate(RATE, PER, key) if has_rate else None
    concurrency = Concurrency(LIMIT, key, when_full) if when_full else None
    graph = chain(step("a"), step("b"), concurrency=concurrency, rate=rate)
    history = History(publish(graph), Random(f"{when_full} {has_rate} {seed}"), monkeypatch)
    for _ in range(ACTIONS):
        history.act()
    history.end()
    assert len(history.begun) > LIMIT
    assert (history.skipped > 0) == (when_full == "skip")
