"""E-mail to the people who may answer an approval and have not. The sweep has worker processes send it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage
from django.db.models import F, Q
from django.urls import reverse

from designer.document.waits import GROUP
from runs.delivery import queue
from runs.machine.limits import REMINDERS_MAX
from runs.models import Approval
from runs.store.interventions import ADDRESSES_MAX, everybody
from runs.store.interventions import addresses_of as addresses_of_people

logger = logging.getLogger(__name__)

REMINDERS_PER_PASS = 100


def dispatch_due(at: datetime) -> int:
    """Dispatches due reminders to worker processes. Returns how many. Raises RedisError."""
    due = Approval.objects.filter(remind_at__lte=at).order_by("remind_at")
    return sum(_dispatch(approval, at) for approval in due[:REMINDERS_PER_PASS])


def _dispatch(approval: Approval, at: datetime) -> int:
    # Of two sweeps, only the one whose UPDATE postpones the reminder dispatches it.
    number, every = approval.reminders + 1, approval.remind_every
    following = None if every is None or number >= REMINDERS_MAX else at + timedelta(seconds=every)
    unchanged = Approval.objects.filter(pk=approval.pk, remind_at=approval.remind_at)
    if not unchanged.update(remind_at=following, reminders=F("reminders") + 1):
        return 0
    queue.enqueue(queue.REMINDER_JOB, f"approval-{approval.pk}-{number}", approval.pk)
    return 1


def send(approval_id: int) -> None:
    """Job: sends one reminder, unless the approval has been answered meanwhile."""
    approval = Approval.objects.filter(pk=approval_id).first()
    to = addresses_of(approval) if approval else []
    if approval is None or not to:
        return
    try:
        message(approval, to).send()
    except (SMTPException, OSError) as error:
        logger.warning("approval %s: reminder not sent: %s", approval.pk, error)


def message(approval: Approval, to: list[str]) -> EmailMessage:
    subject = f"[Sagaboard] Still to be answered: {approval.step} of {approval.workflow_name}"
    asked = f"Since {approval.opened_at:%Y-%m-%d %H:%M} UTC it waits for somebody to approve or reject."
    due = f" Nobody is asked after {approval.due_at:%Y-%m-%d %H:%M} UTC." if approval.due_at else ""
    link = settings.SITE_URL + reverse("run-detail", args=[approval.run_id])
    return EmailMessage(subject, f"{approval.message or approval.step}\n\n{asked}{due}\n\n{link}\n", to=to)


def addresses_of(approval: Approval) -> list[str]:
    """Returns the addresses of the assignees; of everybody who may operate where none is stated."""
    names = [row.name for row in approval.assignees.all()]
    if "" in names:
        return everybody(approval.workflow_name)
    groups = [name.removeprefix(GROUP) for name in names if name.startswith(GROUP)]
    asked = Q(username__in=names) | Q(groups__name__in=groups)
    users = get_user_model().objects.filter(asked, is_active=True).exclude(email="").order_by("pk").distinct()
    return addresses_of_people(users[: 10 * ADDRESSES_MAX], approval.workflow_name)
