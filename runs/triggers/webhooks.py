"""Endpoint of webhooks. The token in its address permits to start runs of one workflow, and nothing else.

It uses no session, so that a forged request of a foreign page gains nothing: it is exempt from CSRF checks.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from config.accounts.rate_limits import client_ip, consume
from config.lib.errors import SagaboardError
from config.lib.json import iso
from config.lib.problems import problem, refused
from runs.delivery.waiting import wait_for, waited_for
from runs.errors import BadSender, TooLarge
from runs.machine.states import RUN_ENDED
from runs.models import Trigger
from runs.queries.lookup import find_run
from runs.queries.runs import run_json
from runs.triggers import service
from runs.triggers.api import body_of, headers_of
from runs.triggers.calls import Incoming, Outcome, note_call
from runs.triggers.debounce import Held
from runs.triggers.hooks import Taken, take_call
from runs.triggers.spec import Answer

RUN_HEADER = "X-Run"
LOCATION = "Location"


@csrf_exempt
def hook(request: HttpRequest, token: str) -> HttpResponse:
    """Answers 201 with the run, or 200 if this delivery or Idempotency-Key has started it before.

    200 without a run where it started nothing and is not to be sent again: the workflow is full and skips
    what comes then, or the call is not for it. 202 where it holds inputs back: the last one starts a run at
    `until`, if nothing else comes. A webhook that waits answers with the output of its run.
    """
    if request.method != "POST":
        response = problem(405, "A webhook is called with POST.")
        response["Allow"] = "POST"
        return response
    try:
        trigger = service.hook_of(token)
        run_id = waited_for(request)
        if run_id is not None:
            return ended_response(trigger, run_id)
        consume("hooks", f"hook {trigger.pk}")
        return response_to(trigger, take_call(trigger, _incoming(trigger, request)))
    except SagaboardError as error:
        response = refused(request, error)
        if isinstance(error, BadSender) and error.scheme == "basic":
            response["WWW-Authenticate"] = 'Basic realm="webhook", charset="UTF-8"'
        return response


def _incoming(trigger: Trigger, request: HttpRequest) -> Incoming:
    """The call as it came. One that is too large is noted, too. Raises TooLarge."""
    source = client_ip(request)
    try:
        body = body_of(request)
    except TooLarge as error:
        note_call(trigger, Outcome.REFUSED, status=error.status, reason=str(error), source=source)
        raise
    return Incoming(headers_of(request), body, {name: request.GET[name] for name in request.GET}, source)


def response_to(trigger: Trigger, taken: Taken) -> HttpResponse:
    """The answer to a call, or one that waits for the end of its run."""
    document: dict[str, Any] = {"run": None, "workflow": trigger.workflow.name}
    if taken.result is None:
        return JsonResponse(document | {"skipped": taken.skipped})
    if isinstance(taken.result, Held):
        document |= {"debounced": True, "until": iso(taken.result.until), "is_new": taken.result.is_new}
        return JsonResponse(document, status=taken.status)
    run = taken.result.run
    if trigger.answer:
        response = ended_response(trigger, run.pk)
        if response.status_code == 202:
            wait_for(response, run.pk, Answer.model_validate(trigger.answer).wait)
        return response
    document |= {"run": str(run.pk), "is_new": taken.result.is_new}
    return JsonResponse(document, status=taken.status)


def ended_response(trigger: Trigger, run_id: UUID) -> HttpResponse:
    """The answer of a webhook that waits: the run's output, a problem, or that it is under way."""
    answer = Answer.model_validate(trigger.answer)
    run = find_run(run_id)
    address = reverse("api:get_run", args=[run_id])
    if run.status not in RUN_ENDED:
        document = {"run": str(run_id), "workflow": trigger.workflow.name, "status": run.status}
        response: HttpResponse = JsonResponse(document | {"address": address}, status=202)
    elif run.status == "completed":
        response = JsonResponse(run_json(run)["output"], status=answer.status)
    else:
        code = (run.error or {}).get("code", "")
        detail = f"The run ended as {run.status}."
        response = problem(
            answer.failed, detail, "run_failed", run=str(run_id), run_status=run.status, error=code
        )
    response[RUN_HEADER], response[LOCATION] = str(run_id), address
    return response
