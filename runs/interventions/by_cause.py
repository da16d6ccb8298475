"""Open interventions by cause, and what became of answers that were given together. Reading only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min

from runs.interventions.facts import Choice, Question
from runs.interventions.queries import UNREAD, answers_of
from runs.interventions.service import Reply
from runs.machine.answers import Answer
from runs.machine.states import RUN_ENDED
from runs.models import CaseAct, Intervention

CAUSES_MAX = 100
SHOWN_MAX = 500
FORETOLD_MAX = 20
SEVERITY_ORDER = ("critical", "high", "normal", "low")


@dataclass(frozen=True, slots=True)
class Cause:
    """Open interventions with the same error. `workflows`: names, at most a few of them."""

    key: str
    kind: str
    text: str
    count: int
    oldest: Any
    severity: str
    places: list[str]


def causes() -> list[Cause]:
    """The most frequent ones first."""
    open_interventions = Intervention.objects.filter(status="open")
    rows = list(
        open_interventions.values("cause_key", "kind")
        .annotate(count=Count("pk"), text=Max("cause"), oldest=Min("opened_at"))
        .order_by("-count", "oldest")[:CAUSES_MAX]
    )
    of_cause: dict[str, list[tuple[str, str, str]]] = {row["cause_key"]: [] for row in rows}
    found = open_interventions.filter(cause_key__in=of_cause).values_list(
        "cause_key", "run__workflow_name", "step", "severity"
    )
    for key, workflow, step, severity in found.distinct().order_by():
        of_cause[key].append((workflow, step.partition("[")[0], severity))
    return [_cause(row, of_cause[row["cause_key"]]) for row in rows]


def _cause(row: Mapping[str, Any], places: list[tuple[str, str, str]]) -> Cause:
    severities = {severity for _, _, severity in places}
    worst = next((severity for severity in SEVERITY_ORDER if severity in severities), "normal")
    names = sorted({f"{step} of {workflow}" for workflow, step, _ in places})
    return Cause(row["cause_key"], row["kind"], row["text"], row["count"], row["oldest"], worst, names)


def of_cause(key: str) -> list[Intervention]:
    """Open interventions of a cause, by age."""
    interventions = Intervention.objects.filter(status="open", cause_key=key)
    return list(interventions.select_related("run").defer(*UNREAD).order_by("opened_at", "pk")[:SHOWN_MAX])


def common_answers(interventions: list[Intervention]) -> list[Answer]:
    """Answers that every one of the interventions may be given."""
    answers = answers_of(interventions)
    if not answers:
        return []
    first, *others = answers.values()
    return [answer for answer in first if all(answer in other for other in others)]


def common_choices(interventions: list[Intervention], answers: list[Answer]) -> list[Choice]:
    """The answers with what each leads to; foretold one by one for the oldest."""
    questions = [Question(intervention) for intervention in interventions[:FORETOLD_MAX]]
    foretold = [{choice.option.answer: choice for choice in question.foretold()} for question in questions]
    return [_summed([choices[answer] for choices in foretold if answer in choices]) for answer in answers]


def _summed(choices: list[Choice]) -> Choice:
    effects = Counter(choice.effect for choice in choices)
    first = choices[0]
    if len(effects) == 1:
        return first
    words = [f"{count} ×: {effect}" for effect, count in effects.most_common()]
    return replace(first, effect=" ".join(words))


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one intervention of a batch. `outcome`: refused, proposed, again, under_way or ended."""

    intervention: Intervention
    by: str
    outcome: str
    text: str
    again: Intervention | None


def results(batch: UUID) -> list[Result]:
    acts = CaseAct.objects.filter(batch=batch).select_related("case__run").order_by("pk")
    found = list(acts.defer("case__run__input", "case__run__state")[:SHOWN_MAX])
    later = _asked_again([act.case for act in found])
    return [_result(act, later.get(act.case.pk)) for act in found]


def _asked_again(interventions: list[Intervention]) -> dict[int, Intervention]:
    open_ones = Intervention.objects.filter(
        run__in={intervention.run_id for intervention in interventions}, status="open"
    )
    by_place = {(one.run_id, one.step): one for one in open_ones}
    found = (
        (intervention.pk, by_place.get((intervention.run_id, intervention.step)))
        for intervention in interventions
    )
    return {pk: one for pk, one in found if one is not None and one.pk != pk}


def _result(act: CaseAct, again: Intervention | None) -> Result:
    if act.data.get("refused"):
        return Result(act.case, act.by, "refused", act.data["refused"], None)
    if act.act == "proposed" and act.case.status == "open":
        return Result(act.case, act.by, "proposed", "A second person has to agree.", None)
    if again is not None:
        return Result(act.case, act.by, "again", str(again.error.get("message") or ""), again)
    ended = act.case.run.status in RUN_ENDED
    return Result(act.case, act.by, "ended" if ended else "under_way", "", None)


def reply_of(batch: UUID) -> tuple[str, Reply] | None:
    """The kind of a batch's interventions, and the answer that they were given."""
    act = CaseAct.objects.filter(batch=batch).select_related("case").order_by("pk").first()
    if act is None:
        return None
    data = act.data
    reply = Reply(data["answer"], data.get("note", ""), data.get("patch"), data.get("output"))
    return act.case.kind, reply


def rest_of(batch: UUID) -> list[Intervention]:
    """Open interventions with the cause of the batch's first one."""
    act = CaseAct.objects.filter(batch=batch).select_related("case").order_by("pk").first()
    return of_cause(act.case.cause_key) if act else []
