"""Bulk acts: the same act on many runs, previewed or carried out, each run in a unit of its own.

The acts are those of the API of a single run. A run that refuses does not stop the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from uuid import UUID

from designer.services.folder_rights import seen, sees_all
from runs.engine import engine
from runs.engine.again import start_again
from runs.engine.creation import content_digest
from runs.errors import KeyReused, RunsError, UnknownRun
from runs.interventions import service
from runs.machine.allowed import Allowed
from runs.machine.allowed import allowed as machine_allowed
from runs.machine.errors import Refused
from runs.machine.events import CancelMode
from runs.machine.rollback.pivots import PAST_PIVOT
from runs.machine.rollback.plan import plan
from runs.models import Intervention, Run
from runs.queries.rollback_plan import all_past_pivot
from runs.queries.runs import load

BULK_MAX = 200
INTERVENTIONS_PER_RUN_MAX = 50

Act = Literal["cancel", "retry", "rerun", "pause", "resume"]
ACTS: tuple[Act, ...] = ("cancel", "retry", "rerun", "pause", "resume")


@dataclass(frozen=True, slots=True)
class Order:
    """The act. `key`: idempotency key of the whole order, so that a rerun sent twice starts each run once.

    `do` fills in the digest of what the key came with, and `keys`, those of the runs that a rerun starts.
    """

    act: Act
    mode: CancelMode = "compensate"
    user: Any = None
    key: str = ""
    digest: str | None = None
    keys: Mapping[UUID, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """The result for one run, or its preview. `made`: the new run of a rerun.

    `past_pivot`: the points of no return that it goes back over.
    """

    run_id: UUID
    is_done: bool
    text: str
    code: str = ""
    made: UUID | None = None
    past_pivot: tuple[str, ...] = ()
    run: Run | None = field(default=None, compare=False)

    def as_json(self) -> dict[str, Any]:
        made = {"made": str(self.made)} if self.made else {}
        code = {"code": self.code} if self.code else {}
        passed = {"past_pivot": list(self.past_pivot)} if self.past_pivot else {}
        return {"run": str(self.run_id), "ok": self.is_done, "detail": self.text, **code, **made, **passed}


class NotAllowed(RunsError):
    """This cannot be done with the run now."""

    code = "not_allowed"


class UndoneAlready(NotAllowed):
    """It is being undone already."""

    code = "undoing"


def find(run_ids: Sequence[UUID], user: Any = None) -> dict[UUID, Run]:
    """The runs that a person may see, by id, with the columns that lists show."""
    runs = seen(Run.objects.select_related("version").filter(pk__in=run_ids), user)
    return {run.pk: run for run in runs.defer("state", "version__document", "version__resolved")}


def preview(order: Order, run_ids: Sequence[UUID]) -> list[Result]:
    """The results that `do` would return now; changes nothing."""
    return _each(run_ids, order.user, lambda run: _foretold(run, order))


def _foretold(run: Run, order: Order) -> Result:
    text, passed = PREVIEWS[order.act](run, order)
    if passed:
        text = f"{text} This goes back past the point of no return: {', '.join(passed)}."
    return Result(run.pk, True, text, past_pivot=passed, run=run)


def do(order: Order, run_ids: Sequence[UUID]) -> list[Result]:
    """Acts on each run, in this order. The engine decides anew: a preview may be outdated.

    Raises KeyReused if the order's key came with another order before.
    """
    if order.key:
        digest = content_digest((order.act, order.mode, *sorted(map(str, run_ids))))
        order = replace(order, digest=digest, keys=_keys(order.key, digest, run_ids))
    return _each(run_ids, order.user, lambda run: ACTIONS[order.act](run, order))


def _keys(key: str, digest: str, run_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The idempotency key of each run that a rerun starts: the order's, and a number in its workflow.

    By their numbers, and not by the runs, the same key is found again when it comes with other runs.
    """
    numbers: Counter[str] = Counter()
    names = dict(Run.objects.filter(pk__in=run_ids).values_list("pk", "workflow_name"))
    keys = {}
    for run_id in sorted(names):
        keys[run_id] = f"{key}-{numbers[names[run_id]]}"
        numbers[names[run_id]] += 1
    started = Run.every.filter(workflow_name__in=set(names.values()), idempotency_key__in=set(keys.values()))
    for run_id, known in started.values_list("pk", "key_digest"):
        if known not in (None, digest):
            raise KeyReused(run_id)
    return keys


def _each(run_ids: Sequence[UUID], user: Any, act: Callable[[Run], Result]) -> list[Result]:
    runs = find(run_ids, user)
    operable = seen(Run.objects.filter(pk__in=runs), user, act="operate")
    closed = runs.keys() - set(operable.values_list("pk", flat=True)) if not sees_all(user, "operate") else ()
    return [_one(run_id, runs.get(run_id), refuse if run_id in closed else act) for run_id in run_ids]


def refuse(run: Run) -> Result:
    """In place of an act on a run that the person may see and not operate. Raises NotAllowed."""
    raise NotAllowed("The folder of its workflow does not let you operate its runs.")


def _one(run_id: UUID, run: Run | None, act: Callable[[Run], Result]) -> Result:
    try:
        if run is None:
            raise UnknownRun(run_id)
        if run.imported is not None:
            raise NotAllowed("It was brought in as a file, to be looked at only.")
        return act(run)
    except (Refused, RunsError) as refused:
        return Result(run_id, False, str(refused), refused.code, run=run)


def _allowed(run: Run) -> Allowed:
    """The acts that are allowed now."""
    return machine_allowed(*load(run.pk))


# --- previews ---


Foretold = tuple[str, tuple[str, ...]]
"""What happens, and the points of no return that it goes back over."""


def _preview_cancel(run: Run, order: Order) -> Foretold:
    graph, state = load(run.pk)
    can = machine_allowed(graph, state)
    if not can.abandon:
        raise NotAllowed("It has ended.")
    if order.mode == "abandon":
        return "It stops where it is; nothing is undone.", ()
    if not can.cancel:
        raise UndoneAlready
    undos = len(plan(graph, state).undo)
    text = f"It stops, and {undos} step{' is' if undos == 1 else 's are'} undone." if undos else "It stops."
    return text, all_past_pivot(graph, state)


def _preview_retry(run: Run, order: Order) -> Foretold:
    interventions = _retriable(run)
    steps = [intervention.step for intervention in interventions]
    passed = (one.step for one in interventions if one.error.get("code") == PAST_PIVOT)
    return f"{', '.join(steps)}: tried again, then the run goes on.", tuple(passed)


def _preview_rerun(run: Run, order: Order) -> Foretold:
    _check_ended(run)
    return f"A new run of {run.version.label} starts with the same input and labels.", ()


def _preview_pause(run: Run, order: Order) -> Foretold:
    can = _allowed(run)
    if not can.pause:
        raise NotAllowed("It is paused already." if can.resume else "It is not under way.")
    return "Nothing new starts in it; what is under way ends.", ()


def _preview_resume(run: Run, order: Order) -> Foretold:
    if not _allowed(run).resume:
        raise NotAllowed("It is not paused.")
    return "It goes on where it stopped.", ()


# --- actions ---


def _cancel(run: Run, order: Order) -> Result:
    engine.cancel_run(run.pk, order.mode, order.user)
    return Result(run.pk, True, "Cancelled." if order.mode == "compensate" else "Abandoned.", run=run)


def _retry(run: Run, order: Order) -> Result:
    """Answers every open intervention of the run with a retry; the first refusal ends it."""
    interventions = _retriable(run)
    for intervention in interventions:
        service.answer(intervention.pk, service.Reply("retry"), order.user)
    return Result(
        run.pk,
        True,
        f"Tried again: {', '.join(intervention.step for intervention in interventions)}.",
        run=run,
    )


def _rerun(run: Run, order: Order) -> Result:
    _check_ended(run)
    made = start_again(run, "", order.user, order.keys.get(run.pk), order.digest)
    return Result(run.pk, True, "Started again.", made=made.pk, run=run)


def _pause(run: Run, order: Order) -> Result:
    engine.pause_run(run.pk, order.user)
    return Result(run.pk, True, "Paused.", run=run)


def _resume(run: Run, order: Order) -> Result:
    engine.resume_run(run.pk, order.user)
    return Result(run.pk, True, "Resumed.", run=run)


def _retriable(run: Run) -> list[Intervention]:
    """The open interventions that allow a retry. Raises NotAllowed if there are none."""
    can = _allowed(run)
    steps = [step for step, answers in can.interventions.items() if "retry" in answers]
    interventions = Intervention.objects.filter(run=run, status="open", step__in=steps).order_by("opened_at")
    retriable = list(interventions[:INTERVENTIONS_PER_RUN_MAX])
    if not retriable:
        raise NotAllowed(
            "It has ended; run it again instead." if can.rerun else "It has no failed step to try again."
        )
    return retriable


def _check_ended(run: Run) -> None:
    if not _allowed(run).rerun:
        raise NotAllowed("It has not ended yet.")


PREVIEWS: dict[Act, Callable[[Run, Order], Foretold]] = {
    "cancel": _preview_cancel,
    "retry": _preview_retry,
    "rerun": _preview_rerun,
    "pause": _preview_pause,
    "resume": _preview_resume,
}
ACTIONS: dict[Act, Callable[[Run, Order], Result]] = {
    "cancel": _cancel,
    "retry": _retry,
    "rerun": _rerun,
    "pause": _pause,
    "resume": _resume,
}
