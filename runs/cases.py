"""Rows of interventions, as the journal opens, claims and answers them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from runs.causes import cause_key, cause_of
from runs.machine.messages import Decision, Entry
from runs.models import CaseMail, Intervention, Run
from runs.policies import due_at, policy_for


def project(run_id: UUID, decisions: Iterable[Decision]) -> None:
    """Write what the entries of a unit say about interventions."""
    for decision in decisions:
        for entry in decision.entries:
            if entry.type.startswith("intervention."):
                PROJECT[entry.type](run_id, entry)


def _opened(run_id: UUID, entry: Entry) -> None:
    kind, error = entry.data["kind"], entry.data["error"]
    policy = policy_for(Run.objects.values_list("workflow_name", flat=True).get(pk=run_id), kind)
    cause = cause_of(error)
    case = Intervention.objects.create(
        run_id=run_id,
        step=entry.step,
        kind=kind,
        severity=policy.severity,
        due_at=due_at(policy, entry.at),
        error=error,
        cause=cause,
        cause_key=cause_key(kind, cause),
        opened_seq=entry.seq,
        opened_at=entry.at,
    )
    _announce_by_mail(case)


def _announce_by_mail(case: Intervention) -> None:
    mails = [CaseMail(case=case, about="opened", due_at=case.opened_at)]
    if case.due_at is not None:
        mails.append(CaseMail(case=case, about="overdue", due_at=case.due_at))
    CaseMail.objects.bulk_create(mails)


def _claimed(run_id: UUID, entry: Entry) -> None:
    by = entry.data["by"]
    Intervention.objects.filter(run_id=run_id, opened_seq=entry.data["opened"]).update(
        claimed_by=by, claimed_at=entry.at if by else None
    )


def _answered(run_id: UUID, entry: Entry) -> None:
    data = entry.data
    Intervention.objects.filter(run_id=run_id, opened_seq=data["opened"]).update(
        status="answered",
        proposal=None,
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
