"""Rows of interventions, as the journal opens, claims and answers them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from runs.machine.messages import Decision, Entry
from runs.models import Intervention


def project(run_id: UUID, decisions: Iterable[Decision]) -> None:
    """Write what the entries of a unit say about interventions."""
    for decision in decisions:
        for entry in decision.entries:
            if entry.type.startswith("intervention."):
                PROJECT[entry.type](run_id, entry)


def _opened(run_id: UUID, entry: Entry) -> None:
    Intervention.objects.create(
        run_id=run_id,
        step=entry.step,
        kind=entry.data["kind"],
        error=entry.data["error"],
        opened_seq=entry.seq,
        opened_at=entry.at,
    )


def _claimed(run_id: UUID, entry: Entry) -> None:
    by = entry.data["by"]
    Intervention.objects.filter(run_id=run_id, opened_seq=entry.data["opened"]).update(
        claimed_by=by, claimed_at=entry.at if by else None
    )


def _answered(run_id: UUID, entry: Entry) -> None:
    data = entry.data
    Intervention.objects.filter(run_id=run_id, opened_seq=data["opened"]).update(
        status="answered",
        answer=data["answer"],
        note=data.get("note", ""),
        answered_by=data["by"],
        answered_at=entry.at,
    )


PROJECT = {
    "intervention.opened": _opened,
    "intervention.claimed": _claimed,
    "intervention.answered": _answered,
}
