"""Runs as JSON: the bodies of the API, the frames of sockets, and the operations allowed now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from config.lib.json import iso as iso
from designer.document.graph import Action, Graph, RollBack, Step
from runs.machine.allowed import Allowed
from runs.machine.allowed import allowed as machine_allowed
from runs.machine.bindings import items_output, run_output
from runs.machine.limits import FRAMES_MAX
from runs.machine.states import State, StepState, StepStatus
from runs.models import Intervention, JournalEntry, Run
from runs.queries.lines import turn_of
from runs.queries.slots import waits_of
from runs.queries.snapshot import without_traceback
from runs.store import reader
from runs.store.database import database
from runs.store.graph_cache import run_graph

ENTRIES_SQL = (
    "SELECT seq, type, step, attempt, status, at, data FROM runs_journalentry WHERE run_id = %s AND seq > %s"
)
Json = dict[str, Any]


def load(run_id: UUID) -> tuple[Graph, State]:
    """Returns a run's graph and state as they are now. Raises UnknownRun."""
    loaded = reader.load(run_id)
    loaded.state.now = reader.now
    return run_graph(loaded.version_id, loaded.state, loaded.body), loaded.state


# --- a run ---


def run_json(run: Run) -> Json:
    """Returns a run as the API has it, with its context, output and steps."""
    graph, state = load(run.pk)
    output = run_output(graph, state)
    return summary_json(run) | {
        "input": dict(state.input),
        "context": {**state.input, **output},
        "output": output,
        "error": without_traceback(run.error),
        "priority": state.run.priority,
        "turn": turn_of(run),
        "steps": steps_json(graph, state, waits_of(run.pk, graph, state)),
    }


def summary_json(run: Run) -> Json:
    """Returns a run as lists have it, without payloads and steps."""
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
        "left": run.left,
        "created_at": iso(run.created_at),
        "started_at": iso(run.started_at),
        "finished_at": iso(run.finished_at),
        "paused_at": iso(run.paused_at),
        "parent": str(run.parent_id) if run.parent_id else None,
        "parent_step": run.parent_step,
        "body": run.body,
        "last_seq": run.last_seq,
    }


def version_number(run: Run) -> int | None:
    """Returns the number of a run's version: None for a draft's trial; the original one for imports."""
    number = run.imported.get("version") if run.imported else run.version.number
    return number or None


def steps_json(graph: Graph, state: State, waits: Mapping[str, Json] = MappingProxyType({})) -> list[Json]:
    """Returns all steps in topological order; items of a map are counted, not listed.

    `waits`: the named limits that steps wait for.
    """
    states = state.steps()
    seqs = [step.output_seq for step in states.values() if step.output_seq is not None and not step.map_name]
    payloads = state.payloads(seqs)
    return [
        step_json(graph, graph.by_name[name], states.get(name) or StepState(name), state, payloads)
        | {"waits_for": waits.get(name)}
        for name in sorted(graph.by_name, key=graph.position.__getitem__)
    ]


def step_json(
    graph: Graph, step: Step, step_state: StepState, state: State, payloads: Mapping[int, Any]
) -> Json:
    result: Json = {
        "name": step.name,
        "title": step.title,
        "kind": step.kind,
        "worker": step.worker,
        "status": step_state.status.value,
        "undo": step_state.undo.value,
        "compensation": undo_slot(step),
        "attempts": step_state.attempt,
        "undo_attempts": step_state.undo_attempt,
        "output": payloads.get(step_state.output_seq) if step_state.output_seq is not None else None,
        "error": without_traceback(step_state.error),
        "started_at": iso(step_state.started_at),
        "finished_at": iso(step_state.finished_at),
        "added_by": step_state.added_by,
        "waits": step_state.waits,
        "due_at": iso(step_state.due_at),
        "left": step_state.left,
        "left_names": list(step_state.left_names),
    }
    if step_state.is_map:
        result["items"] = items_json(state, step.name, step_state)
        if step_state.output_seq is None and step_state.status == StepStatus.COMPLETED:
            result["output"] = items_output(graph, state, step.name)
    return result


def undo_slot(step: Step) -> str | None:
    """Returns the compensation's worker, "none", "irreversible", "rollback", or None if it is not stated."""
    if isinstance(step.compensation, Action):
        return step.compensation.worker
    return "rollback" if isinstance(step.compensation, RollBack) else step.compensation


def items_json(state: State, name: str, map_state: StepState) -> Json:
    done = sum(item.status == StepStatus.COMPLETED for item in state.items(name).values())
    return {
        "total": map_state.items_total,
        "done": done,
        "failed": map_state.items_failed,
        "open": map_state.items_open,
    }


# --- journal ---


def frames(run_id: UUID, after: int = 0, limit: int = FRAMES_MAX, step: str | None = None) -> list[Json]:
    """Returns entries after number `after`, of `step` alone if given, as sockets send them: no payloads."""
    db, run = database(), str(run_id)
    params = [db.key(run_id), after] + ([] if step is None else [step])
    sql = f"{ENTRIES_SQL}{'' if step is None else ' AND step = %s'} ORDER BY seq LIMIT %s"
    return [
        _frame(run, seq, type, name, attempt, status, db.time_of(at), reader.json_of(data))
        for seq, type, name, attempt, status, at, data in db.rows((sql, [*params, limit]))
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
    """Returns the frame of `/ws/runs/` about a run that has moved, read at `at`."""
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
    """Returns the operations that the engine would accept now, and the interventions with their answers."""
    graph, state = load(run.pk)
    can = machine_allowed(graph, state)
    return operations(can, state) | {
        "interventions": [
            intervention_json(intervention, can.interventions.get(intervention.step, ()))
            for intervention in open_interventions(run)
        ]
    }


def operations(can: Allowed, state: State) -> Json:
    """Returns the operations on the run and on its waiting steps, as pages draw them."""
    return {
        "cancel": can.cancel,
        "abandon": can.abandon,
        "rollback": can.rollback,
        "rerun": can.rerun,
        "again_from": list(can.again_from),
        "pause": can.pause,
        "resume": can.resume,
        "export": state.run.phase == "ended",
        "approvals": list(can.approvals),
        "signals": list(can.signals),
        "happen_now": list(can.happen_now),
        "loops": list(can.loops),
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
