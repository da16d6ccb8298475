"""Interventions as lists, pages and the API show them. Reading only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from config.lib.json import iso
from runs.machine.allowed import answers
from runs.machine.states import StepState
from runs.models import CaseAct, Intervention, JournalEntry, StepRun
from runs.queries.runs import Json, intervention_json
from runs.store.codec import unpack

UNREAD = ("run__input", "run__state", "run__labels")
HISTORY_MAX = 200


def answers_of(cases: Sequence[Intervention]) -> dict[int, tuple[str, ...]]:
    """The answers that each open case may be given, by its id; two queries at most."""
    open_interventions = [case for case in cases if case.status == "open"]
    if not open_interventions:
        return {}
    rows = StepRun.objects.filter(
        run__in={case.run_id for case in open_interventions},
        name__in={case.step for case in open_interventions},
    )
    found = {(row.run_id, row.name): row for row in rows.order_by()}
    states = {case.pk: _state(found.get((case.run_id, case.step))) for case in open_interventions}
    return {
        case.pk: answers(state)
        for case in open_interventions
        if (state := states[case.pk]) is not None and state.intervention == case.opened_seq
    }


def _state(row: StepRun | None) -> StepState | None:
    return None if row is None else unpack(StepState, row.state, name=row.name, error=row.error)


def interventions_json(cases: Sequence[Intervention]) -> list[Json]:
    """Cases as the API has them, with the name of their workflow and what they may be answered."""
    may_be = answers_of(cases)
    return [
        intervention_json(case, may_be.get(case.pk, ())) | {"workflow": case.run.workflow_name}
        for case in cases
    ]


def history_json(case: Intervention) -> list[Json]:
    """What happened to a case, oldest first: its entries in the journal and the other acts of people."""
    return sorted([*_journaled(case), *_acted(case)], key=lambda line: str(line["at"]))


def _journaled(case: Intervention) -> list[Json]:
    entries = JournalEntry.objects.filter(
        run_id=case.run_id, step=case.step, seq__gte=case.opened_seq, type__startswith="intervention."
    )
    ours = [entry for entry in entries.order_by("seq")[:HISTORY_MAX] if _is_about(entry, case)]
    return [
        {
            "at": iso(entry.at),
            "act": _act_of(entry),
            "by": entry.data.get("by") or None,
            "text": entry.data.get("note", ""),
            "data": _facts(entry),
        }
        for entry in ours
    ]


def _is_about(entry: JournalEntry, case: Intervention) -> bool:
    return case.opened_seq in (entry.seq, entry.data.get("opened"))


def _act_of(entry: JournalEntry) -> str:
    act = entry.type.partition(".")[2]
    return "released" if act == "claimed" and not entry.data.get("by") else act


def _facts(entry: JournalEntry) -> dict[str, Any]:
    kept = {key: entry.data[key] for key in ("answer", "proposed_by") if key in entry.data}
    return kept | ({"patch": entry.payload} if entry.payload is not None else {})


def _acted(case: Intervention) -> list[Json]:
    rows = CaseAct.objects.filter(case=case).order_by("pk")[:HISTORY_MAX]
    return [
        {"at": iso(row.at), "act": row.act, "by": row.by or None, "text": row.text, "data": row.data}
        for row in rows
    ]
