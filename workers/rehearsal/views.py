"""The page of a workflow's rehearsal. Thin: `workers.rehearsal.keeping` acts, `shown` lays the matrix out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from config.accounts.permissions import page_for, require_here
from config.accounts.rate_limits import caller, consume
from config.lib.errors import SagaboardError, Unreadable
from config.lib.json_reader import read_json
from designer.errors import UnknownWorkflow
from designer.models import Workflow
from designer.services.queries import get_workflow
from workers.rehearsal import keeping, shown
from workers.rehearsal.models import CHECK_LENGTH_MAX, Rehearsal

UNPROCESSABLE = 422


class RehearsalForm(forms.Form):
    input = forms.CharField(
        required=False,
        widget=forms.Textarea({"class": "input code", "rows": 4, "spellcheck": "false"}),
        help_text="A JSON object; left empty, the sample input",
    )
    check = forms.CharField(
        required=False,
        max_length=CHECK_LENGTH_MAX,
        label="Who judges the books, too",
        widget=forms.TextInput({"class": "input code", "spellcheck": "false", "autocomplete": "off"}),
        help_text='A worker, or an expression such as =run.status == "completed" || undone.size() > 0',
    )

    def clean_input(self) -> dict[str, Any] | None:
        text = self.cleaned_data["input"].strip()
        if not text:
            return None
        try:
            value = read_json(text)
        except Unreadable as error:
            raise forms.ValidationError(str(error)) from error
        if not isinstance(value, dict):
            raise forms.ValidationError("An input is a JSON object.")
        return value


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page_for("view")
def rehearsal_page(request: HttpRequest, name: str) -> HttpResponse:
    """Shows the newest rehearsal; POST starts one, or stops the one under way."""
    try:
        workflow = get_workflow(name)
    except UnknownWorkflow as error:
        raise Http404(str(error)) from error
    if request.method != "POST":
        return _show(request, workflow, RehearsalForm())
    require_here(request, "design")
    if request.POST.get("act") == "stop":
        keeping.stop(name)
        return redirect("rehearsal", name)
    form = RehearsalForm(request.POST)
    if form.is_valid():
        consume("starts", caller(request))
        try:
            keeping.begin(name, form.cleaned_data["input"], None, form.cleaned_data["check"], request.user)
            return redirect("rehearsal", name)
        except SagaboardError as error:
            form.add_error(None, str(error))
    return _show(request, workflow, form, UNPROCESSABLE)


def _show(request: HttpRequest, workflow: Workflow, form: RehearsalForm, status: int = 200) -> HttpResponse:
    try:
        rehearsal = keeping.newest(workflow.name)
    except keeping.NoRehearsal:
        rehearsal = None
    context = {
        "workflow": workflow,
        "form": form,
        "rehearsal": rehearsal,
        "is_under_way": rehearsal is not None and rehearsal.status == Rehearsal.Status.UNDER_WAY,
        "is_current": rehearsal is not None and keeping.is_current(rehearsal, workflow),
        "matrix": None if rehearsal is None else shown.matrix(rehearsal.content),
    }
    return render(request, "rehearsal/page.html", context, status=status)
