"""Pages of interventions with the same cause: the oldest is answered first, then, alike, the rest.

The answers that are given together are a batch; its page shows whether they helped.
"""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.accounts.permissions import for_operators
from config.lib.secrets import mask_secrets
from designer.services.folder_rights import seen
from runs.errors import RunsError
from runs.form_fields import as_text
from runs.interventions import by_cause, service
from runs.interventions.facts import Question
from runs.interventions.forms import BulkForm, ReplyForm
from runs.machine.answers import Answer, title_of
from runs.models import Intervention
from runs.store import reader

UNPROCESSABLE = 422


@require_safe
@for_operators
def cause_list(request: HttpRequest) -> HttpResponse:
    context = {
        "title": "Interventions by cause",
        "causes": by_cause.causes(request.user),
        "now": reader.now(),
    }
    return render(request, "admin/interventions/causes.html", context)


@require_http_methods(["GET", "POST"])
@for_operators
def cause_detail(request: HttpRequest, key: str) -> HttpResponse:
    """The open interventions of a cause. Posting answers the oldest of them."""
    interventions = by_cause.of_cause(key, request.user)
    if not interventions:
        return _all_answered(request, key)
    answers = by_cause.common_answers(interventions)
    form = ReplyForm(request.POST or None, kind=interventions[0].kind, answers=answers)
    if request.method == "POST" and form.is_valid():
        return _answer(request, [interventions[0].pk], form.reply())
    context = _cause_context(interventions, answers) | {"form": form}
    return render(
        request, "admin/interventions/cause.html", context, status=UNPROCESSABLE if form.errors else 200
    )


def _all_answered(request: HttpRequest, key: str) -> HttpResponse:
    asked = Intervention.objects.filter(cause_key=key)
    if not seen(asked, request.user, "run__workflow_name", "operate").exists():
        raise Http404
    messages.success(request, "No intervention of that cause is open any more.")
    return redirect("admin:runs_intervention_causes")


def _cause_context(interventions: list[Intervention], answers: list[Answer]) -> dict[str, Any]:
    first = Question(interventions[0])
    return {
        "title": f"{len(interventions)} of one cause",
        "interventions": interventions,
        "first": interventions[0],
        "kind": interventions[0].kind,
        "choices": by_cause.common_choices(interventions, answers),
        "previewed": min(len(interventions), by_cause.PREVIEWED_MAX),
        "context_text": mask_secrets(as_text(first.context())),
        "places": dict(
            Counter(
                f"{intervention.step.partition('[')[0]} of {intervention.run.workflow_name}"
                for intervention in interventions
            )
        ),
        "now": reader.now(),
    }


def _answer(request: HttpRequest, intervention_ids: list[int], reply: service.Reply) -> HttpResponse:
    try:
        batch = service.answer_many(intervention_ids, reply, request.user)
    except RunsError as refused:
        messages.error(request, str(refused))
        return redirect("admin:runs_intervention_causes")
    return redirect("admin:runs_intervention_batch", batch=batch)


@require_safe
@for_operators
def batch_detail(request: HttpRequest, batch: UUID) -> HttpResponse:
    """The outcome of each intervention of a batch, and the open ones with the same cause."""
    return render(request, "admin/interventions/batch.html", _batch_context(batch, request.user))


@require_safe
@for_operators
def batch_live(request: HttpRequest, batch: UUID) -> HttpResponse:
    return render(request, "admin/interventions/_batch.html", _batch_context(batch, request.user))


def _batch_context(batch: UUID, user: Any) -> dict[str, Any]:
    kind_and_reply, results = by_cause.reply_of(batch, user), by_cause.results(batch, user)
    if kind_and_reply is None:
        raise Http404
    kind, reply = kind_and_reply
    rest = by_cause.rest_of(batch, user)
    outcomes = Counter(result.outcome for result in results)
    return {
        "title": title_of(kind, reply.answer),
        "batch": batch,
        "reply": reply,
        "results": results,
        "outcomes": outcomes,
        "helped": outcomes["again"] == 0 and outcomes["under_way"] == 0 and outcomes["refused"] == 0,
        "cause_key": results[0].intervention.cause_key,
        "cause": results[0].intervention.cause,
        "kind": kind,
        "rest": rest,
        "rest_ids": ",".join(str(intervention.pk) for intervention in rest),
        "now": reader.now(),
    }


@require_POST
@for_operators
def batch_rest(request: HttpRequest, batch: UUID) -> HttpResponse:
    """Answers the open interventions that the page showed like those of the batch."""
    kind_and_reply = by_cause.reply_of(batch, request.user)
    if kind_and_reply is None:
        raise Http404
    kind, reply = kind_and_reply
    form = BulkForm(request.POST, kind=kind, answers=[reply.answer])
    if not form.is_valid():
        messages.error(request, "Reload the page: the list of cases was garbled.")
        return redirect("admin:runs_intervention_batch", batch=batch)
    open_ids = {intervention.pk for intervention in by_cause.rest_of(batch, request.user)}
    chosen = [intervention_id for intervention_id in form.cleaned_data["ids"] if intervention_id in open_ids]
    if not chosen:
        messages.warning(request, "Nothing was left to answer.")
        return redirect("admin:runs_intervention_batch", batch=batch)
    return _answer(request, chosen, reply)
