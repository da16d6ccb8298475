"""The matrix of a rehearsal: a run without a fault, then one for each step and fault, on a fresh stage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model

from config.lib.times import host_time
from designer.document.graph import Action, slot_of
from designer.models import WorkflowVersion
from runs.machine.states import RUN_ENDED, RunStatus
from runs.models import Run
from runs.queries.runs import load, undo_slot
from workers.registry import get_catalog
from workers.rehearsal.faults import FAULTS, Fault
from workers.rehearsal.job import Cell, Job, Row, Verdict
from workers.rehearsal.sandbox.books import judged
from workers.rehearsal.sandbox.calls import how_called
from workers.rehearsal.sandbox.play import Play, Seen
from workers.rehearsal.sandbox.stage import Stage, set_up
from workers.rehearsal.sandbox.waits import open_waits

BASE = "base"
ROWS_MAX = 100


@dataclass
class Matrix:
    """A rehearsal under way. `touched` is the guard's report."""

    job: Job
    stage: Stage
    touched: Path
    rows: dict[str, Row] = field(default_factory=dict)
    first: dict[str, Seen] = field(default_factory=dict)
    checks: list[str] = field(default_factory=list)
    acted: set[str] = field(default_factory=set)  # the steps that did their work without a fault
    ids: tuple[int, int] = (0, 0)

    def open(self) -> Cell:
        """Sets the stage and plays the run without a fault. Raises TrialRefused."""
        self.ids = set_up(self.job)
        self.checks = [self.job.check] if self.job.check else []
        self.stage.keep(BASE)
        return self._cell("", None)

    def cells(self) -> list[tuple[str, Fault]]:
        """Returns the steps and faults to rehearse; those of an undo only where a worker undoes the step."""
        return [
            (row.step, fault)
            for row in list(self.rows.values())[:ROWS_MAX]
            for fault in FAULTS
            if not fault.of_undo or (row.undo_how and row.step in self.acted)
        ]

    def play(self) -> Iterator[Cell]:
        """Yields a cell for each step and fault."""
        for step, fault in self.cells():
            self.stage.bring_back(BASE)
            yield self._cell(step, fault)

    # --- one run ---

    def _cell(self, step: str, fault: Fault | None) -> Cell:
        began, began_at = time.monotonic(), host_time()
        play = self._new_play(step, fault)
        self.touched.write_text("")
        try:
            run = play.run()
        except Exception as error:  # of the product or the definition: it is told, and the rest goes on
            return Cell(step, fault.id if fault else "", "stuck", note=f"{type(error).__name__}: {error}")
        if fault is None:
            self.acted = play.ledger.acted
        asks, waiting = _asked(play), open_waits(self._open(run))
        facts = self._facts(run, play, asks)
        books, _ = judged(self.checks, facts)
        outside = tuple(dict.fromkeys(self.touched.read_text().splitlines()))
        left = () if run.status == RunStatus.COMPLETED else tuple(play.ledger.left())
        cell = Cell(
            step,
            fault.id if fault else "",
            "good",
            run.status,
            tuple(play.ledger.undone),
            left,
            tuple(play.ledger.remaining()) if run.status != RunStatus.COMPLETED else (),
            tuple(asks),
            tuple(books),
            outside,
            play.ledger.attempts,
            round((host_time() - began_at).total_seconds(), 1),
            round((time.monotonic() - began) * 1000),
            note=_error_of(run),
        )
        return _with_verdict(cell, _verdict(cell, play, run, waiting))

    def _new_play(self, step: str, fault: Fault | None) -> Play:
        version, person = self.ids
        return Play(
            self.job,
            WorkflowVersion.every.get(pk=version),
            get_user_model().objects.get(pk=person),
            step,
            fault,
            self._watch if fault is None else lambda seen: None,
        )

    def _open(self, run: Run) -> list[Any]:
        return [] if RunStatus(run.status) in RUN_ENDED else [pk for (pk,) in Run.objects.values_list("pk")]

    def _facts(self, run: Run, play: Play, asks: list[str]) -> dict[str, Any]:
        return {
            "run": {"id": str(run.pk), "workflow": run.workflow_name, "status": run.status},
            "input": self.job.input,
            "undone": list(play.ledger.undone),
            "left": [] if run.status == RunStatus.COMPLETED else play.ledger.left(),
            "remains": play.ledger.remaining(),
            "asks": asks,
        }

    # --- what the run without a fault shows ---

    def _watch(self, seen: Seen) -> None:
        """Makes a row of each step that is come to, and keeps the stage as it was before it."""
        if seen.task.direction != "forward" or seen.path in self.rows:
            return
        definition = seen.graph.by_name[seen.key.partition("[")[0]]
        undo = definition.compensation if isinstance(definition.compensation, Action) else None
        self.rows[seen.path] = Row(
            seen.path,
            seen.task.worker,
            self._how(seen.task.worker, seen.task.params),
            undo_slot(definition) or slot_of(definition),
            self._how(undo.worker, undo.params) if undo else "",
        )
        self.first[seen.path] = seen
        self.stage.keep(_kept_name(len(self.rows)))

    def _how(self, worker: str, params: Any) -> str:
        spec = get_catalog().get(worker)
        if spec is None:
            return ""
        how = how_called(spec, self.job, params)
        if how == "real" and spec.books and spec.books not in self.checks:
            self.checks.append(spec.books)
        return how

    def kept_before(self, step: str) -> str:
        """The name under which the stage is kept as it was before a step."""
        return _kept_name(1 + list(self.rows).index(step))


def _kept_name(number: int) -> str:
    return f"before-{number}"


def _with_verdict(cell: Cell, verdict: Verdict) -> Cell:
    return Cell(**{**cell.as_json(), "verdict": verdict})


def _verdict(cell: Cell, play: Play, run: Run, waiting: list[str]) -> Verdict:
    if cell.outside:
        return "outside"
    if cell.books:
        return "check"
    if play.is_stuck:
        return "stuck"
    if play.fault is not None and not play.strikes:
        return "skipped"
    if cell.asks:
        return "asks"
    if RunStatus(run.status) not in RUN_ENDED:
        return "waits" if waiting else "stuck"
    if play.fault is None and run.status != RunStatus.COMPLETED:
        return "unfit"
    return "left" if cell.left else "good"


def _asked(play: Play) -> list[str]:
    """Returns the steps that a person is asked about, each with the reason."""
    return [
        f"{play.path_in(run_id, name)}: {(step.error or {}).get('code', 'asked')}"
        for run_id in play.family
        for name, step in load(run_id)[1].steps().items()
        if step.intervention is not None
    ]


def _error_of(run: Run) -> str:
    error = run.error or {}
    return f"{error.get('code', '')}: {error.get('message', '')}"[:300] if error else ""
