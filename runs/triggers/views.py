"""The pages of a workflow's triggers. Thin: permissions, forms, messages; services of `runs.triggers` act."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from config.accounts.permissions import may_here, page_for, require_here
from config.accounts.rate_limits import caller, consume
from config.lib.errors import SagaboardError
from config.lib.json import json_text
from designer.models import Workflow
from designer.services.queries import find_version
from runs.errors import BadInput, UnknownCall, UnknownTrigger
from runs.form_fields import as_text
from runs.models import Trigger
from runs.store import reader
from runs.triggers import calls, hooks, service, testing
from runs.triggers.api import CALLS_MAX, PREVIEWED, hook_address
from runs.triggers.forms import TestForm, form_of, forms_for
from runs.triggers.hooks import Taken
from runs.triggers.lines import line_of, triggers_of

UNPROCESSABLE = 422


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page_for("view")
def trigger_list(request: HttpRequest, name: str) -> HttpResponse:
    """Shows the triggers; POST creates one. A webhook's address is shown only in that response."""
    workflow = get_object_or_404(Workflow.objects.defer("draft"), name=name)
    if request.method != "POST":
        return _show(request, workflow)
    require_here(request, "design")
    kind = request.POST.get("kind", "")
    form = forms_for(request.POST, kind, None).get(kind)
    if form is None:
        messages.error(request, "Choose what is to start the workflow.")
        return redirect("trigger-list", name)
    created = form.create(workflow, request.user)
    if created is None:
        return _show(request, workflow, form=form)
    trigger, token = created
    if token:
        return _show_one(request, trigger, made=hook_address(request, token))
    messages.success(request, f"{trigger} starts runs of {workflow.name} from now on.")
    return redirect("trigger-list", name)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page_for("view")
def trigger_detail(request: HttpRequest, name: str, pk: int) -> HttpResponse:
    """One trigger with its last calls; POST changes it."""
    if request.method != "POST":
        return _show_one(request, _find(name, pk))
    require_here(request, "design")
    trigger = _find(name, pk)
    form = form_of(trigger, request.POST)
    if form.change(trigger, request.user) is None:
        return _show_one(request, _find(name, pk), form=form)
    messages.success(request, "It is changed, and counts from now on.")
    return redirect("trigger-detail", name, pk)


@require_POST
@never_cache
@page_for("design")
def trigger_act(request: HttpRequest, name: str, pk: int, act: str) -> HttpResponse:
    """Switches a trigger on or off, removes it, or replaces a webhook's address and shows the new one."""
    trigger = _find(name, pk)
    try:
        if act == "rotate":
            token = service.rotate(trigger, request.user)
            return _show_one(request, trigger, made=hook_address(request, token))
        _act_of(act)(trigger, request.user)
    except BadInput as error:
        messages.error(request, str(error))
    return redirect("trigger-list", name)


@require_POST
@never_cache
@page_for("view")
def trigger_test(request: HttpRequest, name: str, pk: int) -> HttpResponse:
    """Calls a webhook as its sender would, and shows what came of it and how to do it by curl."""
    trigger = _may_start(request, name, pk)
    form = TestForm(request.POST)
    if not form.is_valid():
        return _show_one(request, trigger, test=form)
    body = json_text(form.cleaned_data["body"]).encode()
    try:
        taken, curl = testing.test(trigger, body, request.user)
    except SagaboardError as error:
        messages.error(request, f"It was refused with {error.status}: {error}")
        return _show_one(request, _find(name, pk), test=form)
    _tell(request, taken)
    return _show_one(request, _find(name, pk), test=form, curl=curl)


@require_POST
@never_cache
@page_for("view")
def trigger_replay(request: HttpRequest, name: str, pk: int, call_id: int) -> HttpResponse:
    """Does again what a call asked for."""
    trigger = _may_start(request, name, pk)
    try:
        call = calls.find_call(trigger, call_id)
        once = request.POST.get("once", "")[:100] or uuid4().hex
        _tell(request, hooks.replay(trigger, call, request.user, once))
    except UnknownCall as error:
        raise Http404(str(error)) from error
    except SagaboardError as error:
        messages.error(request, f"It was refused with {error.status}: {error}")
    return redirect("trigger-detail", name, pk)


def _tell(request: HttpRequest, taken: Taken) -> None:
    if taken.skipped:
        messages.warning(request, f"It started nothing. {taken.skipped}")
    elif taken.run_id is None:
        messages.success(request, "Its input is held back and starts a run soon.")
    elif taken.outcome == calls.Outcome.KNOWN:
        messages.warning(request, f"It came before, and had started the run {taken.run_id}.")
    else:
        messages.success(request, f"It started the run {taken.run_id}.")


def _may_start(request: HttpRequest, name: str, pk: int) -> Trigger:
    """The trigger, for somebody who may operate or design. Raises PermissionDenied."""
    if not may_here(request, "operate"):
        require_here(request, "design")
    consume("starts", caller(request))
    return _find(name, pk)


def _find(name: str, pk: int) -> Trigger:
    try:
        return service.find(name, pk)
    except UnknownTrigger as error:
        raise Http404(str(error)) from error


def _act_of(act: str) -> Callable[[Trigger, Any], Any]:
    acts: dict[str, Callable[[Trigger, Any], Any]] = {
        "on": lambda trigger, user: service.change(trigger, user, is_enabled=True),
        "off": lambda trigger, user: service.change(trigger, user, is_enabled=False),
        "remove": service.remove,
    }
    if act not in acts:
        raise Http404(f"{act} is nothing that can be done with a trigger")
    return acts[act]


def _show(request: HttpRequest, workflow: Workflow, form: Any = None) -> HttpResponse:
    version = find_version(workflow)
    forms = forms_for(None, "", _sample(workflow))
    if form is not None:
        forms[form.kind] = form
    context = {
        "workflow": workflow,
        "version": version,
        "forms": forms,
        "lines": triggers_of(workflow.name),
    }
    status = UNPROCESSABLE if form is not None else 200
    return render(request, "triggers/list.html", context, status=status)


def _show_one(request: HttpRequest, trigger: Trigger, **parts: Any) -> HttpResponse:
    """`parts`: `form` or `test` with errors, `curl` of a test call, `made`: an address that is shown once."""
    is_schedule = trigger.kind == Trigger.Kind.SCHEDULE
    context = {
        "workflow": trigger.workflow,
        "one": trigger,
        "line": line_of(trigger),
        "form": form_of(trigger),
        "test": TestForm(initial={"body": as_text(_sample(trigger.workflow))}),
        "calls": calls.of_trigger(trigger)[:CALLS_MAX],
        "once": uuid4().hex,
        "next": service.times_of(trigger).next_ones(reader.now(), PREVIEWED) if is_schedule else [],
        "secret_problems": testing.secret_problems(trigger) if may_here(request, "design") else [],
        "may_start": may_here(request, "operate") or may_here(request, "design"),
    } | parts
    has_errors = any(part in parts and parts[part].errors for part in ("form", "test"))
    return render(request, "triggers/detail.html", context, status=UNPROCESSABLE if has_errors else 200)


def _sample(workflow: Workflow) -> Any:
    version = find_version(workflow)
    return (version.document.get("sample_input") if version else None) or {}
