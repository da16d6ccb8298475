"""Pages that import a run from a file and remove it again. Thin: `import_` and `retention` do the work."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from config.accounts.permissions import page_for
from runs.lists.search import Filters, page_of
from runs.maintenance.retention import remove_imported
from runs.models import Run
from runs.transfer.forms import FileForm
from runs.transfer.import_ import ImportRefused, keep, read

UNPROCESSABLE = 422


@require_http_methods(["GET", "HEAD", "POST"])
@page_for("operate")
def run_open(request: HttpRequest) -> HttpResponse:
    """Shows the imported runs, newest first; POST imports another file."""
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    run = _imported(form, request) if form.is_valid() else None
    if run is not None:
        return redirect("run-detail", run_id=run.pk)
    runs, _ = page_of(Filters(imported=True))
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "runs/open.html", {"form": form, "runs": runs}, status=status)


def _imported(form: FileForm, request: HttpRequest) -> Run | None:
    """The imported run; None with the error in the form if the file is refused."""
    file = form.cleaned_data["file"]
    try:
        return keep(read(file.read()), request.user, file.name)
    except ImportRefused as refused:
        form.add_error("file", str(refused))
        return None


@require_POST
@page_for("operate")
def run_remove(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Begins the removal of an imported run; the scheduler deletes its rows."""
    run = get_object_or_404(Run, pk=run_id, imported__isnull=False)
    remove_imported(run)
    messages.success(request, f"The copy of a run of {run.workflow_name} is removed.")
    return redirect("run-open")
