"""Starting an ended run again from one of its steps, with what stands of it taken over (semantics 5)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from designer.document.graph import Graph
from runs.engine.creation import Request
from runs.engine.starting import start_one
from runs.machine.errors import Refused
from runs.machine.rollback.plan import plan
from runs.machine.states import State
from runs.machine.steps.taking_over import TYPES, Again, Past, TakenOver, taken_over
from runs.models import JournalEntry, Run
from runs.store.graph_cache import run_graph
from runs.store.reader import load


@dataclass(frozen=True, slots=True)
class Consequences:
    """What starting again from a step would do, by names of steps.

    `taken`: taken over. `begins`: runs, as far as branches lead there. `twice`: of these, what the earlier
    run has done already, which stands: its effect would be there twice.
    """

    taken: tuple[str, ...]
    begins: tuple[str, ...]
    twice: tuple[str, ...]


def proposed(points: Sequence[str], state: State) -> str:
    """Returns the step to start again from if nobody names one: the one that failed, else the last one."""
    failed = (state.run.error or {}).get("step", "")
    return failed if failed in points else points[-1] if points else failed


def consequences(run: Run, start: str) -> Consequences:
    """Returns what starting a run again from a step would do. Raises Refused where that is not possible."""
    graph, state = _loaded(run)
    taken = tuple(one.step for one in _taken_over(run, graph, state, start))
    begins = tuple(name for name in graph.position if name not in taken)
    planned = plan(graph, state)
    done = {key.partition("[")[0] for key in (*planned.undo, *planned.remains)}
    return Consequences(taken, begins, tuple(name for name in begins if name in done))


def start_again(
    run: Run, start: str = "", user: Any = None, idempotency_key: str | None = None, digest: str | None = None
) -> Run:
    """Starts a run of the same version with the same input, labels and priority; from a step if one is named.

    The same idempotency key returns the same run; `digest`: of what the key came with, else of the run and
    `start`. Raises Refused, and BadInput as `start_run`.
    """
    graph, state = _loaded(run)
    request = Request(
        run.version,
        state.input,
        run.labels,
        user,
        idempotency_key,
        run.trial,
        (state.input, run.labels, str(run.pk), start) if start else (),
        digest,
        priority=state.run.priority,
        again=Again(str(run.pk), start, _taken_over(run, graph, state, start)) if start else None,
    )
    return start_one(request).run


def _loaded(run: Run) -> tuple[Graph, State]:
    if run.body is not None:
        message = "It runs a part of another run's workflow. Start the run above it again."
        raise Refused(message, code="part_of_a_run")
    loaded = load(run.pk)
    return run_graph(loaded.version_id, loaded.state), loaded.state


def _taken_over(run: Run, graph: Graph, state: State, start: str) -> tuple[TakenOver, ...]:
    ends = _ends(run.pk, graph.by_name)
    of = {step: end["taken_over"] for step, end in ends.items() if "taken_over" in end}
    taken = taken_over(graph, state, start, ends, of)
    _refuse_undone_since(taken, of, start)
    return taken


def _ends(run_id: UUID, names: Collection[str]) -> dict[str, Mapping[str, Any]]:
    """Returns by step the data of the last entry that decided its edges, or of the last that ended it."""
    entries = JournalEntry.objects.filter(run=run_id, type__in=TYPES.values(), step__in=names)
    ends: dict[str, Mapping[str, Any]] = {}
    for step, data in entries.order_by("seq").values_list("step", "data"):
        if step not in ends or "taken" in data or "dead" in data:
            ends[step] = data
    return ends


def _refuse_undone_since(taken: tuple[TakenOver, ...], of: Mapping[str, str], start: str) -> None:
    """Raises Refused if what the run took over itself has been undone by the run that did it."""
    doers = {of[one.step] for one in taken if one.step in of}
    pasts = {doer: Past(*_loaded(doing)) for doer in doers if (doing := Run.every.filter(pk=doer).first())}
    for one in taken:
        if one.step not in of:
            continue
        past = pasts.get(of[one.step])
        reason = (
            f"the run {of[one.step]}, which did {one.step}, is gone."
            if past is None
            else past.why_not(one.step)
        )
        if reason:
            raise Refused(f"It cannot be started again from {start}: {reason}", code="not_standing")
