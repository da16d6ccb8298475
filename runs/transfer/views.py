"""Pages that import a run from a file and remove it again. Thin: `import_` and `retention` do the work."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from config.accounts.permissions import page_for
from designer.services.folder_rights import barred
from runs.lists.filters import Filters
from runs.lists.search import page_of
from runs.maintenance.retention import remove_imported
from runs.models import Run
from runs.transfer.export import FILE_BYTES_MAX
from runs.transfer.import_ import ImportRefused, keep, read

UNPROCESSABLE = 422


class FileForm(forms.Form):
    """A run's file, checked for its size only; `runs.transfer.import_` checks its content."""

    file = forms.FileField(
        error_messages={"required": "Choose a file, or drop one here.", "empty": "The file is empty."},
        widget=forms.FileInput({"class": "file-input", "accept": ".json"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > FILE_BYTES_MAX:
            limit = f"{FILE_BYTES_MAX // 1_000_000} MB"
            raise ValidationError(f"The file has {file.size:,} bytes; the limit is {limit}.")
        return file


@require_http_methods(["GET", "HEAD", "POST"])
@page_for("operate")
def run_open(request: HttpRequest) -> HttpResponse:
    """Shows the imported runs, newest first; POST imports another file."""
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            run = keep(read(file.read()), request.user, file.name)
            return redirect("run-detail", run_id=run.pk)
        except ImportRefused as refused:
            form.add_error("file", str(refused))
    runs, _ = page_of(Filters(imported=True, hidden=barred(request.user, "view")))
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "runs/open.html", {"form": form, "runs": runs}, status=status)


@require_POST
@page_for("operate")
def run_remove(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Begins the removal of an imported run; the scheduler deletes its rows."""
    run = get_object_or_404(Run, pk=run_id, imported__isnull=False)
    remove_imported(run)
    messages.success(request, f"The copy of a run of {run.workflow_name} is removed.")
    return redirect("run-open")
