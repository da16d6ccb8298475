"""Reading runs: the JSON of the API, the frames of the socket, and what may be done now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from config.lib.json import iso as iso
from designer.document.graph import Action, Graph, Step
from runs.machine.allowed import Allowed
from runs.machine.allowed import allowed as machine_allowed
from runs.machine.bindings import bound_params, map_results, run_output
from runs.machine.limits import FRAMES_MAX
from runs.machine.rollback.plan import plan
from runs.machine.states import State, StepState, StepStatus
from runs.models import Intervention, JournalEntry, Run
from runs.queries.snapshot import without_traceback
from runs.store import reader
from runs.store.database import database
from runs.store.graph_cache import run_graph

ENTRIES_SQL = (
    "SELECT seq, type, step, attempt, status, at, data FROM runs_journalentry WHERE run_id = %s AND seq > %s"
)
Json = dict[str, Any]


def load(run_id: UUID) -> tuple[Graph, State]:
    """A run's graph and state as they are now. Raises UnknownRun."""
    loaded = reader.load(run_id)
    return run_graph(loaded.version_id, loaded.state), loaded.state


# --- a run ---


def run_json(run: Run) -> Json:
    """A run as interfaces.md has it; outputs included."""
    graph, state = load(run.pk)
    output = run_output(graph, state)
    return summary_json(run) | {
        "input": run.input,
        "context": {**run.input, **output},
        "output": output,
        "error": without_traceback(run.error),
        "steps": steps_json(graph, state),
    }


def summary_json(run: Run) -> Json:
    """What lists show of a run: no payloads, no steps."""
    return {
        "id": str(run.pk),
        "workflow": run.workflow_name,
        "version": version_number(run),
        "status": run.status,
        "labels": run.labels,
        "trial": run.trial,
        "imported": run.imported,
        "done": run.done,
        "total": run.total,
        "created_at": iso(run.created_at),
        "started_at": iso(run.started_at),
        "finished_at": iso(run.finished_at),
        "parent": str(run.parent_id) if run.parent_id else None,
        "last_seq": run.last_seq,
    }


def version_number(run: Run) -> int | None:
    """None for drafts that were tried; of a run that came as a file, the number that it had where it ran."""
    number = run.imported.get("version") if run.imported else run.version.number
    return number or None


def steps_json(graph: Graph, state: State) -> list[Json]:
    """All steps in topological order; items of a map are counted, not listed."""
    states = state.steps()
    seqs = [step.output_seq for step in states.values() if step.output_seq is not None and not step.map_name]
    payloads = state.payloads(seqs)
    return [
        step_json(graph.by_name[name], states.get(name) or StepState(name), state, payloads)
        for name in sorted(graph.by_name, key=graph.position.__getitem__)
    ]


def step_json(step: Step, found: StepState, state: State, payloads: Mapping[int, Any]) -> Json:
    result: Json = {
        "name": step.name,
        "title": step.title,
        "kind": step.kind,
        "worker": step.worker,
        "status": found.status.value,
        "undo": found.undo.value,
        "compensation": undo_slot(step),
        "attempts": found.attempt,
        "undo_attempts": found.undo_attempt,
        "output": payloads.get(found.output_seq) if found.output_seq is not None else None,
        "error": without_traceback(found.error),
        "started_at": iso(found.started_at),
        "finished_at": iso(found.finished_at),
        "added_by": found.added_by,
        "waits": found.waits,
        "due_at": iso(found.due_at),
    }
    if found.is_map:
        result["items"] = items_json(state, step.name, found)
        if found.output_seq is None and found.status == StepStatus.COMPLETED:
            result["output"] = map_results(state, step.name)
    return result


def undo_slot(step: Step) -> str | None:
    """The compensation's worker, "none", "irreversible", or None where it is not stated."""
    return step.compensation.worker if isinstance(step.compensation, Action) else step.compensation


def items_json(state: State, name: str, found: StepState) -> Json:
    done = sum(item.status == StepStatus.COMPLETED for item in state.items(name).values())
    return {"total": found.items_total, "done": done, "failed": found.items_failed, "open": found.items_open}


# --- journal ---


def frames(run_id: UUID, after: int = 0, limit: int = FRAMES_MAX, step: str | None = None) -> list[Json]:
    """Entries after number `after` (of `step` only), in order, as the socket sends them; no payloads."""
    db, run = database(), str(run_id)
    place = [db.key(run_id), after] + ([] if step is None else [step])
    sql = f"{ENTRIES_SQL}{'' if step is None else ' AND step = %s'} ORDER BY seq LIMIT %s"
    return [
        _frame(run, seq, type, name, attempt, status, db.time_of(at), reader.json_of(data))
        for seq, type, name, attempt, status, at, data in db.rows((sql, [*place, limit]))
    ]


def frame(entry: JournalEntry) -> Json:
    fields = entry.type, entry.step, entry.attempt, entry.status, entry.at, entry.data
    return _frame(str(entry.run_id), entry.seq, *fields)


def _frame(
    run: str, seq: int, type: str, step: str, attempt: int, status: str, at: datetime, data: Json
) -> Json:
    if isinstance(data.get("error"), dict):
        data = {**data, "error": without_traceback(data["error"])}
    return {
        "seq": seq,
        "type": type,
        "run": run,
        "step": step,
        "attempt": attempt,
        "at": iso(at),
        "status": status,
        "data": data,
    }


def list_frame(run: Run, at: datetime) -> Json:
    """What `/ws/runs/` says, at `at`, of a run that moved."""
    return {
        "run": str(run.pk),
        "workflow": run.workflow_name,
        "status": run.status,
        "done": run.done,
        "total": run.total,
        "at": iso(run.finished_at or at),
    }


# --- what may be done ---


def allowed(run: Run) -> Json:
    """Operations that the engine would accept now, and the interventions that may be answered."""
    graph, state = load(run.pk)
    can = machine_allowed(graph, state)
    return operations(can, state) | {
        "interventions": [
            intervention_json(intervention, can.interventions.get(intervention.step, ()))
            for intervention in open_interventions(run)
        ]
    }


def operations(can: Allowed, state: State) -> Json:
    """Operations on the run as a whole and on its waiting steps; pages draw exactly these."""
    return {
        "cancel": can.cancel,
        "abandon": can.abandon,
        "rollback": can.rollback,
        "rerun": can.rerun,
        "export": state.run.phase == "ended",
        "approvals": list(can.approvals),
        "signals": list(can.signals),
    }


def open_interventions(run: Run) -> QuerySet[Intervention]:
    return Intervention.objects.filter(run=run, status="open").order_by("opened_at")


def intervention_json(intervention: Intervention, answers: tuple[str, ...] = ()) -> Json:
    return {
        "id": intervention.pk,
        "run": str(intervention.run_id),
        "step": intervention.step,
        "kind": intervention.kind,
        "status": intervention.status,
        "severity": intervention.severity,
        "due_at": iso(intervention.due_at),
        "error": without_traceback(intervention.error),
        "cause": intervention.cause_key,
        "opened_at": iso(intervention.opened_at),
        "claimed_by": intervention.claimed_by or None,
        "proposal": intervention.proposal,
        "answers": list(answers),
        "answer": intervention.answer or None,
        "note": intervention.note,
        "answered_by": intervention.answered_by or None,
        "answered_at": iso(intervention.answered_at),
    }


def planned_undo(graph: Graph, state: State) -> Json:
    """What a rollback would undo now, as a page says it: without params, which take reading of outputs."""
    planned = plan(graph, state)
    return {
        "undo": [{"step": name, "worker": _undo_worker(graph, name)} for name in planned.undo],
        "remains": [{"step": name} for name in planned.remains],
    }


def rollback_plan(run: Run, to_step: str | None = None) -> Json:
    """What a rollback would undo now, first to last, with which params, and what would remain."""
    graph, state = load(run.pk)
    planned = plan(graph, state, to_step)
    return {
        "run": str(run.pk),
        "order": graph.compensation_order,
        "undo": [_planned_json(graph, state, name) for name in planned.undo],
        "remains": [{"step": name, "reason": "irreversible"} for name in planned.remains],
    }


def _planned_json(graph: Graph, state: State, name: str) -> Json:
    worker = _undo_worker(graph, name)
    if worker is None:
        return {"step": name, "worker": None, "child": True, "params": {}}
    return {"step": name, "worker": worker, "params": bound_params(graph, state, name, "undo")}


def _undo_worker(graph: Graph, name: str) -> str | None:
    """None where a step is undone with the run that it started."""
    undo = graph.by_name[name.partition("[")[0]].undo
    return None if undo is None else undo.worker
