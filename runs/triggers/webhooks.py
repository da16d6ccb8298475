"""Endpoint of webhooks. The token in its address permits to start runs of one workflow, and nothing else.

It uses no session, so that a forged request of a foreign page gains nothing: it is exempt from CSRF checks.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from config.accounts.rate_limits import consume
from config.lib.errors import SagaboardError
from config.lib.json import iso
from config.lib.problems import problem, refused
from runs.errors import BadInput, WorkflowFull
from runs.machine.limits import IDEMPOTENCY_KEY_LENGTH_MAX
from runs.triggers import service
from runs.triggers.api import body_of, headers_of
from runs.triggers.cloudevents import read_body
from runs.triggers.debounce import Held
from runs.triggers.deliveries import IDEMPOTENCY_KEY, delivery_of


@csrf_exempt
def hook(request: HttpRequest, token: str) -> HttpResponse:
    """Answers 201 with the run, or 200 if this delivery or Idempotency-Key has started it before.

    200 without a run where the workflow is full, and skips what comes then. 202 where it holds inputs back:
    the last one starts a run at `until`, if nothing else comes.
    """
    if request.method != "POST":
        response = problem(405, "A webhook is called with POST.")
        response["Allow"] = "POST"
        return response
    try:
        return _start(request, token)
    except SagaboardError as error:
        return refused(request, error)


def _start(request: HttpRequest, token: str) -> HttpResponse:
    trigger = service.hook_of(token)
    consume("hooks", f"hook {trigger.pk}")
    headers = headers_of(request)
    key = headers.get(IDEMPOTENCY_KEY)
    if key is not None and not 0 < len(key) <= IDEMPOTENCY_KEY_LENGTH_MAX:
        raise BadInput(f"An Idempotency-Key has 1 to {IDEMPOTENCY_KEY_LENGTH_MAX} characters.")
    body = read_body(headers, body_of(request))
    delivery = delivery_of(headers, body, trigger.delivery)
    try:
        started = service.start_by_hook(trigger, body, headers, delivery)
    except WorkflowFull as full:  # an error would make its sender try again
        return JsonResponse({"run": None, "workflow": trigger.workflow.name, "skipped": str(full)})
    if isinstance(started, Held):
        held = {"debounced": True, "until": iso(started.until), "is_new": started.is_new}
        return JsonResponse({"run": None, "workflow": trigger.workflow.name, **held}, status=202)
    answer = {"run": str(started.run.pk), "workflow": trigger.workflow.name, "is_new": started.is_new}
    return JsonResponse(answer, status=201 if started.is_new else 200)
