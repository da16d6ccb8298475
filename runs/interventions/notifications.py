"""E-mail about interventions: when one is opened, and when it is overdue.

Mails to send are rows of a table, so none is lost. The sweep dispatches due ones to worker processes, and
again after AGAIN_S, up to TRIES_MAX times, as long as a row has not ended.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.urls import reverse

from runs.delivery import queue
from runs.interventions.facts import Question, sentence_about
from runs.models import CaseAct, CaseMail, Intervention
from runs.store import reader
from runs.store.interventions import addresses, policy_for

logger = logging.getLogger(__name__)

MAILS_PER_PASS = 100
AGAIN_S = 60.0
TRIES_MAX = 10
ERROR_SHOWN_MAX = 500


def dispatch_due(at: datetime) -> int:
    """Dispatches due mails to worker processes. Returns how many. Raises RedisError."""
    due = CaseMail.objects.filter(ended_at=None, due_at__lte=at).order_by("due_at")
    return sum(_dispatch(mail, at) for mail in due[:MAILS_PER_PASS])


def _dispatch(mail: CaseMail, at: datetime) -> int:
    # Of two sweeps, only the one whose UPDATE postpones the mail dispatches it.
    unchanged = CaseMail.objects.filter(pk=mail.pk, due_at=mail.due_at, ended_at=None)
    if not unchanged.update(due_at=at + timedelta(seconds=AGAIN_S), tries=F("tries") + 1):
        return 0
    queue.enqueue(queue.MAIL_JOB, f"case-mail-{mail.pk}-{mail.tries + 1}", mail.pk)
    return 1


def send(mail_id: int) -> None:
    """Job: sends one mail, unless its intervention has been answered meanwhile."""
    mail = CaseMail.objects.filter(pk=mail_id, ended_at=None).select_related("case__run").first()
    if mail is None:
        return
    intervention, workflow = mail.case, mail.case.run.workflow_name
    to = addresses(policy_for(workflow, intervention.kind), workflow) if intervention.status == "open" else []
    try:
        if to:
            message(mail, to).send()
    except (SMTPException, OSError) as error:
        logger.warning("intervention %s: mail not sent: %s", intervention.pk, error)
        if mail.tries < TRIES_MAX:
            return
        logger.error("intervention %s: mail given up after %s tries", intervention.pk, mail.tries)
        to = []
    _end(mail, len(to))


def _end(mail: CaseMail, recipients: int) -> None:
    now = reader.now()
    with transaction.atomic():
        CaseMail.objects.filter(pk=mail.pk).update(ended_at=now)
        if recipients:
            noun = "person" if recipients == 1 else "people"
            text = f"{mail.about.capitalize()}: {recipients} {noun}"
            CaseAct.objects.create(case=mail.case, at=now, act="told", text=text)


def message(mail: CaseMail, to: list[str]) -> EmailMessage:
    intervention = mail.case
    what = "the undo of " if intervention.kind == "compensation_failed" else ""
    state = "Overdue" if mail.about == "overdue" else intervention.get_severity_display()
    subject = f"[Sagaboard] {state}: {what}{intervention.step} failed in {intervention.run.workflow_name}"
    return EmailMessage(subject, _body(intervention), to=to)


def _body(intervention: Intervention) -> str:
    due = (
        f"Answer due: {intervention.due_at:%Y-%m-%d %H:%M} UTC."
        if intervention.due_at
        else "There is no due time."
    )
    claimed = (
        f"{intervention.claimed_by} has claimed it."
        if intervention.claimed_by
        else "Nobody has claimed it yet."
    )
    error = f"{intervention.error.get('code', '')}: {intervention.error.get('message', '')}"[:ERROR_SHOWN_MAX]
    link = settings.SITE_URL + reverse("admin:runs_intervention_change", args=[intervention.pk])
    return f"{sentence_about(Question(intervention))}\n\n{error}\n\n{claimed} {due}\n\n{link}\n"
