"""JSON of interventions and their history, for pages and the API. Reading only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from config.lib.json import iso
from runs.machine.allowed import answers
from runs.machine.answers import Answer
from runs.machine.states import StepState
from runs.models import CaseAct, Intervention, JournalEntry, StepRun
from runs.queries.runs import Json, intervention_json
from runs.store.codec import unpack

UNREAD = ("run__input", "run__state", "run__labels")
HISTORY_MAX = 200


def answers_of(interventions: Sequence[Intervention]) -> dict[int, tuple[Answer, ...]]:
    """Returns the answers that each open intervention accepts, by its id; one query."""
    open_interventions = [intervention for intervention in interventions if intervention.status == "open"]
    if not open_interventions:
        return {}
    rows = StepRun.objects.filter(
        run__in={intervention.run_id for intervention in open_interventions},
        name__in={intervention.step for intervention in open_interventions},
    )
    by_step = {(row.run_id, row.name): row for row in rows.order_by()}
    states = {
        intervention.pk: _state(by_step.get((intervention.run_id, intervention.step)))
        for intervention in open_interventions
    }
    return {
        intervention.pk: answers(state)
        for intervention in open_interventions
        if (state := states[intervention.pk]) is not None and state.intervention == intervention.opened_seq
    }


def _state(row: StepRun | None) -> StepState | None:
    return None if row is None else unpack(StepState, row.state, name=row.name, error=row.error)


def interventions_json(interventions: Sequence[Intervention]) -> list[Json]:
    """Returns interventions as the API has them, with the workflow's name and the allowed answers."""
    answers_by_id = answers_of(interventions)
    return [
        intervention_json(intervention, answers_by_id.get(intervention.pk, ()))
        | {"workflow": intervention.run.workflow_name}
        for intervention in interventions
    ]


def history_json(intervention: Intervention) -> list[Json]:
    """Returns the history, oldest first: entries of the journal and other acts of people."""
    return sorted([*_journaled(intervention), *_acted(intervention)], key=lambda line: str(line["at"]))


def _journaled(intervention: Intervention) -> list[Json]:
    entries = JournalEntry.objects.filter(
        run_id=intervention.run_id,
        step=intervention.step,
        seq__gte=intervention.opened_seq,
        type__startswith="intervention.",
    )
    own_entries = [entry for entry in entries.order_by("seq")[:HISTORY_MAX] if _is_about(entry, intervention)]
    return [
        {
            "at": iso(entry.at),
            "act": _act_of(entry),
            "by": entry.data.get("by") or None,
            "text": entry.data.get("note", ""),
            "data": _facts(entry),
        }
        for entry in own_entries
    ]


def _is_about(entry: JournalEntry, intervention: Intervention) -> bool:
    return intervention.opened_seq in (entry.seq, entry.data.get("opened"))


def _act_of(entry: JournalEntry) -> str:
    act = entry.type.partition(".")[2]
    return "released" if act == "claimed" and not entry.data.get("by") else act


def _facts(entry: JournalEntry) -> dict[str, Any]:
    facts = {key: entry.data[key] for key in ("answer", "proposed_by") if key in entry.data}
    return facts | ({"patch": entry.payload} if entry.payload is not None else {})


def _acted(intervention: Intervention) -> list[Json]:
    rows = CaseAct.objects.filter(case=intervention).order_by("pk")[:HISTORY_MAX]
    return [
        {"at": iso(row.at), "act": row.act, "by": row.by or None, "text": row.text, "data": row.data}
        for row in rows
    ]
