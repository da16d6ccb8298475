"""Rows of interventions, projected from journal entries; their causes, policies and recipients of mail."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model

from config.accounts.permissions import may
from designer.services.folder_rights import acts_with
from runs.machine.events import Decision, Entry
from runs.machine.limits import CAUSE_KEY_LENGTH_MAX, CAUSE_LENGTH_MAX
from runs.models import CaseMail, CasePolicy, Intervention, Severity
from runs.models.inbox import order_at


def project(run_id: UUID, workflow: str, decisions: Iterable[Decision]) -> None:
    """Writes what the entries of a unit of work say about interventions. Called in its transaction.

    The run's own row may not be there yet: a first step can ask a person as the run starts.
    """
    for decision in decisions:
        for entry in decision.entries:
            if entry.type.startswith("intervention."):
                PROJECT[entry.type](run_id, workflow, entry)


def _opened(run_id: UUID, workflow: str, entry: Entry) -> None:
    kind, error = entry.data["kind"], entry.data["error"]
    policy = policy_for(workflow, kind)
    cause, due = cause_of(error), due_at(policy, entry.at)
    intervention = Intervention.objects.create(
        run_id=run_id,
        step=entry.step,
        kind=kind,
        severity=policy.severity,
        due_at=due,
        order_at=order_at(due, entry.at),
        error=error,
        cause=cause,
        cause_key=cause_key(kind, cause),
        opened_seq=entry.seq,
        opened_at=entry.at,
    )
    mails = [CaseMail(case=intervention, about="opened", due_at=intervention.opened_at)]
    if intervention.due_at is not None:
        mails.append(CaseMail(case=intervention, about="overdue", due_at=intervention.due_at))
    CaseMail.objects.bulk_create(mails)


def _claimed(run_id: UUID, workflow: str, entry: Entry) -> None:
    by = entry.data["by"]
    Intervention.objects.filter(run_id=run_id, opened_seq=entry.data["opened"]).update(
        claimed_by=by, claimed_at=entry.at if by else None
    )


def _answered(run_id: UUID, workflow: str, entry: Entry) -> None:
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


MESSAGE_READ_MAX = 4_000
# Applied in this order: a later pattern does not see what an earlier one has replaced.
PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), mark)
    for pattern, mark in (
        (r"\b[a-z][a-z0-9+.-]*://[^\s\"'<>]+", "<address>"),
        (r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b", "<e-mail>"),
        (r"\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b", "<id>"),
        (r"\b\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:z|[+-]\d\d:?\d\d)?)?", "<time>"),
        (r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b", "<host>"),
        (r"\b0x[0-9a-f]+\b", "<number>"),
        (r"\b(?=[0-9a-z]*\d)(?=[0-9a-z]*[a-z])[0-9a-z]{8,}\b", "<id>"),
        (r"\b(?:[a-z]+[-_#])+\d[\w-]*", "<id>"),
        (r"(?<![\w<])[-+]?\d+(?:[.,]\d+)*", "<number>"),
    )
)
SPACE = re.compile(r"\s+")
REPEATED = re.compile(r"(<[a-z-]+>)(?:[,;/ ]+\1)+")


def cause_of(error: Mapping[str, Any]) -> str:
    """Returns the error's code and message, with marks in place of ids, numbers, times and addresses.

    Errors of the same cause differ in those; without them they can be grouped and answered together.
    """
    message = str(error.get("message") or "")[:MESSAGE_READ_MAX]
    for pattern, mark in PATTERNS:
        message = pattern.sub(mark, message)
    message = REPEATED.sub(r"\1", SPACE.sub(" ", message)).strip()
    code = str(error.get("code") or error.get("type") or "")
    return (f"{code}: {message}" if code and message else code or message)[:CAUSE_LENGTH_MAX]


def cause_key(kind: str, cause: str) -> str:
    """Returns a short key of a cause, for URLs. Failed steps and failed undos have different keys."""
    return hashlib.sha256(f"{kind}\n{cause}".encode()).hexdigest()[:CAUSE_KEY_LENGTH_MAX]


# Without a policy. An undo that failed leaves money or goods in the wrong place, so it is more urgent.
STANDARD = {
    "compensation_failed": CasePolicy(severity=Severity.HIGH, due_minutes=4 * 60),
    "step_failed": CasePolicy(severity=Severity.NORMAL, due_minutes=24 * 60),
}
ADDRESSES_MAX = 50


def policy_for(workflow: str, kind: str) -> CasePolicy:
    """Returns the first policy of: workflow and kind, workflow, kind, everything; else the standard one."""
    policies = {
        (policy.workflow, policy.kind): policy
        for policy in CasePolicy.objects.filter(workflow__in=("", workflow), kind__in=("", kind))
    }
    scopes = ((workflow, kind), (workflow, ""), ("", kind), ("", ""))
    return next((policies[scope] for scope in scopes if scope in policies), STANDARD[kind])


def due_at(policy: CasePolicy, opened_at: datetime) -> datetime | None:
    return None if policy.due_minutes is None else opened_at + timedelta(minutes=policy.due_minutes)


def addresses(policy: CasePolicy, workflow: str) -> list[str]:
    """Returns the recipients: the policy's addresses, else those of all people that may answer."""
    stated = [line.strip() for line in policy.mail_to.splitlines() if line.strip()]
    return stated[:ADDRESSES_MAX] or everybody(workflow)


def everybody(workflow: str) -> list[str]:
    """Returns the addresses of all people that may answer for a workflow."""
    users = get_user_model().objects.filter(is_active=True).exclude(email="").order_by("pk")
    return addresses_of(users[: 10 * ADDRESSES_MAX], workflow)


def addresses_of(users: Iterable[Any], workflow: str) -> list[str]:
    """Returns the addresses of those that may operate runs of a workflow, by role and by its folder."""
    asked = (user for user in users if may(user, "operate") and "operate" in acts_with(user, workflow))
    return [user.email for user in asked][:ADDRESSES_MAX]
