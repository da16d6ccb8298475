"""Answers what runs of an upgraded installation wait for, and follows them to their ends.

`python -m tests.upgrade.finish` prints a JSON object: how the runs of each workflow ended.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from runs.engine import engine  # noqa: E402
from runs.interventions import service  # noqa: E402
from runs.machine.states import RUN_ENDED  # noqa: E402
from runs.models import Intervention, JournalEntry, Run  # noqa: E402
from tests.replay import replayed  # noqa: E402

WAIT_S = 90.0


def answer() -> None:
    """Does what a person does who finds an approval, two signals and a failed undo open."""
    anna = User.objects.create_superuser("anna")
    engine.approve(Run.objects.get(workflow_name="in_flight_asked").pk, "approved", True, anna)
    for run in Run.objects.filter(workflow_name="in_flight_signalled"):
        engine.signal(run.pk, "go", user=anna)
    service.answer(Intervention.objects.get(status="open").pk, service.Reply("retry"), anna)


def follow() -> dict[str, list[str]]:
    until = time.monotonic() + WAIT_S
    while Run.objects.exclude(status__in=RUN_ENDED).exists() and time.monotonic() < until:
        time.sleep(0.1)
    ended = defaultdict(list)
    for name, status in Run.objects.values_list("workflow_name", "status").order_by("status"):
        ended[name].append(status)
    return ended


def check_journals() -> None:
    """Each journal has no gap and gives the stored state, whichever release wrote which of its entries."""
    for run in Run.objects.all():
        numbers = JournalEntry.objects.filter(run=run).order_by("seq").values_list("seq", flat=True)
        assert list(numbers) == list(range(1, run.last_seq + 1)), run.workflow_name
        assert replayed(run).run.status == run.status, run.workflow_name


if __name__ == "__main__":
    answer()
    statuses = follow()
    check_journals()
    print(json.dumps(statuses))
