"""The page of a run and its operations. Thin: a view checks the person and calls the engine or a query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.accounts.permissions import may_here, page_for
from config.accounts.rate_limits import caller, consume
from designer.document.graph import Graph
from runs.detail.approval_forms import give_answer
from runs.detail.asks import asks_below, asks_of, page_after, reply_form
from runs.detail.forms import CancelForm, SignalForm
from runs.detail.starting import new_key
from runs.engine import again, engine
from runs.errors import RunsError, UnknownRun
from runs.interventions import service
from runs.interventions.facts import Question
from runs.machine.allowed import allowed as machine_allowed
from runs.machine.answers import title_of as title_of_answer
from runs.machine.errors import Refused
from runs.machine.states import State
from runs.models import Intervention, Run
from runs.queries import runs as queries_runs
from runs.queries import steps
from runs.queries.lines import turn_of
from runs.queries.lookup import find_run, title_of
from runs.queries.rollback_plan import planned_undo
from runs.queries.run_page import opening_json
from runs.queries.slots import waits_of
from runs.store import reader

UNPROCESSABLE = 422
STEPS_DRAWN_MAX = 50  # a script draws the others when they are scrolled to


def run_or_404(run_id: UUID) -> Run:
    try:
        return find_run(run_id, "started_by", "parent")
    except UnknownRun as error:
        raise Http404(str(error)) from error


@require_safe
@never_cache
@page_for("view")
def run_detail(request: HttpRequest, run_id: UUID) -> HttpResponse:
    return _show(request, run_or_404(run_id))


@require_safe
@never_cache
@page_for("view")
def run_panel(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """The part of the page with the operations that are allowed now."""
    run = run_or_404(run_id)
    response = render(request, "runs/_panel.html", _panel(request, run, queries_runs.load(run.pk)))
    response["X-Last-Seq"] = str(run.last_seq)
    return response


@require_POST
@page_for("operate")
def run_cancel(request: HttpRequest, run_id: UUID) -> HttpResponse:
    run, form = run_or_404(run_id), CancelForm(request.POST)
    if not form.is_valid():
        return _refuse(request, run, "Choose how to cancel.")
    return _act(request, run, lambda: engine.cancel_run(run.pk, form.cleaned_data["mode"], request.user))


@require_POST
@page_for("operate")
def run_pause(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Pauses a run, or resumes it where `act` says so."""
    run = run_or_404(run_id)
    act = engine.resume_run if request.POST.get("act") == "resume" else engine.pause_run
    return _act(request, run, lambda: act(run.pk, request.user))


@require_POST
@page_for("operate")
def run_rollback(request: HttpRequest, run_id: UUID) -> HttpResponse:
    run = run_or_404(run_id)
    to_step = request.POST.get("to_step") or None
    return _act(request, run, lambda: engine.roll_back(run.pk, to_step, request.user))


@require_http_methods(["GET", "POST"])
@never_cache
@page_for("operate")
def run_again(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Starts an ended run again from a step. Before that, it says what would be taken over and what run."""
    run = run_or_404(run_id)
    graph, state = queries_runs.load(run.pk)
    points = machine_allowed(graph, state).again_from
    start = request.POST.get("from") or request.GET.get("from") or again.proposed(points, state)
    try:
        consequences = again.consequences(run, start)
        if request.method == "POST":
            consume("starts", caller(request))
            made = again.start_again(run, start, request.user, request.POST.get("key") or None)
            return redirect("run-detail", run_id=made.pk)
    except (Refused, RunsError) as refused:
        return _refuse(request, run, str(refused))
    context = {
        "run": run,
        "title": title_of(run),
        "points": [graph.by_name[name] for name in points],
        "start": graph.by_name[start],
        "taken": [graph.by_name[name] for name in consequences.taken],
        "begins": [graph.by_name[name] for name in consequences.begins],
        "twice": [graph.by_name[name] for name in consequences.twice],
        "key": new_key(),
    }
    return render(request, "runs/again.html", context)


@require_POST
@page_for("operate")
def run_approve(request: HttpRequest, run_id: UUID, step: str) -> HttpResponse:
    run = run_or_404(run_id)
    definition = queries_runs.load(run.pk)[0].by_name.get(step)
    try:
        form = give_answer(run.pk, definition, step, request.POST, request.user)
    except (Refused, RunsError) as refused:
        return _refuse(request, run, str(refused))
    if form is None:
        return _to_page_after(request, run)
    if definition is None or "decision" in form.errors:
        return _refuse(request, run, "Choose between approving and rejecting.")
    return _show(request, run, {f"approval-{step}": form})


@require_POST
@page_for("operate")
def run_happen_now(request: HttpRequest, run_id: UUID, step: str) -> HttpResponse:
    run = run_or_404(run_id)
    return _act(request, run, lambda: engine.happen_now(run.pk, step, request.user))


@require_POST
@page_for("operate")
def run_signal(request: HttpRequest, run_id: UUID) -> HttpResponse:
    run, form = run_or_404(run_id), SignalForm(request.POST)
    if not form.is_valid():
        return _show(request, run, {"signal": form})
    data = form.cleaned_data
    return _act(request, run, lambda: engine.signal(run.pk, data["name"], data["payload"], request.user))


@require_POST
@page_for("operate")
def run_enough(request: HttpRequest, run_id: UUID, step: str) -> HttpResponse:
    run = run_or_404(run_id)
    return _act(request, run, lambda: engine.end_loop(run.pk, step, request.user))


@require_POST
@page_for("operate")
def intervention_answer(request: HttpRequest, pk: int) -> HttpResponse:
    intervention = get_object_or_404(Intervention, pk=pk)
    run = run_or_404(intervention.run_id)
    question = Question(intervention)
    if intervention.status != "open":
        return _refuse(request, run, f"Somebody was faster. {question.answered}")
    form = reply_form(question, request.POST)
    if not form.is_valid():
        return _show(request, run, {f"intervention-{pk}": form})
    return _act(request, run, lambda: _answer(request, pk, form.reply()))


def _answer(request: HttpRequest, pk: int, reply: service.Reply) -> None:
    if service.answer(pk, reply, request.user) == "proposed":
        title = title_of_answer(Intervention.objects.get(pk=pk).kind, reply.answer)
        messages.warning(request, f"Proposed: {title}. A second person has to agree.")


def _act(request: HttpRequest, run: Run, act: Callable[[], None]) -> HttpResponse:
    """Calls the engine; a refusal is shown on the run's page."""
    try:
        act()
    except (Refused, RunsError) as refused:
        return _refuse(request, run, str(refused))
    return _to_page_after(request, run)


def _refuse(request: HttpRequest, run: Run, message: str) -> HttpResponse:
    messages.error(request, message)
    return _to_page_after(request, run)


def _to_page_after(request: HttpRequest, run: Run) -> HttpResponse:
    return redirect("run-detail", run_id=page_after(run, request.POST.get("back", "")))


def _show(request: HttpRequest, run: Run, forms: dict[str, Any] | None = None) -> HttpResponse:
    page_data = _page_data(
        request,
        run,
        # First, so that all that happens while the rest is read comes as frames.
    )
    graph, state = queries_runs.load(run.pk)
    context = _panel(request, run, (graph, state), forms) | {
        "steps": steps.step_lines(run, graph, STEPS_DRAWN_MAX),
        "blank_step": steps.blank_line(run),
        "page_data": page_data | {"person": _person_json(request)},
        "around": steps.runs_around(run, request.user),
        "part": steps.part_of(run),
        "title": title_of(run),
        "again": _goes_on_from(state),
    }
    return render(request, "runs/detail.html", context, status=UNPROCESSABLE if forms else 200)


def _goes_on_from(state: State) -> dict[str, Any] | None:
    """Returns the run for which this one goes on, and from which step."""
    if not state.run.again:
        return None
    earlier, start = state.run.again
    return {"run": UUID(earlier), "step": start}


def _panel(
    request: HttpRequest, run: Run, loaded: tuple[Graph, State], forms: dict[str, Any] | None = None
) -> dict[str, Any]:
    can = machine_allowed(*loaded)
    allowed = queries_runs.operations(can, loaded[1])
    return {
        "run": run,
        "allowed": allowed,
        "rollback_plan": planned_undo(*loaded) if allowed["rollback"] else None,
        "children": steps.children(run, request.user),
        "own": asks_of(run, loaded, can, request.user, forms),
        "below": asks_below(run, request.user),
        "put_off": steps.put_off_steps(loaded[1], allowed["happen_now"], reader.now()),
        "turn": turn_of(run),
        "slots": waits_of(run.pk, *loaded),
        "signal_form": (forms or {}).get("signal") or SignalForm(),
    }


def _person_json(request: HttpRequest) -> dict[str, Any]:
    """Returns what the page needs to know of the person in order to say who is asked."""
    name, groups, is_admin = engine.as_approver(request.user)
    may_operate = may_here(request, "operate")
    return {"name": name, "groups": groups, "isAdmin": is_admin, "mayOperate": may_operate}


def _page_data(request: HttpRequest, run: Run) -> dict[str, Any]:
    """Returns what the scripts of the page start from."""
    return opening_json(run, request.user) | {"panel": reverse("run-panel", args=[run.pk])}
