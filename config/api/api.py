"""The REST API under `/api/v1/`: routers, authentication, and errors as problem documents (RFC 9457).

Wiring only: each router is defined in the app that it belongs to.
"""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser

from config.accounts.authentication import callers
from config.api.openapi import DescribedAPI
from config.lib.errors import SagaboardError
from config.lib.json_reader import check_json_type, read_json
from config.lib.problems import FRAMEWORK_STATUSES, problem, refused
from config.operations.api import router as operation_router
from designer.web.api import router as designer_router
from designer.web.connections_api import router as connections_router
from designer.web.openapi_api import router as openapi_router
from designer.web.shelf_api import router as shelf_router
from runs.detail.api import router as runs_router
from runs.detail.page_api import router as run_page_router
from runs.interventions.api import router as interventions_router
from runs.limits.api import router as limits_router
from runs.lists.api import router as lists_router
from runs.proof.api import router as proof_router
from runs.saved_tests.api import router as saved_tests_router
from runs.statistics.api import router as statistics_router
from runs.subscriptions.api import router as subscriptions_router
from runs.transfer.api import router as transfer_router
from runs.trials.api import router as trials_router
from runs.triggers.api import router as triggers_router
from runs.triggers.events_api import router as events_router
from workers.rehearsal.api import router as rehearsal_router

EMPTY_FORM = re.compile(rb"--[^\r\n]{1,200}--(\r\n)?")  # multipart: its last boundary alone


class StrictParser(Parser):
    """Reads bodies as all JSON from outside is read, so that stored JSON stays unchanged."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Raises Unreadable or NotSupported; ninja makes it the cause of an HttpError.

        A form without fields, as some clients send where there is nothing to send, is no body.
        """
        if EMPTY_FORM.fullmatch(request.body):
            return None
        check_json_type(request.headers.get("content-type", ""))
        return read_json(request.body)


api = DescribedAPI(
    title="Sagaboard", version="1", urls_namespace="api", auth=callers("view"), parser=StrictParser()
)
api.add_router("", runs_router)
api.add_router("", interventions_router)
api.add_router("", run_page_router)
api.add_router("", transfer_router)
api.add_router("", designer_router)
api.add_router("", connections_router)
api.add_router("", openapi_router)
api.add_router("", shelf_router)
api.add_router("", trials_router)
api.add_router("", proof_router)
api.add_router("", saved_tests_router)
api.add_router("", rehearsal_router)
api.add_router("", statistics_router)
api.add_router("", lists_router)
api.add_router("", triggers_router)
api.add_router("", events_router)
api.add_router("", subscriptions_router)
api.add_router("", limits_router)
api.add_router("", operation_router)


ALTERNATIVES = ("one", "many")  # tags of the body's union type in runs.detail.api; no part of a path


def _malformed(request: HttpRequest, error: Any) -> HttpResponse:
    problems = [
        {"code": item["type"], "path": _path(item["loc"]), "message": item["msg"]} for item in error.errors
    ]
    return problem(422, "The request is not well-formed.", "malformed", problems=problems)


def _path(loc: tuple[str | int, ...]) -> str:
    """Path of a value in a request: `query.since`, `body.mode`; `[3].input` if the whole body is a list."""
    names = [str(part) for part in loc if part not in ALTERNATIVES]
    if "many" not in loc:
        return ".".join(names)
    _, _, *rest = names
    return ".".join([f"[{rest[0]}]", *rest[1:]]) if rest else "body"


def _http_error(request: HttpRequest, error: Any) -> HttpResponse:
    cause = error.__cause__
    if isinstance(cause, SagaboardError):
        return refused(request, cause)
    return problem(error.status_code, str(error))


REPORTED: tuple[type[Exception], ...] = (SagaboardError, *FRAMEWORK_STATUSES)
for kind in REPORTED:
    api.add_exception_handler(kind, refused)
api.add_exception_handler(ValidationError, _malformed)
api.add_exception_handler(HttpError, _http_error)
