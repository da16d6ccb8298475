"""The page of a workflow's triggers. Thin: permissions, forms, messages; `runs.triggers.service` acts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from config.accounts.permissions import page_for, require
from designer.models import Workflow
from designer.services.queries import find_version
from runs.errors import BadInput, UnknownTrigger
from runs.models import Trigger
from runs.triggers import service
from runs.triggers.api import hook_address
from runs.triggers.forms import forms_for
from runs.triggers.lines import triggers_of

UNPROCESSABLE = 422


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@page_for("view")
def trigger_list(request: HttpRequest, name: str) -> HttpResponse:
    """Shows the triggers; POST creates one. A webhook's address is shown only in that response."""
    workflow = get_object_or_404(Workflow.objects.defer("draft"), name=name)
    if request.method != "POST":
        return _show(request, workflow)
    require(request.user, "design")
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
        return _show(request, workflow, token=token)
    messages.success(request, f"{trigger} starts runs of {workflow.name} from now on.")
    return redirect("trigger-list", name)


@require_POST
@never_cache
@page_for("design")
def trigger_act(request: HttpRequest, name: str, pk: int, act: str) -> HttpResponse:
    """Switches a trigger on or off, removes it, or replaces a webhook's address and shows the new one."""
    try:
        trigger = service.find(name, pk)
        if act == "rotate":
            return _show(request, trigger.workflow, token=service.rotate(trigger, request.user))
        _act_of(act)(trigger, request.user)
    except UnknownTrigger as error:
        raise Http404(str(error)) from error
    except BadInput as error:
        messages.error(request, str(error))
    return redirect("trigger-list", name)


def _act_of(act: str) -> Callable[[Trigger, Any], Any]:
    acts: dict[str, Callable[[Trigger, Any], Any]] = {
        "on": lambda trigger, user: service.change(trigger, user, is_enabled=True),
        "off": lambda trigger, user: service.change(trigger, user, is_enabled=False),
        "remove": service.remove,
    }
    if act not in acts:
        raise Http404(f"{act} is nothing that can be done with a trigger")
    return acts[act]


def _show(
    request: HttpRequest, workflow: Workflow, form: Any = None, token: str | None = None
) -> HttpResponse:
    version = find_version(workflow)
    sample = version.document.get("sample_input") if version else None
    forms = forms_for(None, "", sample)
    if form is not None:
        forms[form.kind] = form
    context = {
        "workflow": workflow,
        "version": version,
        "forms": forms,
        "lines": triggers_of(workflow.name),
        "made": hook_address(request, token) if token else "",
    }
    status = UNPROCESSABLE if form is not None else 200
    return render(request, "triggers/list.html", context, status=status)
