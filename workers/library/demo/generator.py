"""Generates runs in bulk, to try lists and searches with: copies of a few exemplars, spread over time.

The newest runs, and all that have not ended, get the whole journal and all steps of their exemplar; the
others get only the rows that lists and searches read. No generated row has a due time, so no worker process
ever takes one.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import JSONField

from designer.models import WorkflowVersion
from runs.models import HourFigures, Intervention, JournalEntry, Run, StepRun
from runs.statistics import counters, histogram
from runs.statistics.step_facts import merge
from runs.store import reader
from runs.store.database import database
from runs.store.search_text import text_of

BATCH = 5_000
OPEN_MAX = {"blocked": 200, "waiting": 500, "running": 300}
OPEN_SHARE = {"blocked": 0.0005, "waiting": 0.001, "running": 0.0005}
OPEN_AMONG = 0.05  # share of the runs, the newest, that those which have not ended are among
ENDED = {"completed": 900, "compensated": 55, "failed": 30, "cancelled": 15, "answered": 5}
LABELLED = 0.5
RUN_S_MEDIAN = 2.0
SHOPS = ("north", "south", "east", "west", "online")
TIERS = ("basic", "plus", "business")
NAMES = ("ada", "grace", "alan", "edsger", "barbara", "donald", "radia", "tony", "frances", "ken", "lynn")
GOODS = ("MUG-002", "TEA-001", "POT-014", "CUP-030", "TIN-007", "KETTLE-9", "SPOON-1")
TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:\+00:00|Z)")


@dataclass(frozen=True)
class Exemplar:
    """A run that the engine carried out, and all of its rows."""

    run: Run
    steps: list[StepRun]
    entries: list[JournalEntry]
    interventions: list[Intervention]

    @classmethod
    def of(cls, run_id: UUID) -> Exemplar:
        run = Run.objects.select_related("version").get(pk=run_id)
        return cls(run, list(run.steps.all()), list(run.journal.all()), list(run.interventions.all()))


@dataclass(frozen=True)
class Plan:
    """What to generate: `count` runs, created within the last `days`.

    `exemplars` by status; the one under "answered" ended after a person had answered its intervention.
    `versions` of workflows like that of the exemplars, the most frequent first. `whole`: how many of the
    newest get their journal and steps. The same `seed` generates the same runs.
    """

    exemplars: Mapping[str, Exemplar]
    versions: Sequence[WorkflowVersion]
    count: int
    days: float
    whole: int
    seed: int = 1


@dataclass
class Batch:
    """Rows that are stored in one transaction."""

    runs: list[Run] = field(default_factory=list)
    steps: list[StepRun] = field(default_factory=list)
    entries: list[JournalEntry] = field(default_factory=list)
    interventions: list[Intervention] = field(default_factory=list)

    def store(self) -> None:
        with transaction.atomic():
            db = database()
            db.append("runs_run", RUN_COLUMNS, map(run_row, self.runs))
            db.append("runs_runtext", ("run_id", "text"), ((run.pk, text_of(run.input)) for run in self.runs))
            db.append(
                "runs_runlabel",
                ("run_id", "key", "value", "created_at"),
                ((run.pk, *pair, run.created_at) for run in self.runs for pair in run.labels.items()),
            )
            StepRun.objects.bulk_create(self.steps, BATCH)
            JournalEntry.objects.bulk_create(self.entries, BATCH)
            Intervention.objects.bulk_create(self.interventions, BATCH)


RUN_COLUMNS = tuple(str(field.column) for field in Run._meta.local_fields)
JSON_COLUMNS = {str(field.column) for field in Run._meta.local_fields if isinstance(field, JSONField)}


def run_row(run: Run) -> list[Any]:
    """The values of a run's columns, in the order of `RUN_COLUMNS`."""
    values = {str(field.column): getattr(run, field.attname) for field in Run._meta.local_fields}
    for column in JSON_COLUMNS:
        values[column] = None if values[column] is None else json_of(values[column])
    return list(values.values())


def json_of(value: Any) -> str:
    return orjson.dumps(value).decode()


def make(plan: Plan) -> Iterator[int]:
    """Generates and stores runs batch by batch, the oldest first; yields how many are stored so far."""
    generator = Generator(plan)
    for first in range(0, plan.count, BATCH):
        numbers = range(first, min(first + BATCH, plan.count))
        generator.batch(numbers).store()
        yield numbers.stop
    with transaction.atomic():
        write_hours(generator.tally)
        counters.write_steps(step_tally(plan, generator.ended))


def write_hours(tally: counters.Tally) -> None:
    """Inserts the figures of new hours in bulk, and adds to those of hours that have figures already."""
    known = set(HourFigures.objects.values_list("hour", "status"))
    new = {key: counts for key, counts in tally.hours.items() if key not in known}
    HourFigures.objects.bulk_create(
        HourFigures(
            hour=hour,
            status=status,
            durations=histogram.count(counts.durations),
            count=counts.counts["count"],
        )
        for (hour, status), counts in new.items()
    )
    old = {key: tally.hours[key] for key in tally.hours.keys() & known}
    counters.write_hours(counters.Tally(hours=old, workflows=tally.workflows))


def step_tally(plan: Plan, ended: Mapping[tuple[str, int], int]) -> counters.Tally:
    """Counts the steps of each version: those of an exemplar, times the number of its copies that ended.

    `ended`: number of runs by kind of exemplar and version.
    """
    tally = counters.Tally()
    for (kind, version_id), count in ended.items():
        single, run = counters.Tally(), plan.exemplars[kind].run
        facts = counters.Ended(run.pk, version_id, run.started_at, 0, run.last_seq, False, None)
        entries = [entry for entry in plan.exemplars[kind].entries if entry.type in counters.COUNTED]
        counters.add(single, facts, ((entry.type, entry.step, entry.at, entry.data) for entry in entries))
        for key, counts in single.steps.items():
            tally.steps[key].counts.update({name: n * count for name, n in counts.counts.items()})
            tally.steps[key].durations += counts.durations * count
            merge(tally.steps[key].facts, counts.facts, count)
    return tally


class Generator:
    """Makes batches of runs; keeps what they share and what they add up to."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.dice = random.Random(plan.seed)  # noqa: S311
        self.tally = counters.Tally()
        self.ended: Counter[tuple[str, int]] = Counter()
        self.kinds = [kind for kind in ENDED if kind in plan.exemplars]
        self.shares = [ENDED[kind] for kind in self.kinds]
        self.last = reader.now()
        self.gap = timedelta(days=plan.days) / plan.count
        self.weights = [1 / (rank + 1) for rank in range(len(plan.versions))]
        self.open = self._choose_open()

    def _choose_open(self) -> dict[int, str]:
        """Chooses runs among the newest that have not ended. Returns their statuses by number."""
        count = self.plan.count
        statuses = [
            status
            for status, share in OPEN_SHARE.items()
            for _ in range(min(OPEN_MAX[status], math.ceil(count * share)))
        ]
        among = range(count - max(len(statuses), round(count * OPEN_AMONG)), count)
        numbers = self.dice.sample([number for number in among if number >= 0], min(len(statuses), count))
        return dict(zip(numbers, statuses, strict=False))

    def batch(self, numbers: range) -> Batch:
        batch = Batch()
        for number in numbers:
            kind = self.open.get(number) or self.dice.choices(self.kinds, self.shares)[0]
            exemplar = self.plan.exemplars[kind]
            run = self._run(exemplar, number)
            batch.runs.append(run)
            if run.finished_at is None or number >= self.plan.count - self.plan.whole:
                copy_rows(exemplar, run, batch)
            else:
                batch.interventions += copied_interventions(exemplar, run)
            if run.finished_at is not None:
                self._count(run, run.finished_at)
                self.ended[kind, run.version_id] += 1
        return batch

    def _run(self, exemplar: Exemplar, number: int) -> Run:
        at = self.last - self.gap * (self.plan.count - number)
        old = exemplar.run
        version = old.version
        if old.workflow_name == self.plan.versions[0].workflow.name:
            (version,) = self.dice.choices(self.plan.versions, self.weights)
        started = at + timedelta(milliseconds=self.dice.uniform(5, 300))
        ended = started + timedelta(seconds=RUN_S_MEDIAN * self.dice.lognormvariate(0, 1.2))
        return Run(
            id=id_at(at, self.dice),
            version=version,
            workflow_name=version.workflow.name,
            status=old.status,
            input=self._input(number),
            labels=self._labels(),
            error=old.error,
            state=shifted(old.state, at - old.created_at),
            last_seq=old.last_seq,
            tallied_seq=old.last_seq,
            done=old.done,
            total=old.total,
            created_at=at,
            started_at=started if old.started_at else None,
            finished_at=min(ended, self.last) if old.finished_at else None,
        )

    def _input(self, number: int) -> dict[str, Any]:
        dice = self.dice
        goods = dice.sample(GOODS, dice.randint(1, 3))
        return {
            "order": f"A-{number:08}",
            "order_items": [{"sku": sku, "quantity": dice.randint(1, 4)} for sku in goods],
            "customer": f"{dice.choice(NAMES)}.{dice.randrange(100_000)}@example.com",
        }

    def _labels(self) -> dict[str, str]:
        dice = self.dice
        if dice.random() >= LABELLED:
            return {}
        return {"shop": dice.choice(SHOPS)} | ({"tier": dice.choice(TIERS)} if dice.random() < 0.5 else {})

    def _count(self, run: Run, ended: datetime) -> None:
        hour = ended.replace(minute=0, second=0, microsecond=0)
        both = [self.tally.hours[hour, run.status]]
        if self.last - ended < counters.WORKFLOWS_KEPT:
            both.append(self.tally.workflows[hour, run.status, run.workflow_name])
        for counts in both:
            counts.counts["count"] += 1
            if run.started_at is not None:
                counts.durations.append((ended - run.started_at).total_seconds() * 1000)


def copy_rows(exemplar: Exemplar, run: Run, batch: Batch) -> None:
    """Copies the steps, journal and interventions of an exemplar for `run`, and adds them to `batch`."""
    by = run.created_at - exemplar.run.created_at
    for step in exemplar.steps:
        row = _copied(step, run, by, ("started_at", "finished_at"))
        row.state, row.due_at, row.process = shifted(step.state, by), None, ""
        batch.steps.append(row)
    for entry in exemplar.entries:
        row = _copied(entry, run, by, ("at",))
        row.data = shifted(entry.data, by)
        if entry.type == "run.created":
            row.data["workflow"] = run.workflow_name
        batch.entries.append(row)
    batch.interventions += copied_interventions(exemplar, run)


def copied_interventions(exemplar: Exemplar, run: Run) -> list[Intervention]:
    by = run.created_at - exemplar.run.created_at
    return [
        _copied(row, run, by, ("opened_at", "answered_at", "due_at", "order_at"))
        for row in exemplar.interventions
    ]


def _copied(row: Any, run: Run, by: timedelta, times: Sequence[str]) -> Any:
    """A copy of a row for another run, with its `times` moved; Django inserts it as a new row."""
    duplicate = copy(row)
    duplicate.pk = None
    duplicate._state = copy(row._state)
    duplicate._state.adding = True
    duplicate.run = run
    for name in times:
        at = getattr(row, name)
        setattr(duplicate, name, None if at is None else at + by)
    return duplicate


def shifted(value: Any, by: timedelta) -> Any:
    """A JSON value with every time in its texts moved."""
    moved = TIME.sub(lambda match: _moved(match[0], by), orjson.dumps(value))
    return orjson.loads(moved)


def _moved(text: bytes, by: timedelta) -> bytes:
    return (datetime.fromisoformat(text.decode()) + by).isoformat().encode()


def id_at(at: datetime, dice: random.Random) -> UUID:
    """A UUID of version 7 (RFC 9562), as `runs.models.ids.uuid7`, for another moment."""
    value = (int(at.timestamp() * 1000) << 80) | dice.getrandbits(80)
    return UUID(int=value & ~(0xF << 76) & ~(0x3 << 62) | (0x7 << 76) | (0x2 << 62))
