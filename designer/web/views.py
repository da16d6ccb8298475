"""Pages of workflows: permissions and templates. Data is read by `designer.web.page_data`."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from config.accounts.permissions import page_for
from config.lib.apart import apart
from designer.document.document import parse
from designer.formats.formats import EXPORTS
from designer.models import Workflow
from designer.problems import Problem
from designer.services import queries, shelf
from designer.services.folder_rights import barred
from designer.services.worker_catalog import described_workers
from designer.web import page_data
from designer.web.forms import ImportForm, NewWorkflowForm

SUFFIX_OF = {"json": "json", "yaml": "yaml", "python": "py", "asl": "asl.json"}


@require_safe
@page_for("view")
def workflow_detail(request: HttpRequest, name: str) -> HttpResponse:
    workflow = get_object_or_404(Workflow, name=name)
    number = request.GET.get("version", "")
    version = page_data.chosen_version(workflow, number)
    if version is None and number:
        raise Http404(f"{name} has no version {number}")
    context = {
        "workflow": workflow,
        "version": version,
        "is_favourite": bool(shelf.favourite_names(request.user, [name])),
        "versions": workflow.versions.select_related("published_by").defer("document", "resolved")[
            : page_data.VERSIONS_SHOWN_MAX
        ],
        "problems": [] if workflow.draft is None else _problems(request, workflow.draft, name),
    }
    if version is not None:
        context |= page_data.version_context(version)
    return render(request, "workflows/detail.html", context)


def _problems(request: HttpRequest, draft: Any, name: str) -> list[Problem]:
    return apart(queries.problems_of, draft, name, barred(request.user, "view"))


@require_safe
@page_for("design")
def workflow_edit(request: HttpRequest, name: str) -> HttpResponse:
    workflow = get_object_or_404(Workflow, name=name)
    context = {"workflow": workflow, "canvas": page_data.edit_data(workflow, request.user)}
    return render(request, "workflows/edit.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page_for("design")
def workflow_new(request: HttpRequest) -> HttpResponse:
    form = NewWorkflowForm(
        request.POST if request.method == "POST" else None, initial={"start": request.GET.get("start", "")}
    )
    if request.method == "POST" and form.is_valid() and form.create(request.user):
        return redirect("workflow-edit", form.cleaned_data["name"])
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "patterns": list(form.patterns.values()), "workers": described_workers()}
    return render(request, "workflows/new.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@page_for("design")
def workflow_import(request: HttpRequest) -> HttpResponse:
    """Stores a file as a draft, so that a person sees it before anything of it runs.

    What became of a state machine is told before the draft is shown.
    """
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = ImportForm(*given, user=request.user)
    if request.method == "POST" and form.is_valid() and form.store(request.user):
        if form.report is not None:
            return render(request, "workflows/imported.html", {"form": form, "report": form.report})
        return redirect("workflow-edit", form.cleaned_data["name"])
    status = 422 if request.method == "POST" else 200
    return render(request, "workflows/import.html", {"form": form}, status=status)


@require_safe
@page_for("view")
def workflow_export(request: HttpRequest, name: str, written: str) -> HttpResponse:
    """A published version as a file: the newest, or that of `?version=`."""
    version = page_data.chosen_version(get_object_or_404(Workflow, name=name), request.GET.get("version", ""))
    graph = parse(version.document)[0] if version else None
    if version is None or graph is None or written not in EXPORTS:
        raise Http404(f"{name} cannot be had as {written}")
    headers = {"Content-Disposition": f'attachment; filename="{name}.{SUFFIX_OF[written]}"'}
    return HttpResponse(EXPORTS[written](graph), content_type="text/plain; charset=utf-8", headers=headers)
