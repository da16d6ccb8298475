"""Starting a run from its page: the form, what it begins with, and what went wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db.models import TextField
from django.db.models.functions import Cast, Length, Substr
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import Truncator
from django.views.decorators.http import require_http_methods

from config.accounts.permissions import page_for
from config.accounts.rate_limits import caller, consume
from config.lib.secrets import mask_secrets
from designer.document.graph import Graph, Step
from designer.models import WorkflowVersion
from runs.detail.forms import StartForm
from runs.engine import engine
from runs.errors import BadInput, KeyReused
from runs.form_fields import as_text
from runs.machine.limits import PRIORITY_STANDARD
from runs.models import IS_LISTED, Run
from runs.queries import runs as queries_runs
from runs.queries import steps
from runs.queries.lookup import latest_versions
from runs.store.graph_cache import version_graph

UNPROCESSABLE = 422
RECENT_LOOKED_AT = 30
RECENT_MAX = 6
COMPARED_CHARS = 400
RECENT_READ_MAX = 20_000
RECENT_SHOWN_MAX = 200
FAULTS_KEY = "simulate"
FAULTS = {
    "error": "Fails for good",
    "temporary:1": "Fails once",
    "critical": "Fails, and is not tried again",
    "failed": "Says that it failed",
    "slow:5": "Takes 5 s longer",
    "crash:1": "Its worker process dies once",
    "hang": "Hangs until its timeout",
}


@require_http_methods(["GET", "POST"])
@page_for("operate")
def run_start(request: HttpRequest, name: str) -> HttpResponse:
    version = get_object_or_404(latest_versions(name))
    form = StartForm(request.POST or None, initial=_start_values(version, request.GET.get("from", "")))
    problems: list[dict[str, Any]] = []
    if request.method == "POST" and form.is_valid():
        consume("starts", caller(request))
        run = _start(form, version, request, problems)
        if run is not None:
            return redirect("run-detail", run_id=run.pk)
    if form.errors:
        form.fields["input" if "input" in form.errors else "priority"].widget.attrs["autofocus"] = True
    context = {
        "form": form,
        "version": version,
        "recent": recent_inputs(name),
        "chosen": request.GET.get("from", ""),
        "data": _form_data(version, problems),
    }
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "runs/start.html", context, status=status)


def _start_values(version: WorkflowVersion, again: str) -> dict[str, Any]:
    """Returns input and priority of the run `again`, which is to be repeated, or the workflow's sample."""
    run = (
        Run.objects.filter(pk=again, workflow_name=version.workflow.name).first()
        if steps.is_uuid(again)
        else None
    )
    state = queries_runs.load(run.pk)[1] if run else None
    sample = state.input if state else version_graph(version.pk).sample_input
    priority = state.run.priority if state else PRIORITY_STANDARD
    return {"input": as_text(sample or {}), "key": new_key(), "priority": priority}


def new_key() -> str:
    """An idempotency key for one filled-in form."""
    return f"page-{uuid4()}"


def _start(
    form: StartForm, version: WorkflowVersion, request: HttpRequest, problems: list[dict[str, Any]]
) -> Run | None:
    """Starts the run. Returns None, with errors in the form and `problems` by place, if it is refused."""
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
    except BadInput as error:
        problems += [problem for problem in error.problems if "pointer" in problem]
        texts = [f"{problem['path']}: {problem['message']}" for problem in error.problems]
        form.add_error("input", texts or [str(error)])
    return None


# --- inputs of earlier runs ---


@dataclass(frozen=True, slots=True)
class RecentInput:
    """The input of an earlier run. `text`: its beginning as JSON, sealed values as dots, or its size."""

    run_id: UUID
    status: str
    created_at: datetime
    starter: str
    text: str


def recent_inputs(name: str) -> list[RecentInput]:
    """Returns the newest different inputs of a workflow, without those of child runs, trials and imports."""
    text = Cast("input", TextField())
    runs = Run.objects.filter(
        IS_LISTED, workflow_name=name, trial=False, imported__isnull=True, parent__isnull=True
    )
    newest = (
        runs.select_related("started_by")
        .only("id", "status", "created_at", "started_by__username", "started_by_name")
        .annotate(beginning=Substr(text, 1, COMPARED_CHARS), length=Length(text))
        .order_by("-created_at", "-id")[:RECENT_LOOKED_AT]
    )
    different: dict[tuple[str, int], Any] = {}
    for run in newest:
        different.setdefault((run.beginning, run.length), run)
    chosen = list(different.values())[:RECENT_MAX]
    short = [run.pk for run in chosen if run.length <= RECENT_READ_MAX]
    inputs = dict(Run.objects.filter(pk__in=short).values_list("pk", "input"))
    return [
        RecentInput(run.pk, run.status, run.created_at, run.starter, _line_of(inputs.get(run.pk), run.length))
        for run in chosen
    ]


def _line_of(value: Any, length: int) -> str:
    if value is None:
        return f"{length:,} characters"
    return Truncator(mask_secrets(json.dumps(value, ensure_ascii=False))).chars(RECENT_SHOWN_MAX)


# --- data of the form that a script makes from the schema ---


@dataclass(frozen=True, slots=True)
class FaultyStep:
    """A step of an example, its worker and the worker of its undo ("" for none), which simulate faults."""

    title: str
    worker: str
    undo: str


def _form_data(version: WorkflowVersion, problems: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Returns schema, problems and possible faults; None for a workflow that says nothing of its input."""
    schema = version_graph(version.pk).input_schema
    if not schema:
        return None
    return {"schema": schema, "problems": problems, "faults": _faults(version, schema)}


def _faults(version: WorkflowVersion, schema: Any) -> dict[str, Any] | None:
    """Returns the faults that an example can simulate, if this installation allows them."""
    takes_faults = FAULTS_KEY in schema.get("properties", {})
    if not (takes_faults and version.workflow.is_pattern and settings.SIMULATE_FAULTS):
        return None
    faulty = dict.fromkeys(_faulty_steps(version_graph(version.pk)))
    return {
        "key": FAULTS_KEY,
        "steps": [asdict(step) for step in faulty],
        "kinds": [{"value": value, "label": label} for value, label in FAULTS.items()],
    }


def _faulty_steps(graph: Graph) -> Iterator[FaultyStep]:
    for step in sorted(graph.steps, key=lambda step: graph.position.get(step.name, 0)):
        if step.worker:
            yield FaultyStep(step.title or step.name, step.worker, _undo_of(step))
        if step.body is not None:
            yield from _faulty_steps(graph.body_of(step.name))


def _undo_of(step: Step) -> str:
    return step.undo.worker if step.undo else ""
