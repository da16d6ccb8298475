"""The page of a workflow's proof. Thin: `service` does the work."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from config.accounts.permissions import page_for, require_here
from config.accounts.rate_limits import caller, consume
from config.lib.apart import apart
from config.lib.errors import SagaboardError
from designer.models import Certificate, PublishNeeds, Workflow
from designer.problems import errors
from designer.services import workflows
from designer.services.folder_rights import barred
from designer.services.queries import document_of, problems_of
from runs.proof import service


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page_for("view")
def proof(request: HttpRequest, name: str) -> HttpResponse:
    """The newest proof; POST starts another one, or stops the one that is under way."""
    workflow = get_object_or_404(Workflow, name=name)
    if request.method == "POST":
        require_here(request, "design")
        return _act(request, workflow)
    certificate = service.latest(workflow)
    problems = []
    if certificate is None:
        draft = document_of(workflow) or {}
        problems = errors(apart(problems_of, draft, name, barred(request.user, "view")))
    content = service.content_for(certificate, request.user) if certificate else None
    context: dict[str, Any] = {
        "workflow": workflow,
        "certificate": certificate,
        "is_running": certificate is not None and certificate.state == Certificate.State.RUNNING,
        "is_current": certificate is not None and content is not None and service.is_current(certificate),
        "content": content,
        "builds_on": service.builds_on_for(certificate, request.user) if certificate else {},
        "needs": PublishNeeds.choices,
        "problems": problems,
    }
    return render(request, "proof/page.html", context)


def _act(request: HttpRequest, workflow: Workflow) -> HttpResponse:
    try:
        if request.POST.get("act") == "stop":
            found = service.latest(workflow)
            if found is not None:
                service.stop(found)
        else:
            consume("starts", caller(request))
            service.start(workflow.name, user=request.user)
    except SagaboardError as error:
        messages.error(request, str(error))
    return redirect("workflow-proof", workflow.name)


@require_POST
@page_for("design")
def proof_mend(request: HttpRequest, name: str) -> HttpResponse:
    """Takes a proposed change into the draft, and has that proven."""
    workflow = get_object_or_404(Workflow, name=name)
    certificate = get_object_or_404(workflow.certificates, pk=_number(request, "certificate"))
    try:
        service.mend(certificate, _number(request, "counterexample"), _number(request, "mend"), request.user)
        messages.success(request, "The draft is changed, and proven again.")
        service.start(name, user=request.user)
    except SagaboardError as error:
        messages.error(request, str(error))
    return redirect("workflow-proof", name)


@require_POST
@page_for("design")
def proof_open(request: HttpRequest, name: str) -> HttpResponse:
    """Opens a counterexample as a run, which is looked at entry by entry."""
    workflow = get_object_or_404(Workflow, name=name)
    certificate = get_object_or_404(workflow.certificates, pk=_number(request, "certificate"))
    try:
        run = service.open_counterexample(certificate, _number(request, "counterexample"), request.user)
    except SagaboardError as error:
        messages.error(request, str(error))
        return redirect("workflow-proof", name)
    return redirect("run-detail", run.pk)


@require_POST
@page_for("design")
def publish_needs(request: HttpRequest, name: str) -> HttpResponse:
    """Says what publishing needs from now on."""
    workflow = get_object_or_404(Workflow, name=name)
    needs = request.POST.get("needs", "")
    if needs in PublishNeeds.values:
        workflows.set_publish_needs(workflow, needs)
        messages.success(request, f"Publishing {name} needs {PublishNeeds(needs).label} from now on.")
    return redirect("workflow-proof", name)


def _number(request: HttpRequest, field: str) -> int:
    """Returns a number of a form; -1 where there is none, which nothing has."""
    text = request.POST.get(field, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
