"""Makes very many runs, to try lists and searches with: copies of a few that really ran, spread over time.

The newest, and all that rest open, have their whole journal and steps; the others are rows of lists alone.
Nothing made has a due time, so no worker process ever touches it.
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
from runs.store import reader
from workers.library.demo.bulk_insert import load

BATCH = 5_000
OPEN_MAX = {"blocked": 200, "waiting": 500, "running": 300}
OPEN_SHARE = {"blocked": 0.0005, "waiting": 0.001, "running": 0.0005}
OPEN_AMONG = 0.05  # of the runs, the newest
ENDED = {"completed": 900, "compensated": 55, "failed": 30, "cancelled": 15, "answered": 5}
LABELLED = 0.5
STEP_S = 2.0  # the middle of how long a run takes
SHOPS = ("north", "south", "east", "west", "online")
TIERS = ("basic", "plus", "business")
NAMES = ("ada", "grace", "alan", "edsger", "barbara", "donald", "radia", "tony", "frances", "ken", "lynn")
GOODS = ("MUG-002", "TEA-001", "POT-014", "CUP-030", "TIN-007", "KETTLE-9", "SPOON-1")
TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:\+00:00|Z)")


@dataclass(frozen=True)
class Exemplar:
    """A run that really ran, and all of its rows."""

    run: Run
    steps: list[StepRun]
    entries: list[JournalEntry]
    cases: list[Intervention]

    @classmethod
    def of(cls, run_id: UUID) -> Exemplar:
        run = Run.objects.select_related("version").get(pk=run_id)
        return cls(run, list(run.steps.all()), list(run.journal.all()), list(run.interventions.all()))


@dataclass(frozen=True)
class Plan:
    """`exemplars` by the status in which they are; `whole`: how many of the newest have their journal.

    One named "answered" has ended after a person answered its question.
    `versions`: those of the exemplars' own workflow under other names, the most frequent first.
    """

    exemplars: Mapping[str, Exemplar]
    versions: Sequence[WorkflowVersion]
    count: int
    days: float
    whole: int
    seed: int = 1


@dataclass
class Batch:
    """Rows that are stored together."""

    runs: list[Run] = field(default_factory=list)
    steps: list[StepRun] = field(default_factory=list)
    entries: list[JournalEntry] = field(default_factory=list)
    cases: list[Intervention] = field(default_factory=list)

    def store(self) -> None:
        with transaction.atomic():
            load("runs_run", RUN_COLUMNS, map(run_row, self.runs))
            load("runs_runtext", ("run_id", "text"), ((run.pk, json_of(run.input)) for run in self.runs))
            load(
                "runs_runlabel",
                ("run_id", "key", "value", "created_at"),
                ((run.pk, *pair, run.created_at) for run in self.runs for pair in run.labels.items()),
            )
            StepRun.objects.bulk_create(self.steps, BATCH)
            JournalEntry.objects.bulk_create(self.entries, BATCH)
            Intervention.objects.bulk_create(self.cases, BATCH)


RUN_COLUMNS = tuple(str(field.column) for field in Run._meta.local_fields)
JSON_COLUMNS = {str(field.column) for field in Run._meta.local_fields if isinstance(field, JSONField)}


def run_row(run: Run) -> list[Any]:
    """What is stored of a run."""
    values = {column: getattr(run, column) for column in RUN_COLUMNS}
    for column in JSON_COLUMNS:
        values[column] = None if values[column] is None else json_of(values[column])
    return list(values.values())


def json_of(value: Any) -> str:
    return orjson.dumps(value).decode()


def make(plan: Plan) -> Iterator[int]:
    """Store them batch by batch, the oldest first; yields how many there are."""
    maker = Maker(plan)
    for first in range(0, plan.count, BATCH):
        numbers = range(first, min(first + BATCH, plan.count))
        maker.batch(numbers).store()
        yield numbers.stop
    with transaction.atomic():
        write_hours(maker.tally)
        counters.write_steps(steps_of(plan, maker.ended))


def write_hours(tally: counters.Tally) -> None:
    """New hours in bulk; what was counted of an hour before is added to."""
    known = set(HourFigures.objects.values_list("hour", "status"))
    new = {place: counts for place, counts in tally.hours.items() if place not in known}
    HourFigures.objects.bulk_create(
        HourFigures(
            hour=hour, status=status, durations=histogram.count(found.durations), count=found.counts["count"]
        )
        for (hour, status), found in new.items()
    )
    counters.write_hours(
        counters.Tally(hours={place: tally.hours[place] for place in tally.hours.keys() & known})
    )


def steps_of(plan: Plan, ended: Mapping[tuple[str, int], int]) -> counters.Tally:
    """What became of the steps of each version, if as many runs of it ended as each exemplar did."""
    tally = counters.Tally()
    for (sort, version_id), count in ended.items():
        one, run = counters.Tally(), plan.exemplars[sort].run
        facts = counters.Ended(run.pk, version_id, run.started_at, 0, run.last_seq, False, None)
        entries = [entry for entry in plan.exemplars[sort].entries if entry.type in counters.STEP_COUNTS]
        counters.add(one, facts, ((entry.type, entry.step, entry.at, entry.data) for entry in entries))
        for place, found in one.steps.items():
            tally.steps[place].counts.update({name: n * count for name, n in found.counts.items()})
            tally.steps[place].durations += found.durations * count
    return tally


class Maker:
    """What is kept from one batch to the next."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.dice = random.Random(plan.seed)  # noqa: S311
        self.tally = counters.Tally()
        self.ended: Counter[tuple[str, int]] = Counter()
        self.sorts = [sort for sort in ENDED if sort in plan.exemplars]
        self.shares = [ENDED[sort] for sort in self.sorts]
        self.last = reader.now()
        self.gap = timedelta(days=plan.days) / plan.count
        self.weights = [1 / (place + 1) for place in range(len(plan.versions))]
        self.open = self._open_ones()

    def _open_ones(self) -> dict[int, str]:
        """Which of the newest have not ended, and what they are."""
        count = self.plan.count
        wanted = [
            name
            for name, share in OPEN_SHARE.items()
            for _ in range(min(OPEN_MAX[name], math.ceil(count * share)))
        ]
        among = range(count - max(len(wanted), round(count * OPEN_AMONG)), count)
        numbers = self.dice.sample([number for number in among if number >= 0], min(len(wanted), count))
        return dict(zip(numbers, wanted, strict=False))

    def batch(self, numbers: range) -> Batch:
        batch = Batch()
        for number in numbers:
            sort = self.open.get(number) or self.dice.choices(self.sorts, self.shares)[0]
            exemplar = self.plan.exemplars[sort]
            run = self._run(exemplar, number)
            batch.runs.append(run)
            if run.finished_at is None or number >= self.plan.count - self.plan.whole:
                copy_rows(exemplar, run, batch)
            else:
                batch.cases += copied_interventions(exemplar, run)
            if run.finished_at is not None:
                self._count(run, run.finished_at)
                self.ended[sort, run.version_id] += 1
        return batch

    def _run(self, exemplar: Exemplar, number: int) -> Run:
        at = self.last - self.gap * (self.plan.count - number)
        old = exemplar.run
        version = old.version
        if old.workflow_name == self.plan.versions[0].workflow.name:
            (version,) = self.dice.choices(self.plan.versions, self.weights)
        started = at + timedelta(milliseconds=self.dice.uniform(5, 300))
        ended = started + timedelta(seconds=STEP_S * self.dice.lognormvariate(0, 1.2))
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
        found = self.tally.hours[hour, run.status]
        found.counts["count"] += 1
        if run.started_at is not None:
            found.durations.append((ended - run.started_at).total_seconds() * 1000)


def copy_rows(exemplar: Exemplar, run: Run, batch: Batch) -> None:
    """The steps, journal and open questions of an exemplar, for a run that is a copy of it."""
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
    batch.cases += copied_interventions(exemplar, run)


def copied_interventions(exemplar: Exemplar, run: Run) -> list[Intervention]:
    by = run.created_at - exemplar.run.created_at
    return [_copied(case, run, by, ("opened_at", "answered_at")) for case in exemplar.cases]


def _copied(row: Any, run: Run, by: timedelta, times: Sequence[str]) -> Any:
    found = copy(row)
    found.pk = None
    found._state = copy(row._state)
    found._state.adding = True
    found.run = run
    for name in times:
        at = getattr(row, name)
        setattr(found, name, None if at is None else at + by)
    return found


def shifted(value: Any, by: timedelta) -> Any:
    """JSON with every time in it moved."""
    moved = TIME.sub(lambda found: _moved(found[0], by), orjson.dumps(value))
    return orjson.loads(moved)


def _moved(text: bytes, by: timedelta) -> bytes:
    return (datetime.fromisoformat(text.decode()) + by).isoformat().encode()


def id_at(at: datetime, dice: random.Random) -> UUID:
    """As `runs.models.ids.uuid7`, for another moment."""
    value = (int(at.timestamp() * 1000) << 80) | dice.getrandbits(80)
    return UUID(int=value & ~(0xF << 76) & ~(0x3 << 62) | (0x7 << 76) | (0x2 << 62))
