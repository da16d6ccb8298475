"""Open interventions by cause, and the outcomes of batches of answers. Reading only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min, QuerySet

from designer.services.folder_rights import seen
from runs.interventions.facts import Choice, Question
from runs.interventions.queries import UNREAD, answers_of
from runs.interventions.service import Reply
from runs.machine.answers import Answer
from runs.machine.states import RUN_ENDED
from runs.models import CaseAct, Intervention

CAUSES_MAX = 100
SHOWN_MAX = 500
PREVIEWED_MAX = 20
SEVERITY_ORDER = ("critical", "high", "normal", "low")


@dataclass(frozen=True, slots=True)
class Cause:
    """Open interventions with the same error. `places`: `step of workflow`, each once."""

    key: str
    kind: str
    text: str
    count: int
    oldest: Any
    severity: str
    places: list[str]


def causes(user: Any = None) -> list[Cause]:
    """Returns the causes of open interventions, the most frequent first."""
    open_interventions = _answerable(Intervention.objects.filter(status="open"), user)
    rows = list(
        open_interventions.values("cause_key", "kind")
        .annotate(count=Count("pk"), text=Max("cause"), oldest=Min("opened_at"))
        .order_by("-count", "oldest")[:CAUSES_MAX]
    )
    places_by_cause: dict[str, list[tuple[str, str, str]]] = {row["cause_key"]: [] for row in rows}
    places = open_interventions.filter(cause_key__in=places_by_cause).values_list(
        "cause_key", "run__workflow_name", "step", "severity"
    )
    for key, workflow, step, severity in places.distinct().order_by():
        places_by_cause[key].append((workflow, step.partition("[")[0], severity))
    return [_cause(row, places_by_cause[row["cause_key"]]) for row in rows]


def _cause(row: Mapping[str, Any], places: list[tuple[str, str, str]]) -> Cause:
    severities = {severity for _, _, severity in places}
    worst = next((severity for severity in SEVERITY_ORDER if severity in severities), "normal")
    names = sorted({f"{step} of {workflow}" for workflow, step, _ in places})
    return Cause(row["cause_key"], row["kind"], row["text"], row["count"], row["oldest"], worst, names)


def of_cause(key: str, user: Any = None) -> list[Intervention]:
    """Returns the open interventions of a cause, the oldest first."""
    interventions = _answerable(Intervention.objects.filter(status="open", cause_key=key), user)
    return list(interventions.select_related("run").defer(*UNREAD).order_by("opened_at", "pk")[:SHOWN_MAX])


def _answerable(rows: QuerySet[Intervention], user: Any) -> QuerySet[Intervention]:
    """Those whose runs a person may operate by their folder."""
    return seen(rows, user, "run__workflow_name", "operate")


def common_answers(interventions: list[Intervention]) -> list[Answer]:
    """Returns the answers that all of the interventions accept."""
    answers = answers_of(interventions)
    if not answers:
        return []
    first, *others = answers.values()
    return [answer for answer in first if all(answer in other for other in others)]


def common_choices(interventions: list[Intervention], answers: list[Answer]) -> list[Choice]:
    """Returns the answers with what each leads to, previewed for the PREVIEWED_MAX oldest interventions."""
    questions = [Question(intervention) for intervention in interventions[:PREVIEWED_MAX]]
    choices = [
        {choice.option.answer: choice for choice in question.previewed_choices()} for question in questions
    ]
    return [_summed([of_one[answer] for of_one in choices if answer in of_one]) for answer in answers]


def _summed(choices: list[Choice]) -> Choice:
    effects = Counter(choice.effect for choice in choices)
    first = choices[0]
    if len(effects) == 1:
        return first
    words = [f"{count} ×: {effect}" for effect, count in effects.most_common()]
    return replace(first, effect=" ".join(words))


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one intervention of a batch: refused, proposed, again, under_way or ended.

    `again`: the intervention that was opened about the same step afterwards.
    """

    intervention: Intervention
    by: str
    outcome: str
    text: str
    again: Intervention | None


def results(batch: UUID, user: Any = None) -> list[Result]:
    acts = acts_of(batch, user).select_related("case__run").order_by("pk")
    shown_acts = list(acts.defer("case__run__input", "case__run__state")[:SHOWN_MAX])
    reopened = _reopened([act.case for act in shown_acts])
    return [_result(act, reopened.get(act.case.pk)) for act in shown_acts]


def _reopened(interventions: list[Intervention]) -> dict[int, Intervention]:
    """Returns, by the id of an answered intervention, the open one about the same step of its run."""
    run_ids = {intervention.run_id for intervention in interventions}
    by_step = {
        (intervention.run_id, intervention.step): intervention
        for intervention in Intervention.objects.filter(run__in=run_ids, status="open")
    }
    pairs = ((before.pk, by_step.get((before.run_id, before.step))) for before in interventions)
    return {pk: later for pk, later in pairs if later is not None and later.pk != pk}


def _result(act: CaseAct, again: Intervention | None) -> Result:
    if act.data.get("refused"):
        return Result(act.case, act.by, "refused", act.data["refused"], None)
    if act.act == "proposed" and act.case.status == "open":
        return Result(act.case, act.by, "proposed", "A second person has to agree.", None)
    if again is not None:
        return Result(act.case, act.by, "again", str(again.error.get("message") or ""), again)
    ended = act.case.run.status in RUN_ENDED
    return Result(act.case, act.by, "ended" if ended else "under_way", "", None)


def acts_of(batch: UUID, user: Any = None) -> QuerySet[CaseAct]:
    """The acts of a batch on runs that a person may operate by their folder."""
    return seen(CaseAct.objects.filter(batch=batch), user, "case__run__workflow_name", "operate")


def reply_of(batch: UUID, user: Any = None) -> tuple[str, Reply] | None:
    """Returns the kind of a batch's interventions and the answer to them; None if there is no such batch."""
    act = acts_of(batch, user).select_related("case").order_by("pk").first()
    if act is None:
        return None
    data = act.data
    reply = Reply(data["answer"], data.get("note", ""), data.get("patch"), data.get("output"))
    return act.case.kind, reply


def rest_of(batch: UUID, user: Any = None) -> list[Intervention]:
    """Returns the open interventions with the cause of the batch's first one."""
    act = acts_of(batch, user).select_related("case").order_by("pk").first()
    return of_cause(act.case.cause_key, user) if act else []
