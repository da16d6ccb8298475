"""The page of a run and its operations. Thin: a view checks the person and calls the engine or a query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.accounts.permissions import page_for
from config.accounts.rate_limits import caller, consume
from designer.document.graph import Graph
from designer.models import WorkflowVersion
from runs.detail.approval_forms import AnswerForm, waiting_approvals
from runs.detail.forms import CancelForm, SignalForm, StartForm
from runs.engine import engine
from runs.errors import BadInput, KeyReused, RunsError, UnknownRun
from runs.form_fields import as_text
from runs.interventions import service
from runs.interventions.facts import Question
from runs.interventions.forms import ReplyForm
from runs.machine.allowed import allowed as machine_allowed
from runs.machine.errors import BadAnswer, Refused
from runs.machine.limits import NOTE_LENGTH_MAX, PRIORITY_STANDARD
from runs.machine.states import State
from runs.models import Intervention, Run
from runs.queries import runs as queries_runs
from runs.queries import steps
from runs.queries.lines import turn_of
from runs.queries.lookup import find_run, latest_versions
from runs.queries.rollback_plan import planned_undo
from runs.queries.run_page import opening_json
from runs.queries.slots import waits_of
from runs.store import reader
from runs.store.graph_cache import version_graph

UNPROCESSABLE = 422
STEPS_DRAWN_MAX = 50  # a script draws the others when they are scrolled to


def run_or_404(run_id: UUID) -> Run:
    try:
        return find_run(run_id, "started_by", "parent")
    except UnknownRun as error:
        raise Http404(str(error)) from error


@require_http_methods(["GET", "POST"])
@page_for("operate")
def run_start(request: HttpRequest, name: str) -> HttpResponse:
    version = get_object_or_404(latest_versions(name))
    form = StartForm(request.POST or None, initial=_start_values(version, request.GET.get("from", "")))
    if request.method == "POST" and form.is_valid():
        consume("starts", caller(request))
        run = _start(form, version, request)
        if run is not None:
            return redirect("run-detail", run_id=run.pk)
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "runs/start.html", {"form": form, "version": version}, status=status)


def _start_values(version: WorkflowVersion, again: str) -> dict[str, Any]:
    """Returns input and priority of the run `again`, which is to be repeated, or the workflow's sample."""
    run = (
        Run.objects.filter(pk=again, workflow_name=version.workflow.name).first()
        if steps.is_uuid(again)
        else None
    )
    sample = run.input if run else version_graph(version.pk).sample_input
    priority = queries_runs.load(run.pk)[1].run.priority if run else PRIORITY_STANDARD
    return {"input": as_text(sample or {}), "key": new_key(), "priority": priority}


def new_key() -> str:
    """An idempotency key for one filled-in form."""
    return f"page-{uuid4()}"


def _start(form: StartForm, version: WorkflowVersion, request: HttpRequest) -> Run | None:
    data = form.cleaned_data
    try:
        priority = PRIORITY_STANDARD if data["priority"] is None else data["priority"]
        return engine.start_run(
            version, data["input"] or {}, user=request.user, idempotency_key=data["key"], priority=priority
        )
    except KeyReused as error:
        sent = f"This form was sent before with another input, and started the run {error.run_id}."
        form.add_error("input", f"{sent} Send it again to start one more.")
        form.data = {"input": form.data["input"], "key": new_key()}
        return None
    except BadInput as error:
        problems = [f"{problem['path']}: {problem['message']}" for problem in error.problems]
        form.add_error("input", problems or [str(error)])
        return None


@require_GET
@never_cache
@page_for("view")
def run_detail(request: HttpRequest, run_id: UUID) -> HttpResponse:
    return _show(request, run_or_404(run_id))


@require_GET
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


@require_POST
@page_for("operate")
def run_approve(request: HttpRequest, run_id: UUID, step: str) -> HttpResponse:
    run = run_or_404(run_id)
    graph, _ = queries_runs.load(run.pk)
    definition = graph.by_name.get(step)
    form = AnswerForm(request.POST, schema=definition.form if definition else None, step=step)
    is_approved = request.POST.get("decision") == "approve"
    if not form.is_valid() and (is_approved or {"decision", "comment"} & form.errors.keys()):
        if definition is None or {"decision", "comment"} & form.errors.keys():
            limit = f"a comment may have {NOTE_LENGTH_MAX:,} characters"
            return _refuse(request, run, f"Approve or reject; {limit}.")
        return _show(request, run, {f"approval-{step}": form})
    answer = form.answer() if is_approved and definition and definition.form else None
    try:
        engine.approve(run.pk, step, is_approved, request.user, form.cleaned_data["comment"], answer)
    except BadAnswer as refused:
        form.add_problems(refused.problems)
        return _show(request, run, {f"approval-{step}": form})
    except (Refused, RunsError) as refused:
        return _refuse(request, run, str(refused))
    return redirect("run-detail", run_id=run.pk)


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
    if intervention.status != "open":
        answered = f"{intervention.answered_by} has already answered: {intervention.answer}."
        return _refuse(request, run, answered)
    form = _reply_form(Question(intervention), request.POST)
    if not form.is_valid():
        return _show(request, run, {f"intervention-{pk}": form})
    return _act(request, run, lambda: _answer(request, pk, form.reply()))


def _answer(request: HttpRequest, pk: int, reply: service.Reply) -> None:
    if service.answer(pk, reply, request.user) == "proposed":
        messages.warning(request, f"Proposed: {reply.answer}. A second person has to agree.")


def _reply_form(question: Question, data: Any = None) -> ReplyForm:
    intervention = question.intervention
    auto_id = f"intervention-{intervention.pk}-%s"
    return ReplyForm(data, kind=intervention.kind, answers=question.answers, auto_id=auto_id)


def _act(request: HttpRequest, run: Run, act: Callable[[], None]) -> HttpResponse:
    """Calls the engine; a refusal is shown on the run's page."""
    try:
        act()
    except (Refused, RunsError) as refused:
        return _refuse(request, run, str(refused))
    return redirect("run-detail", run_id=run.pk)


def _refuse(request: HttpRequest, run: Run, message: str) -> HttpResponse:
    messages.error(request, message)
    return redirect("run-detail", run_id=run.pk)


def _show(request: HttpRequest, run: Run, forms: dict[str, Any] | None = None) -> HttpResponse:
    page_data = _page_data(run)  # first, so that all that happens while the rest is read comes as frames
    graph, state = queries_runs.load(run.pk)
    context = _panel(request, run, (graph, state), forms) | {
        "steps": steps.step_lines(run, graph, STEPS_DRAWN_MAX),
        "blank_step": steps.blank_line(run),
        "page_data": page_data,
        "around": steps.runs_around(run),
        "part": steps.part_of(run),
    }
    return render(request, "runs/detail.html", context, status=UNPROCESSABLE if forms else 200)


def _panel(
    request: HttpRequest, run: Run, loaded: tuple[Graph, State], forms: dict[str, Any] | None = None
) -> dict[str, Any]:
    allowed = queries_runs.operations(machine_allowed(*loaded), loaded[1])
    forms = forms or {}
    questions = [Question(intervention, loaded) for intervention in queries_runs.open_interventions(run)]
    return {
        "run": run,
        "allowed": allowed,
        "rollback_plan": planned_undo(*loaded) if allowed["rollback"] else None,
        "children": steps.children(run),
        "approvals": waiting_approvals(loaded, allowed["approvals"], engine.as_approver(request.user), forms),
        "put_off": steps.put_off_steps(loaded[1], allowed["happen_now"], reader.now()),
        "turn": turn_of(run),
        "slots": waits_of(run.pk, *loaded),
        "questions": [
            (question, forms.get(f"intervention-{question.intervention.pk}") or _reply_form(question))
            for question in questions
        ],
        "signal_form": forms.get("signal") or SignalForm(),
    }


def _page_data(run: Run) -> dict[str, Any]:
    """Returns what the scripts of the page start from."""
    return opening_json(run) | {"panel": reverse("run-panel", args=[run.pk])}
