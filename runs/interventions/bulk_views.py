"""Pages on which many interventions of one cause are answered: first one, then the rest."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.accounts.permissions import for_operators
from config.lib.secrets import mask_secrets
from runs.errors import RunsError
from runs.form_fields import as_text
from runs.interventions import by_cause, service
from runs.interventions.facts import Facts
from runs.interventions.forms import BulkForm, ReplyForm
from runs.interventions.wording import TITLES
from runs.models import Intervention
from runs.store import reader

UNPROCESSABLE = 422


@require_GET
@for_operators
def cause_list(request: HttpRequest) -> HttpResponse:
    context = {"title": "Interventions by cause", "causes": by_cause.causes(), "now": reader.now()}
    return render(request, "admin/cases/causes.html", context)


@require_http_methods(["GET", "POST"])
@for_operators
def cause_detail(request: HttpRequest, key: str) -> HttpResponse:
    """The open cases of a cause. Posting answers the oldest of them."""
    cases = by_cause.of_cause(key)
    if not cases:
        return _all_answered(request, key)
    answers = by_cause.common_answers(cases)
    form = ReplyForm(request.POST or None, answers=answers)
    if request.method == "POST" and form.is_valid():
        return _begin(request, cases[0], form)
    context = _cause_context(cases, answers) | {"form": form}
    return render(request, "admin/cases/cause.html", context, status=UNPROCESSABLE if form.errors else 200)


def _all_answered(request: HttpRequest, key: str) -> HttpResponse:
    if not Intervention.objects.filter(cause_key=key).exists():
        raise Http404
    messages.success(request, "No intervention of that cause is open any more.")
    return redirect("admin:runs_intervention_causes")


def _cause_context(cases: list[Intervention], answers: list[str]) -> dict[str, Any]:
    first = Facts(cases[0])
    return {
        "title": f"{len(cases)} of one cause",
        "cases": cases,
        "first": cases[0],
        "kind": cases[0].kind,
        "choices": by_cause.common_choices(cases, answers),
        "foretold": min(len(cases), by_cause.FORETOLD_MAX),
        "context_text": mask_secrets(as_text(first.context())),
        "places": dict(
            Counter(f"{case.step.partition('[')[0]} of {case.run.workflow_name}" for case in cases)
        ),
        "now": reader.now(),
    }


def _begin(request: HttpRequest, first: Intervention, form: ReplyForm) -> HttpResponse:
    return _answer(request, [first.pk], form.reply())


def _answer(request: HttpRequest, case_ids: list[int], reply: service.Reply) -> HttpResponse:
    try:
        batch = service.answer_many(case_ids, reply, request.user)
    except RunsError as refused:
        messages.error(request, str(refused))
        return redirect("admin:runs_intervention_causes")
    return redirect("admin:runs_intervention_batch", batch=batch)


@require_GET
@for_operators
def batch_detail(request: HttpRequest, batch: UUID) -> HttpResponse:
    """What became of each case, and what is left of their cause."""
    return render(request, "admin/cases/batch.html", _batch_context(batch))


@require_GET
@for_operators
def batch_live(request: HttpRequest, batch: UUID) -> HttpResponse:
    return render(request, "admin/cases/_batch.html", _batch_context(batch))


def _batch_context(batch: UUID) -> dict[str, Any]:
    reply, found = by_cause.reply_of(batch), by_cause.results(batch)
    if reply is None:
        raise Http404
    rest = by_cause.rest_of(batch)
    outcomes = Counter(result.outcome for result in found)
    return {
        "title": TITLES[found[0].case.kind, reply.answer],
        "batch": batch,
        "reply": reply,
        "results": found,
        "outcomes": outcomes,
        "helped": outcomes["again"] == 0 and outcomes["under_way"] == 0 and outcomes["refused"] == 0,
        "cause_key": found[0].case.cause_key,
        "cause": found[0].case.cause,
        "kind": found[0].case.kind,
        "rest": rest,
        "rest_ids": ",".join(str(case.pk) for case in rest),
        "now": reader.now(),
    }


@require_POST
@for_operators
def batch_rest(request: HttpRequest, batch: UUID) -> HttpResponse:
    """Answers the cases that the page showed in the way of the batch."""
    reply = by_cause.reply_of(batch)
    if reply is None:
        raise Http404
    form = BulkForm(request.POST, answers=[reply.answer])
    if not form.is_valid():
        messages.error(request, "Reload the page: the list of cases was garbled.")
        return redirect("admin:runs_intervention_batch", batch=batch)
    open_ids = {case.pk for case in by_cause.rest_of(batch)}
    chosen = [case_id for case_id in form.cleaned_data["ids"] if case_id in open_ids]
    if not chosen:
        messages.warning(request, "Nothing was left to answer.")
        return redirect("admin:runs_intervention_batch", batch=batch)
    return _answer(request, chosen, reply)
