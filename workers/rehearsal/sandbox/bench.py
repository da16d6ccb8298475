"""Examines compensations in the sandbox: by the calls of the run without a fault, in killed processes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.db import connections

from designer.document.graph import Action
from designer.errors import ExpressionError
from runs.machine.bindings import bind
from workers.execution.examination import Act, Examination, Scenario, examined
from workers.execution.execute import Task
from workers.execution.forked import Carried, Strike, begin
from workers.registry import get_catalog
from workers.rehearsal.sandbox.books import judged
from workers.rehearsal.sandbox.matrix import Matrix
from workers.rehearsal.sandbox.play import Seen
from workers.rehearsal.template import DATABASE
from workers.sdk.spec import WorkerSpec

KILLED = Strike("kill", "after")


@dataclass
class SandboxBench:
    """A step, as it was called, and its undo. Each scenario begins on the stage as it was before the step."""

    matrix: Matrix
    seen: Seen
    undo: Action
    output: Any = None
    key: str = ""

    def begin(self, scenario: Scenario) -> None:
        self.matrix.stage.bring_back(self.matrix.kept_before(self.seen.path))
        self.key = f"{self.seen.task.idempotency_key}:{scenario.id}"
        self.output = None

    def do(self, act: Act) -> str:
        if act == "both":
            ends = [self._begin(self._work()), self._begin(self._undo())]
            worked, _ = [end() for end in ends]  # an undo may fail then: it comes once more
            self._note(worked)
            return ""
        if act in ("work", "late_work"):
            worked = self._begin(self._work())()
            self._note(worked)
            return "" if worked.acted or act == "late_work" else f"the step failed: {_reason(worked)}"
        undone = self._begin(self._undo(), KILLED if act == "undo_lost" else None)()
        return "" if undone.acted else f"the undo failed: {_reason(undone)}"

    def books(self) -> Any:
        run = {"id": self.seen.task.run_id, "workflow": self.seen.task.workflow, "status": "running"}
        facts = {"run": run, "input": {}, "undone": [], "left": [], "remains": [], "asks": []}
        checks = [check for check in self.matrix.checks if not check.startswith("=")]
        problems, books = judged(checks, facts)
        known = {check: read for check, read in books.items() if read is not None}
        return {"problems": problems, **(known or {"files": self._files()})}

    def _files(self) -> dict[str, str]:
        """The digests of the files of the data folder, without its database and hidden ones (marks)."""
        data = self.matrix.stage.data
        paths = [path for path in sorted(data.rglob("*")) if path.is_file()]
        kept = [path for path in paths if not path.name.startswith(DATABASE) and not _is_hidden(path, data)]
        return {str(path.relative_to(data)): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}

    def _note(self, worked: Carried) -> None:
        if worked.outcome is not None and worked.outcome.kind == "succeeded":
            self.output = worked.outcome.output

    def _work(self) -> tuple[Task, WorkerSpec]:
        return replace(self.seen.task, idempotency_key=self.key), self.seen.spec

    def _undo(self) -> tuple[Task, WorkerSpec]:
        output = {} if self.output is None else self.output
        failure = {"step": "", "error": "rehearsed", "message": ""}
        context = {**self.seen.task.context, "output": output, "failure": failure}
        try:
            params = bind(self.undo, {"context": context, "output": output, "failure": failure, "steps": {}})
        except ExpressionError:  # of an output that is not there: so the engine would not call it either
            params = dict(self.undo.params)
        task = replace(
            self.seen.task,
            direction="undo",
            worker=self.undo.worker,
            idempotency_key=self.key,
            context=context,
            params=params,
        )
        return task, get_catalog()[self.undo.worker]

    def _begin(self, call: tuple[Task, WorkerSpec], strike: Strike | None = None) -> Callable[[], Carried]:
        task, spec = call
        return begin(task, spec, connections.close_all, strike)


def examinations(matrix: Matrix) -> Iterator[tuple[str, Examination]]:
    """Yields what examining the undos has shown, of each step that acted and is called really both ways."""
    for row in matrix.rows.values():
        if row.how != "real" or row.undo_how != "real" or row.step not in matrix.acted:
            continue
        seen = matrix.first[row.step]
        compensation = seen.graph.by_name[seen.key.partition("[")[0]].compensation
        assert isinstance(compensation, Action)
        bench = SandboxBench(matrix, seen, compensation)
        yield row.step, examined(bench, row.worker, row.undo, side_by_side=True)


def _is_hidden(path: Path, data: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(data).parts)


def _reason(carried: Carried) -> str:
    if carried.outcome is None:
        return "its process was lost"
    failure = carried.outcome.failure
    return failure.message if failure else carried.outcome.kind
