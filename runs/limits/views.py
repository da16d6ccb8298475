"""The page of named limits. Thin: permissions and forms; `runs.limits.service` acts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from config.accounts.permissions import page_for, require
from designer.models import LIMIT_PER_S
from runs.errors import LimitRefused
from runs.limits import service
from runs.limits.service import NUMBER_MAX
from workers.sdk.limits import SECONDS_MAX

UNPROCESSABLE = 422
ANY = "Empty: any number"
NUMBER: dict[str, Any] = {"min_value": 1, "max_value": NUMBER_MAX, "required": False, "help_text": ANY}


def _number(**attributes: str) -> forms.NumberInput:
    return forms.NumberInput({"class": "input", **attributes})


class LimitForm(forms.Form):
    name = forms.CharField(
        max_length=63,
        widget=forms.TextInput({"class": "input", "autocomplete": "off", "spellcheck": "false"}),
        help_text="As steps and workers state it, such as stripe",
    )
    at_once = forms.IntegerField(label="Calls at a time", widget=_number(), **NUMBER)
    rate = forms.IntegerField(label="Calls in a time", widget=_number(), **NUMBER)
    per = forms.FloatField(
        max_value=SECONDS_MAX,
        initial=f"{LIMIT_PER_S:g}",
        label="That time, in seconds",
        widget=_number(step="any"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page_for("view")
def limit_list(request: HttpRequest) -> HttpResponse:
    """Shows the limits with how they stand; POST states one, or other numbers for it."""
    if request.method != "POST":
        return _show(request, LimitForm())
    require(request.user, "operate")
    form = LimitForm(request.POST)
    if not form.is_valid():
        return _show(request, form)
    try:
        limit = service.change(user=request.user, **form.cleaned_data)
    except LimitRefused as refused:
        form.add_error(None, str(refused))
        return _show(request, form)
    messages.success(request, f"{limit.name} now: {service.words(limit)}.")
    return redirect("limit-list")


def _show(request: HttpRequest, form: LimitForm) -> HttpResponse:
    rows = [(one, service.words(one.limit)) for one in service.standings()]
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "limits/list.html", {"rows": rows, "form": form}, status=status)
