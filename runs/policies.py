"""How new interventions are dealt with: severity, due time, second person, who is told. Reading only."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth import get_user_model

from config.access import may
from runs.models import CasePolicy, Severity

# What holds where no policy says otherwise: an undo that failed is money or goods in the wrong place.
STANDARD = {
    "compensation_failed": CasePolicy(severity=Severity.HIGH, due_minutes=4 * 60),
    "step_failed": CasePolicy(severity=Severity.NORMAL, due_minutes=24 * 60),
}
ADDRESSES_MAX = 50


def policy_for(workflow: str, kind: str) -> CasePolicy:
    """The policy of the workflow and kind, of the workflow, of the kind, of all, or the standard one."""
    found = {
        (policy.workflow, policy.kind): policy
        for policy in CasePolicy.objects.filter(workflow__in=("", workflow), kind__in=("", kind))
    }
    places = ((workflow, kind), (workflow, ""), ("", kind), ("", ""))
    return next((found[place] for place in places if place in found), STANDARD[kind])


def due_at(policy: CasePolicy, opened_at: datetime) -> datetime | None:
    return None if policy.due_minutes is None else opened_at + timedelta(minutes=policy.due_minutes)


def addresses(policy: CasePolicy) -> list[str]:
    """Who is told: the policy's addresses, else everybody who may answer and has one."""
    stated = [line.strip() for line in policy.mail_to.splitlines() if line.strip()]
    return stated[:ADDRESSES_MAX] or _operators()


def _operators() -> list[str]:
    users = get_user_model().objects.filter(is_active=True).exclude(email="").order_by("pk")
    return [user.email for user in users[: 10 * ADDRESSES_MAX] if may(user, "operate")][:ADDRESSES_MAX]
