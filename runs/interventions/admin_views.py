"""Interventions in the admin: the list, the page of a case, and what people do there.

Thin: reads `runs.interventions.facts`, acts through `runs.interventions.service`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from config.accounts.permissions import for_operators
from designer.models import Workflow
from runs.errors import RunsError
from runs.interventions import service
from runs.interventions.facts import Facts, intervention_page
from runs.interventions.forms import ClaimForm, ListForm, NoteForm, PlanForm, ReplyForm
from runs.interventions.queries import UNREAD
from runs.interventions.wording import TITLES
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


def find_intervention(case_id: int) -> Intervention:
    """Raises Http404."""
    cases = Intervention.objects.select_related("run", "run__version").defer(
        *UNREAD, "run__version__document", "run__version__resolved"
    )
    return get_object_or_404(cases, pk=case_id)


def intervention_url(case_id: int) -> str:
    return reverse("admin:runs_intervention_change", args=[case_id])


# --- the list ---


@require_GET
@for_operators
def intervention_list(request: HttpRequest) -> HttpResponse:
    form = ListForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    page = wanted.get("page") or 1
    start = (page - 1) * ROWS_PER_PAGE
    found = list(listed(request, wanted)[start : start + ROWS_PER_PAGE + 1])
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "title": "Interventions",
        "cases": found[:ROWS_PER_PAGE],
        "now": reader.now(),
        "form": form,
        "wanted": wanted | {"state": wanted.get("state") or "open"},
        "names": list(Workflow.objects.order_by("name").values_list("name", flat=True)[:WORKFLOWS_MAX]),
        "query": query.urlencode(),
        "page": page,
        "has_more": len(found) > ROWS_PER_PAGE,
        "is_filtered": any(value for key, value in wanted.items() if key not in ("page", "state")),
    }
    return render(request, "admin/cases/list.html", context)


def listed(request: HttpRequest, wanted: dict[str, Any]) -> QuerySet[Intervention]:
    """Open ones first, the oldest on top; answered ones alone: the newest answer on top."""
    cases = Intervention.objects.select_related("run").defer(*UNREAD)
    state = wanted.get("state") or "open"
    cases = cases.filter(_state_filter(state, request.user.get_username()))
    places = {"severity": "severity", "kind": "kind", "workflow": "run__workflow_name", "cause": "cause_key"}
    exact = {places[key]: wanted[key] for key in places if wanted.get(key)}
    if wanted.get("run__id__exact"):
        exact["run_id"] = wanted["run__id__exact"]
    cases = cases.filter(**exact)
    text = wanted.get("q")
    if text:
        words = Q(step__icontains=text) | Q(cause__icontains=text) | Q(claimed_by__icontains=text)
        cases = cases.filter(words | Q(run__workflow_name__icontains=text))
    return cases.order_by("-answered_at", "pk") if state == "answered" else cases


def _state_filter(state: str, name: str) -> Q:
    is_open = Q(status="open")
    return {
        "mine": is_open & Q(claimed_by=name),
        "unclaimed": is_open & Q(claimed_by=""),
        "overdue": is_open & Q(due_at__lt=reader.now()),
        "answered": Q(status="answered"),
        "all": Q(),
    }.get(state, is_open)


# --- one case ---


@require_GET
@for_operators
def intervention_detail(request: HttpRequest, case_id: int) -> HttpResponse:
    return _show(request, find_intervention(case_id))


@require_GET
@for_operators
def intervention_live(request: HttpRequest, case_id: int) -> HttpResponse:
    """The parts of a case's page that change by themselves."""
    return render(request, "admin/cases/_live.html", _context(request, find_intervention(case_id)))


def _show(request: HttpRequest, case: Intervention, **forms: Any) -> HttpResponse:
    return render(
        request,
        "admin/cases/detail.html",
        _context(request, case, **forms) | {"canvas": view_json(case.run)},
        status=UNPROCESSABLE if forms else 200,
    )


def _context(request: HttpRequest, case: Intervention, **forms: Any) -> dict[str, Any]:
    facts = Facts(case)
    choices: list[str] = list(facts.answers)
    return {
        "title": f"{case.step} of {case.run.workflow_name}",
        "now": reader.now(),
        "form": ReplyForm(answers=choices),
        "note_form": NoteForm(),
        "plan_form": PlanForm(initial={"severity": case.severity, "due_at": case.due_at}),
        "is_mine": case.claimed_by == request.user.get_username(),
        "again": _asked_again(case),
        **intervention_page(facts),
        **forms,
    }


def _asked_again(case: Intervention) -> Intervention | None:
    """The open question about the same step, where the answer to this one did not help."""
    later = Intervention.objects.filter(run_id=case.run_id, step=case.step, opened_seq__gt=case.opened_seq)
    return later.order_by("opened_seq").first()


# --- acts ---


@require_POST
@for_operators
def intervention_answer_page(request: HttpRequest, case_id: int) -> HttpResponse:
    """First says what the answer leads to; gives it when that was read."""
    case = find_intervention(case_id)
    facts = Facts(case)
    if not facts.is_open:
        return _act(request, case_id, lambda: service.answer(case_id, service.Reply("retry"), request.user))
    form = ReplyForm(request.POST, answers=list(facts.answers))
    if not form.is_valid():
        return _show(request, case, form=form)
    reply = form.reply()
    effect = facts.effect(reply)
    if not form.cleaned_data["confirmed"] or form.cleaned_data["told"] != effect:
        return _ask(request, facts, form, reply, effect)
    return _act(request, case_id, lambda: _answer(request, case_id, reply))


def _ask(
    request: HttpRequest, facts: Facts, form: ReplyForm, reply: service.Reply, effect: str
) -> HttpResponse:
    context = {
        "title": TITLES[facts.case.kind, reply.answer],
        "case": facts.case,
        "form": form,
        "reply": reply,
        "effect": effect,
        "has_moved": form.cleaned_data["confirmed"],
        "changes": facts.changes(reply.patch),
        "problems": facts.params_problems(reply.patch) if reply.answer == "retry" else [],
        "worker": facts.worker,
        "needs_second": service.needs_second_person(facts.case, reply.answer),
        "is_anothers": facts.case.claimed_by not in ("", request.user.get_username()),
    }
    return render(request, "admin/cases/confirm.html", context)


def _answer(request: HttpRequest, case_id: int, reply: service.Reply) -> str:
    if service.answer(case_id, reply, request.user) == "proposed":
        return "Proposed. It happens when a second person agrees."
    return "Answered."


@require_POST
@for_operators
def intervention_claim(request: HttpRequest, case_id: int) -> HttpResponse:
    form = ClaimForm(request.POST)
    take_over = form.is_valid() and form.cleaned_data["take_over"]
    return _act(request, case_id, lambda: service.claim(case_id, request.user, take_over=take_over))


@require_POST
@for_operators
def intervention_release(request: HttpRequest, case_id: int) -> HttpResponse:
    return _act(request, case_id, lambda: service.release(case_id, request.user))


@require_POST
@for_operators
def intervention_approve(request: HttpRequest, case_id: int) -> HttpResponse:
    return _act(request, case_id, lambda: service.approve(case_id, request.user))


@require_POST
@for_operators
def intervention_withdraw(request: HttpRequest, case_id: int) -> HttpResponse:
    return _act(request, case_id, lambda: service.withdraw(case_id, request.user))


@require_POST
@for_operators
def intervention_note(request: HttpRequest, case_id: int) -> HttpResponse:
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _show(request, find_intervention(case_id), note_form=form)
    return _act(request, case_id, lambda: service.note(case_id, request.user, form.cleaned_data["text"]))


@require_POST
@for_operators
def intervention_plan(request: HttpRequest, case_id: int) -> HttpResponse:
    form = PlanForm(request.POST)
    if not form.is_valid():
        return _show(request, find_intervention(case_id), plan_form=form)
    data = form.cleaned_data
    return _act(
        request, case_id, lambda: service.plan(case_id, request.user, data["severity"], data["due_at"])
    )


def _act(request: HttpRequest, case_id: int, act: Callable[[], object]) -> HttpResponse:
    """Do it; what is refused is said on the page of the case."""
    find_intervention(case_id)
    try:
        said = act()
    except (Refused, RunsError) as refused:
        messages.error(request, str(refused))
    else:
        if isinstance(said, str):
            messages.success(request, said)
    return redirect(intervention_url(case_id))


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
