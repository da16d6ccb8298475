"""What a person is asked at a run and at the runs below it, as the run's page shows it, with its forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from designer.document.graph import Graph
from designer.services.folder_rights import seen
from runs.detail.approval_forms import WaitingApproval, waiting_approvals
from runs.engine import engine
from runs.interventions.facts import Question
from runs.interventions.forms import ReplyForm
from runs.machine.allowed import Allowed, allowed
from runs.machine.limits import DEPTH_MAX
from runs.machine.states import RUN_STARTED, State
from runs.models import Approval, Intervention, Run
from runs.queries.runs import load, open_interventions

ASKING_RUNS_MAX = 3
RUNS_LOOKED_AT_MAX = 200
User = AbstractBaseUser | AnonymousUser


@dataclass(frozen=True, slots=True)
class Asks:
    """Questions, approvals and signals that a run waits for.

    `back`: the run above it whose page shows them.
    """

    run: Run
    questions: list[tuple[Question, ReplyForm]]
    approvals: list[WaitingApproval]
    signals: list[str]
    back: UUID | None = None


def asks_of(
    run: Run,
    loaded: tuple[Graph, State],
    can: Allowed,
    user: User,
    forms: Mapping[str, Any] | None = None,
    back: UUID | None = None,
) -> Asks:
    """Returns what a run asks. `forms`: those that were filled in and refused, by the keys of their cards."""
    filled_in = forms or {}
    questions = [Question(intervention, loaded) for intervention in open_interventions(run)]
    return Asks(
        run,
        [
            (question, filled_in.get(f"intervention-{question.intervention.pk}") or reply_form(question))
            for question in questions
        ],
        waiting_approvals(loaded, list(can.approvals), engine.as_approver(user), filled_in),
        list(can.signals),
        back,
    )


def asks_below(run: Run, user: User) -> list[Asks]:
    """Returns what runs below this one ask, of the first few that wait for an approval or an answer.

    Runs that the person may not operate by their folder are left out.
    """
    below = _live_below(run)
    if not below:
        return []
    asked = Intervention.objects.filter(run_id__in=below, status="open")
    questions = seen(asked, user, "run__workflow_name", "operate").values_list("run_id", flat=True)
    waiting = seen(Approval.objects.filter(run_id__in=below), user, act="operate")
    approvals = waiting.values_list("run_id", flat=True)
    asking_ids = dict.fromkeys([*questions[:ASKING_RUNS_MAX], *approvals[:ASKING_RUNS_MAX]])
    first = list(asking_ids)[:ASKING_RUNS_MAX]
    asking = Run.objects.select_related("parent").in_bulk(first)
    found = [(asking[pk], load(pk)) for pk in first]
    return [asks_of(child, loaded, allowed(*loaded), user, back=run.pk) for child, loaded in found]


def _live_below(run: Run) -> list[UUID]:
    """Returns live runs that this one waits for, directly or not, the newest of each level."""
    below: list[UUID] = []
    level = [run.pk]
    for _ in range(DEPTH_MAX):
        waited_for = Run.objects.filter(parent_id__in=level, detached=False, status__in=RUN_STARTED)
        newest = waited_for.order_by("-created_at").values_list("pk", flat=True)
        level = list(newest[:RUNS_LOOKED_AT_MAX])
        if not level:
            break
        below += level
    return below


def reply_form(question: Question, data: Any = None) -> ReplyForm:
    intervention = question.intervention
    auto_id = f"intervention-{intervention.pk}-%s"
    return ReplyForm(data, kind=intervention.kind, answers=question.answers, auto_id=auto_id)


def page_after(run: Run, back: str) -> UUID:
    """Returns the run whose page follows an act: that above it from which the person acted, or its own."""
    above: Run | None = run
    while above is not None:
        if str(above.pk) == back:
            return above.pk
        above = above.parent
    return run.pk
