"""Test helpers for authors: call a worker without a run, and play saved tests of a workflow without workers.

call(charge_payment, {"amount": 5})                     returns what the worker returns, raises what it raises
outcome_of(charge_payment, {"amount": 5}, timeout=1)    returns the outcome that the engine would record
check_tests("order.yaml")                               plays the tests of order.tests.yaml
check_test(graph, {"name": …, "mocks": …})              plays one test of a file's or a built workflow
examine(charge_payment, …, undo=refund_payment, …)      says whether the undo may come twice, early or late
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from designer.document.document import dump
from designer.document.graph import Graph
from designer.errors import TestsRefused
from designer.formats.uploads import load_tests_beside, load_workflows
from designer.saved_tests.model import SavedTest
from designer.saved_tests.reading import read_tests
from runs.testing.running import Result
from runs.testing.suites import Suite, graphs_of, run_suite
from workers.execution.examination import Act, Examination, Scenario, examined
from workers.execution.execute import Task, execute
from workers.execution.forked import Carried, Strike, begin
from workers.execution.isolation import IsolatedContext
from workers.execution.params import validated
from workers.registry import get_catalog
from workers.sdk.handle import StepHandle
from workers.sdk.outcome import Direction, Outcome
from workers.sdk.spec import WorkerSpec

OUTPUT_BYTES_MAX = 1_000_000
EXAMINED_S_MAX = 20.0


@dataclass
class Notes:
    """What a worker reported through its handle: log lines, and its progress as (fraction, message)."""

    lines: list[str] = field(default_factory=list)
    progress: list[tuple[float, str]] = field(default_factory=list)


def fake_step(
    name: str = "step",
    *,
    attempt: int = 1,
    idempotency_key: str = "run-1:step",
    run_id: str = "run-1",
    timeout: float = 60,
    notes: Notes | None = None,
    cancelled: bool = False,
    of_fallback: bool = False,
    direction: Direction = "forward",
) -> StepHandle:
    """A handle for a worker that is called outside a run; its deadline is `timeout` seconds from now."""
    recorder = notes or Notes()
    return StepHandle(
        run_id=run_id,
        name=name,
        attempt=attempt,
        idempotency_key=idempotency_key,
        deadline=datetime.now(UTC) + timedelta(seconds=timeout),
        on_log=recorder.lines.append,
        on_progress=lambda fraction, message: recorder.progress.append((fraction, message)),
        is_cancelled=lambda: cancelled,
        of_fallback=of_fallback,
        direction=direction,
    )


def call(
    function: Callable[..., Any],
    context: Mapping[str, Any] | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    step: StepHandle | None = None,
) -> Any:
    """Calls a worker, sync or async, as a step would. Returns its result; its errors go through."""
    spec = spec_of(function)
    arguments = {
        "context": IsolatedContext({**(context or {}), **(params or {})}),
        "params": validated(spec, params or {}),
        "step": step or fake_step(),
    }
    result = spec.function(**{name: arguments[name] for name in spec.takes})
    return asyncio.run(result) if spec.is_async else result


def outcome_of(
    function: Callable[..., Any],
    context: Mapping[str, Any] | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    direction: Direction = "forward",
    attempt: int = 1,
    idempotency_key: str = "run-1:step",
    timeout: float = 60,
    notes: Notes | None = None,
) -> Outcome:
    """Executes a worker as a worker process does: copies, time limit and checks of the result included."""
    spec = spec_of(function)
    recorder = notes or Notes()
    task = Task(
        run_id="run-1",
        workflow="test",
        step="step",
        direction=direction,
        worker=spec.name,
        attempt=attempt,
        idempotency_key=idempotency_key,
        context=dict(context or {}),
        params=dict(params or {}),
        timeout=timeout,
        output_bytes_max=OUTPUT_BYTES_MAX,
    )
    return execute(
        task,
        {spec.name: spec},
        on_log=recorder.lines.append,
        on_progress=lambda fraction, message: recorder.progress.append((fraction, message)),
    )


def spec_of(function: Callable[..., Any]) -> WorkerSpec:
    """Raises TypeError for a function that is not a worker."""
    spec = getattr(function, "__worker__", None)
    if not isinstance(spec, WorkerSpec):
        raise TypeError(f'{function!r} is not a worker; decorate it with @worker("name")')
    return spec


# --- saved tests of workflows ---

Workflow = Graph | str | Path
"""A built workflow, or the path of its file."""


def check_tests(
    workflow: Workflow, tests: Iterable[Any] | None = None, *, others: Iterable[Workflow] = ()
) -> None:
    """Plays tests of a workflow; without `tests`, those of the file beside it, `NAME.tests.yaml`.

    `others`: the workflows that its steps run. Raises AssertionError with the reasons and the story of each
    test that fails, DesignerError for what cannot be read.
    """
    failed = [result.as_text() for result in results_of(workflow, tests, others=others) if not result.passed]
    if failed:
        raise AssertionError("\n\n".join(failed))


def check_test(workflow: Workflow, test: Any, *, others: Iterable[Workflow] = ()) -> None:
    """The same for one test, written as in a file of tests."""
    check_tests(workflow, [test], others=others)


def results_of(
    workflow: Workflow, tests: Iterable[Any] | None = None, *, others: Iterable[Workflow] = ()
) -> list[Result]:
    """Plays tests of a workflow and returns what became of each."""
    documents = [document for given in (workflow, *others) for document in _documents(given)]
    graphs, library = graphs_of(documents, get_catalog(), lambda name, version: None)
    suite: Suite = run_suite(graphs[0], _tests(workflow, tests), library, get_catalog())
    return list(suite.results)


def _documents(workflow: Workflow) -> list[Any]:
    if isinstance(workflow, Graph):
        return [dump(workflow)]
    return [brought.document for brought in load_workflows(Path(workflow))]


def _tests(workflow: Workflow, tests: Iterable[Any] | None) -> list[SavedTest]:
    if tests is None:
        found = None if isinstance(workflow, Graph) else load_tests_beside(Path(workflow))
        if found is None:
            raise ValueError("there is no file of tests beside the workflow; give the tests")
        return list(found.tests)
    read, problems = read_tests(list(tests))
    if problems:
        raise TestsRefused(problems)
    return read


# --- the idempotency examiner ---


@dataclass
class _TestBench:
    """Calls the worker and its compensation in this process, or in processes that are killed."""

    work: WorkerSpec
    undo: WorkerSpec
    context: Mapping[str, Any]
    params: Mapping[str, Any]
    undo_params: Mapping[str, Any]
    read_books: Callable[[], Any]
    processes: bool
    before_fork: Callable[[], None]
    key: str = ""
    output: Any = None

    def begin(self, scenario: Scenario) -> None:
        self.key, self.output = f"run-{uuid4().hex}:step", None

    def do(self, act: Act) -> str:
        if act == "both":
            ends = [self._begun("forward"), self._begun("undo")]
            worked, _ = [end() for end in ends]  # an undo may fail then: it comes once more
            self._note(worked)
            return ""
        if act in ("work", "late_work"):
            worked = self._begun("forward")()
            self._note(worked)
            return "" if act == "late_work" else _failed("step", worked)
        is_killed = act == "undo_lost" and self.processes
        return _failed("undo", self._begun("undo", Strike("kill", "after") if is_killed else None)())

    def books(self) -> Any:
        return self.read_books()

    def _note(self, worked: Carried) -> None:
        if worked.outcome is not None and worked.outcome.kind == "succeeded":
            self.output = worked.outcome.output

    def _begun(self, direction: Direction, strike: Strike | None = None) -> Callable[[], Carried]:
        spec = self.work if direction == "forward" else self.undo
        task = self._task(spec, direction)
        if self.processes:
            return begin(task, spec, self.before_fork, strike)
        outcome = execute(task, {spec.name: spec})
        return lambda: Carried(outcome, acted=outcome.kind == "succeeded")

    def _task(self, spec: WorkerSpec, direction: Direction) -> Task:
        output = {} if self.output is None else self.output
        more = {"output": output, "failure": {"step": "", "error": "examined", "message": ""}}
        return Task(
            run_id=self.key.partition(":")[0],
            workflow="test",
            step="step",
            direction=direction,
            worker=spec.name,
            attempt=1,
            idempotency_key=self.key,
            context={**self.context, **(more if direction == "undo" else {})},
            params=dict(self.params if direction == "forward" else self.undo_params),
            timeout=EXAMINED_S_MAX,
            output_bytes_max=OUTPUT_BYTES_MAX,
        )


def examine(
    function: Callable[..., Any],
    context: Mapping[str, Any] | None = None,
    *,
    undo: Callable[..., Any],
    books: Callable[[], Any],
    params: Mapping[str, Any] | None = None,
    undo_params: Mapping[str, Any] | None = None,
    processes: bool = False,
    before_fork: Callable[[], None] = lambda: None,
) -> Examination:
    """Examines whether `undo` leaves the same books however often, early or late it comes.

    `books` returns whatever must be the same after the worker and its undo as before them. With `processes`
    each call is made in a forked process, that of the crash is killed by SIGKILL, and worker and undo also
    run side by side; `before_fork` closes what must not be carried over, such as `connections.close_all`.
    """
    work, compensation = spec_of(function), spec_of(undo)
    bench = _TestBench(
        work, compensation, context or {}, params or {}, undo_params or {}, books, processes, before_fork
    )
    return examined(bench, work.name, compensation.name, side_by_side=processes)


def _failed(what: str, carried: Carried) -> str:
    if carried.acted:
        return ""
    outcome = carried.outcome
    if outcome is None:
        return f"the {what} failed: its process was lost"
    return f"the {what} failed: {outcome.failure.message if outcome.failure else outcome.kind}"
