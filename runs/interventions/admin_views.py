"""Interventions in the admin: the list, the page of one, and the operations on it.

Thin: views read `runs.interventions.facts` and act through `runs.interventions.service`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from config.accounts.permissions import for_operators
from designer.models import Workflow
from designer.services.folder_rights import seen
from runs.errors import RunsError
from runs.interventions import service
from runs.interventions.facts import Question, intervention_page
from runs.interventions.forms import ClaimForm, ListForm, NoteForm, PlanForm, ReplyForm
from runs.interventions.queries import UNREAD
from runs.machine.answers import OPTION
from runs.machine.errors import Refused
from runs.models import Intervention
from runs.queries.run_page import view_json
from runs.store import reader

ROWS_PER_PAGE = 50
WORKFLOWS_MAX = 500
UNPROCESSABLE = 422

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


def find_intervention(intervention_id: int) -> Intervention:
    """Raises Http404."""
    interventions = Intervention.objects.select_related("run", "run__version").defer(
        *UNREAD, "run__version__document", "run__version__resolved"
    )
    return get_object_or_404(interventions, pk=intervention_id)


def intervention_url(intervention_id: int) -> str:
    return reverse("admin:runs_intervention_change", args=[intervention_id])


# --- the list ---


@require_safe
@for_operators
def intervention_list(request: HttpRequest) -> HttpResponse:
    form = ListForm(request.GET)
    filters = form.cleaned_data if form.is_valid() else {}
    page = filters.get("page") or 1
    start = (page - 1) * ROWS_PER_PAGE
    rows = list(listed(request, filters)[start : start + ROWS_PER_PAGE + 1])  # one more tells of a next page
    names = seen(Workflow.objects.all(), request.user, "name", "operate")
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "title": "Interventions",
        "interventions": rows[:ROWS_PER_PAGE],
        "now": reader.now(),
        "form": form,
        "filters": filters | {"state": filters.get("state") or "open"},
        "names": list(names.order_by("name").values_list("name", flat=True)[:WORKFLOWS_MAX]),
        "query": query.urlencode(),
        "page": page,
        "has_more": len(rows) > ROWS_PER_PAGE,
        "is_filtered": any(value for key, value in filters.items() if key not in ("page", "state")),
    }
    return render(request, "admin/interventions/list.html", context)


def listed(request: HttpRequest, filters: dict[str, Any]) -> QuerySet[Intervention]:
    """Returns the filtered interventions, the oldest on top; answered ones with the newest answer on top."""
    interventions = Intervention.objects.select_related("run").defer(*UNREAD)
    interventions = seen(interventions, request.user, "run__workflow_name", "operate")
    state = filters.get("state") or "open"
    interventions = interventions.filter(_state_filter(state, request.user.get_username()))
    columns = {"severity": "severity", "kind": "kind", "workflow": "run__workflow_name", "cause": "cause_key"}
    exact = {columns[key]: filters[key] for key in columns if filters.get(key)}
    if filters.get("run__id__exact"):
        exact["run_id"] = filters["run__id__exact"]
    interventions = interventions.filter(**exact)
    text = filters.get("q")
    if text:
        words = Q(step__icontains=text) | Q(cause__icontains=text) | Q(claimed_by__icontains=text)
        interventions = interventions.filter(words | Q(run__workflow_name__icontains=text))
    return interventions.order_by("-answered_at", "pk") if state == "answered" else interventions


def _state_filter(state: str, name: str) -> Q:
    is_open = Q(status="open")
    return {
        "mine": is_open & Q(claimed_by=name),
        "unclaimed": is_open & Q(claimed_by=""),
        "overdue": is_open & Q(due_at__lt=reader.now()),
        "answered": Q(status="answered"),
        "all": Q(),
    }.get(state, is_open)


# --- one of them ---


@require_safe
@for_operators
def intervention_detail(request: HttpRequest, intervention_id: int) -> HttpResponse:
    return _show(request, find_intervention(intervention_id))


@require_safe
@for_operators
def intervention_live(request: HttpRequest, intervention_id: int) -> HttpResponse:
    """The parts of the page that a script reloads when the intervention changes."""
    return render(
        request, "admin/interventions/_live.html", _context(request, find_intervention(intervention_id))
    )


def _show(request: HttpRequest, intervention: Intervention, **forms: Any) -> HttpResponse:
    canvas = view_json(
        intervention.run,
        request.user,
        # First, so that what happens while the rest is read comes as frames.
    )
    return render(
        request,
        "admin/interventions/detail.html",
        _context(request, intervention, **forms) | {"canvas": canvas},
        status=UNPROCESSABLE if forms else 200,
    )


def _context(request: HttpRequest, intervention: Intervention, **forms: Any) -> dict[str, Any]:
    question = Question(intervention)
    return {
        "title": f"{intervention.step} of {intervention.run.workflow_name}",
        "now": reader.now(),
        "form": ReplyForm(kind=intervention.kind, answers=question.answers),
        "note_form": NoteForm(),
        "plan_form": PlanForm(initial={"severity": intervention.severity, "due_at": intervention.due_at}),
        "is_mine": intervention.claimed_by == request.user.get_username(),
        "again": _reopened(intervention),
        **intervention_page(question),
        **forms,
    }


def _reopened(intervention: Intervention) -> Intervention | None:
    """Returns the intervention that followed about the same step, as the answer to this one did not help."""
    later = Intervention.objects.filter(
        run_id=intervention.run_id, step=intervention.step, opened_seq__gt=intervention.opened_seq
    )
    return later.order_by("opened_seq").first()


# --- acts ---


@require_POST
@for_operators
def intervention_answer_page(request: HttpRequest, intervention_id: int) -> HttpResponse:
    """Asks for confirmation of what the answer leads to, then gives it.

    If the run has moved meanwhile, so that the answer leads to something else, it asks again.
    """
    intervention = find_intervention(intervention_id)
    question = Question(intervention)
    if not question.is_open:
        return _act(
            request,
            intervention_id,
            lambda: service.answer(intervention_id, service.Reply("retry"), request.user),
        )
    form = ReplyForm(request.POST, kind=intervention.kind, answers=question.answers)
    if not form.is_valid():
        return _show(request, intervention, form=form)
    reply = form.reply()
    effect = question.effect(reply)
    if not form.cleaned_data["confirmed"] or form.cleaned_data["told"] != effect:
        return _confirm(request, question, form, reply, effect)
    return _act(request, intervention_id, lambda: _answer(request, intervention_id, reply))


def _confirm(
    request: HttpRequest, question: Question, form: ReplyForm, reply: service.Reply, effect: str
) -> HttpResponse:
    intervention = question.intervention
    option = OPTION[intervention.kind, reply.answer]
    context = {
        "title": option.title,
        "intervention": intervention,
        "form": form,
        "reply": reply,
        "effect": effect,
        "has_moved": form.cleaned_data["confirmed"],
        "changes": question.changes(reply.patch),
        "takes": option.field,
        "problems": question.params_problems(reply.patch) if option.field == "patch" else [],
        "worker": question.worker,
        "needs_second": service.needs_second_person(
            intervention.run.workflow_name, intervention.kind, reply.answer
        ),
        "is_anothers": intervention.claimed_by not in ("", request.user.get_username()),
    }
    return render(request, "admin/interventions/confirm.html", context)


def _answer(request: HttpRequest, intervention_id: int, reply: service.Reply) -> str:
    if service.answer(intervention_id, reply, request.user) == "proposed":
        return "Proposed. It happens when a second person agrees."
    return "Answered."


@require_POST
@for_operators
def intervention_claim(request: HttpRequest, intervention_id: int) -> HttpResponse:
    form = ClaimForm(request.POST)
    take_over = form.is_valid() and form.cleaned_data["take_over"]
    return _act(
        request, intervention_id, lambda: service.claim(intervention_id, request.user, take_over=take_over)
    )


@require_POST
@for_operators
def intervention_release(request: HttpRequest, intervention_id: int) -> HttpResponse:
    return _act(request, intervention_id, lambda: service.release(intervention_id, request.user))


@require_POST
@for_operators
def intervention_approve(request: HttpRequest, intervention_id: int) -> HttpResponse:
    return _act(request, intervention_id, lambda: service.approve(intervention_id, request.user))


@require_POST
@for_operators
def intervention_withdraw(request: HttpRequest, intervention_id: int) -> HttpResponse:
    return _act(request, intervention_id, lambda: service.withdraw(intervention_id, request.user))


@require_POST
@for_operators
def intervention_note(request: HttpRequest, intervention_id: int) -> HttpResponse:
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _show(request, find_intervention(intervention_id), note_form=form)
    return _act(
        request,
        intervention_id,
        lambda: service.note(intervention_id, request.user, form.cleaned_data["text"]),
    )


@require_POST
@for_operators
def intervention_plan(request: HttpRequest, intervention_id: int) -> HttpResponse:
    form = PlanForm(request.POST)
    if not form.is_valid():
        return _show(request, find_intervention(intervention_id), plan_form=form)
    data = form.cleaned_data
    return _act(
        request,
        intervention_id,
        lambda: service.plan(intervention_id, request.user, data["severity"], data["due_at"]),
    )


def _act(request: HttpRequest, intervention_id: int, act: Callable[[], object]) -> HttpResponse:
    """Calls the service; a refusal is shown on the page of the intervention."""
    find_intervention(intervention_id)
    try:
        message = act()
    except (Refused, RunsError) as refused:
        messages.error(request, str(refused))
    else:
        if isinstance(message, str):
            messages.success(request, message)
    return redirect(intervention_url(intervention_id))


INTERVENTION_VIEWS: dict[str, Callable[..., HttpResponseBase]] = {
    "live": intervention_live,
    "answer": intervention_answer_page,
    "claim": intervention_claim,
    "release": intervention_release,
    "approve": intervention_approve,
    "withdraw": intervention_withdraw,
    "note": intervention_note,
    "plan": intervention_plan,
}
