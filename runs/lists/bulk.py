"""One act on many runs: what would happen to each, and doing it, each by itself.

It is done by the functions that the API of a single run calls. A run that refuses holds up no other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from runs.engine import engine
from runs.errors import RunsError, UnknownRun
from runs.interventions import service
from runs.machine.allowed import Allowed
from runs.machine.allowed import allowed as machine_allowed
from runs.machine.errors import Refused
from runs.machine.events import CancelMode
from runs.machine.rollback.plan import plan
from runs.models import Intervention, Run
from runs.store.graph_cache import run_graph
from runs.store.reader import load

BULK_MAX = 200
CASES_PER_RUN_MAX = 50

Act = Literal["cancel", "retry", "rerun"]
ACTS: tuple[Act, ...] = ("cancel", "retry", "rerun")


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done. `key` makes a rerun that is sent twice start each run once."""

    act: Act
    mode: CancelMode = "compensate"
    user: Any = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one run, or would. `made`: the new run of a rerun."""

    run_id: UUID
    is_done: bool
    text: str
    code: str = ""
    made: UUID | None = None
    run: Run | None = field(default=None, compare=False)

    def as_json(self) -> dict[str, Any]:
        made = {"made": str(self.made)} if self.made else {}
        code = {"code": self.code} if self.code else {}
        return {"run": str(self.run_id), "ok": self.is_done, "detail": self.text, **code, **made}


class NotAllowed(RunsError):
    """This cannot be done with the run now."""

    code = "not_allowed"


class UndoneAlready(NotAllowed):
    """It is being undone already."""

    code = "undoing"


def find(run_ids: Sequence[UUID]) -> dict[UUID, Run]:
    """Those of the runs that exist, as lists show them."""
    runs = Run.objects.select_related("version").filter(pk__in=run_ids)
    return {run.pk: run for run in runs.defer("state", "version__document", "version__resolved")}


def preview(order: Order, run_ids: Sequence[UUID]) -> list[Result]:
    """What would become of each, without doing it."""
    return _each(run_ids, lambda run: Result(run.pk, True, FORETOLD[order.act](run, order), run=run))


def do(order: Order, run_ids: Sequence[UUID]) -> list[Result]:
    """Do it with each, in this order. The engine decides again: what was foretold may have changed."""
    return _each(run_ids, lambda run: DONE[order.act](run, order))


def _each(run_ids: Sequence[UUID], act: Callable[[Run], Result]) -> list[Result]:
    runs = find(run_ids)
    return [_one(run_id, runs.get(run_id), act) for run_id in run_ids]


def _one(run_id: UUID, run: Run | None, act: Callable[[Run], Result]) -> Result:
    try:
        if run is None:
            raise UnknownRun(run_id)
        if run.imported is not None:
            raise NotAllowed("It was brought in as a file, to be looked at only.")
        return act(run)
    except (Refused, RunsError) as refused:
        return Result(run_id, False, str(refused), refused.code, run=run)


def _now(run: Run) -> tuple[Allowed, int]:
    """What is allowed now, and how many undos a rollback would do."""
    loaded = load(run.pk)
    graph = run_graph(loaded.version_id, loaded.state)
    return machine_allowed(graph, loaded.state), len(plan(graph, loaded.state).undo)


# --- what would happen ---


def _foretell_cancel(run: Run, order: Order) -> str:
    can, undos = _now(run)
    if not can.abandon:
        raise NotAllowed("It has ended.")
    if order.mode == "abandon":
        return "It stops where it is; nothing is undone."
    if not can.cancel:
        raise UndoneAlready
    return f"It stops, and {undos} step{' is' if undos == 1 else 's are'} undone." if undos else "It stops."


def _foretell_retry(run: Run, order: Order) -> str:
    steps = [case.step for case in _retriable(run)]
    return f"{', '.join(steps)}: tried again, then the run goes on."


def _foretell_rerun(run: Run, order: Order) -> str:
    _check_ended(run)
    return f"A new run of {run.version.label} starts with the same input and labels."


# --- doing it ---


def _cancel(run: Run, order: Order) -> Result:
    engine.cancel_run(run.pk, order.mode, order.user)
    return Result(run.pk, True, "Cancelled." if order.mode == "compensate" else "Abandoned.", run=run)


def _retry(run: Run, order: Order) -> Result:
    """Every open question of the run is answered with a retry; the first refusal is told."""
    cases = _retriable(run)
    for case in cases:
        service.answer(case.pk, service.Reply("retry"), order.user)
    return Result(run.pk, True, f"Tried again: {', '.join(case.step for case in cases)}.", run=run)


def _rerun(run: Run, order: Order) -> Result:
    _check_ended(run)
    key = f"{order.key}-{run.pk}" if order.key else None
    made = engine.start_run(
        run.version, run.input, labels=run.labels, user=order.user, trial=run.trial, idempotency_key=key
    )
    return Result(run.pk, True, "Started again.", made=made.pk, run=run)


def _retriable(run: Run) -> list[Intervention]:
    """Raises NotAllowed where no open question can be answered so."""
    can, _ = _now(run)
    steps = [step for step, answers in can.cases.items() if "retry" in answers]
    cases = Intervention.objects.filter(run=run, status="open", step__in=steps).order_by("opened_at")
    found = list(cases[:CASES_PER_RUN_MAX])
    if not found:
        raise NotAllowed(
            "It has ended; run it again instead." if can.rerun else "It has no failed step to try again."
        )
    return found


def _check_ended(run: Run) -> None:
    if not _now(run)[0].rerun:
        raise NotAllowed("It has not ended yet.")


FORETOLD: dict[Act, Callable[[Run, Order], str]] = {
    "cancel": _foretell_cancel,
    "retry": _foretell_retry,
    "rerun": _foretell_rerun,
}
DONE: dict[Act, Callable[[Run, Order], Result]] = {"cancel": _cancel, "retry": _retry, "rerun": _rerun}
