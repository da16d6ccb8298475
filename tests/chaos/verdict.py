"""What must hold when the faults are over. Each check gives the violations that it finds."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

from django.core.management import call_command
from django.db.models import Count, Max

from runs.machine.states import RUN_ENDED
from runs.models import Intervention, JournalEntry, Run, StepRun
from runs.store import reader
from tests.chaos import limited
from tests.chaos.orders import Orders
from tests.chaos.watchers import Watcher
from tests.replay import replayed


def violations(orders: Orders, watchers: list[Watcher]) -> Iterator[str]:
    yield from every_order_once(orders)
    yield from every_run_ended()
    yield from journals()
    yield from completed_once()
    yield from watched(watchers)
    yield from books()
    yield from limited.violations()


def every_order_once(orders: Orders) -> Iterator[str]:
    found = Run.objects.count()
    if found not in (orders.count, orders.count + 1):  # of the last one, the answer may have been lost
        yield f"{orders.count} orders were started and {found} runs are there"


def every_run_ended() -> Iterator[str]:
    asked = set(Intervention.objects.filter(status="open").values_list("run_id", flat=True))
    for run in Run.objects.exclude(status__in=RUN_ENDED):
        if run.status != "blocked" or run.pk not in asked:
            steps = StepRun.objects.filter(run=run).values_list("name", "status", "undo", "process", "due_at")
            yield f"run {run.pk} is {run.status}: {list(steps)}"


def journals() -> Iterator[str]:
    """Numbers have no gap, and what is stored follows from the entries."""
    rows = JournalEntry.objects.order_by().values_list("run_id").annotate(count=Count("id"), last=Max("seq"))
    numbers = {run_id: (count, last) for run_id, count, last in rows}
    for run in Run.objects.iterator():
        if numbers.get(run.pk) != (run.last_seq, run.last_seq):
            yield f"run {run.pk}: last number {run.last_seq}, entries (count, last) {numbers.get(run.pk)}"
        stored, again = reader.load(run.pk).state, replayed(run)
        if again.run != stored.run or again.steps() != stored.steps():
            yield f"run {run.pk}: the journal gives {again.run}, stored is {stored.run}"


def completed_once() -> Iterator[str]:
    rows = JournalEntry.objects.filter(type="step.completed").order_by().values_list("run_id", "step")
    for run_id, step, count in rows.annotate(count=Count("id")).filter(count__gt=1):
        yield f"run {run_id}: {step} was completed {count} times"


def watched(watchers: list[Watcher]) -> Iterator[str]:
    if watchers and watchers[0].waiting:
        yield f"{len(watchers[0].waiting)} runs were never watched"
    for watcher in watchers:
        for run_id, seen in watcher.seen.items():
            if run_id not in watcher.followed:
                yield f"a watcher of run {run_id} was not told of its end; it saw {seen}"
            if seen != list(range(1, len(seen) + 1)):
                yield f"a watcher of run {run_id} saw {seen}"


def books() -> Iterator[str]:
    said = StringIO()
    try:
        call_command("shop_audit", stdout=said)
    except SystemExit:
        yield f"shop_audit: {said.getvalue()}"
