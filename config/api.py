"""The REST API under `/api/v1/`: its schema, who is let in, and errors as problem documents (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja.errors import AuthenticationError, HttpError, ValidationError

from config.callers import callers
from config.description import DescribedAPI
from config.operation_api import router as operation_router
from config.parsing import StrictParser
from designer import errors as designer_errors
from designer.api import router as designer_router
from designer.documents_api import router as documents_router
from designer.problems import Problem
from runs.api import router as runs_router
from runs.bulk_api import router as bulk_router
from runs.charts_api import router as charts_router
from runs.errors import (
    AnsweredAlready,
    BadInput,
    NewerState,
    NotSupported,
    RunsError,
    TooLarge,
    UnknownIntervention,
    UnknownRun,
    UnknownTrigger,
    UnknownWorkflow,
)
from runs.machine.errors import Refused
from runs.records_api import router as records_router
from runs.trials_api import router as trials_router
from runs.triggers_api import router as triggers_router
from runs.watching import UnknownValue
from runs.watching_api import router as watching_router

api = DescribedAPI(
    title="Sagaboard", version="1", urls_namespace="api", auth=callers("view"), parser=StrictParser()
)
api.add_router("", runs_router)
api.add_router("", watching_router)
api.add_router("", records_router)
api.add_router("", designer_router)
api.add_router("", documents_router)
api.add_router("", trials_router)
api.add_router("", charts_router)
api.add_router("", bulk_router)
api.add_router("", triggers_router)
api.add_router("", operation_router)

STATUSES: dict[type[Exception], int] = {
    UnknownRun: 404,
    UnknownWorkflow: 404,
    UnknownIntervention: 404,
    UnknownTrigger: 404,
    NotSupported: 415,
    TooLarge: 413,
    UnknownValue: 404,
    BadInput: 422,
    NewerState: 503,
    RunsError: 400,
    Refused: 409,
    designer_errors.UnknownWorkflow: 404,
    designer_errors.NotPublished: 404,
    designer_errors.UnknownStep: 404,
    designer_errors.NoPlan: 409,
    designer_errors.StaleDraft: 412,
    designer_errors.RevisionNeeded: 428,
    designer_errors.PublishRefused: 409,
    designer_errors.TrialRefused: 409,
    designer_errors.DocumentRefused: 422,
    designer_errors.DesignerError: 400,
    PermissionDenied: 403,
    Http404: 404,
    AuthenticationError: 401,
}

ALTERNATIVES = ("one", "many")  # tags of what a body may be; see runs.api


def problem(status: int, detail: str, code: str = "", **more: Any) -> HttpResponse:
    """An `application/problem+json` answer."""
    document = {
        "type": f"urn:sagaboard:{code}" if code else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }
    return JsonResponse(document, status=status, content_type="application/problem+json")


def refused(request: HttpRequest, error: Any) -> HttpResponse:
    status = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    return problem(status, str(error), getattr(error, "code", ""), **_more(error))


def _more(error: Any) -> dict[str, Any]:
    """What a person needs besides the words: the problems of a document, both sides of a conflict."""
    if isinstance(error, designer_errors.StaleDraft):
        return {"revision": error.revision, "current": error.current, "yours": error.yours}
    if isinstance(error, AnsweredAlready):
        return {"answered_by": error.by or None, "answer": error.answer}
    found = getattr(error, "problems", None) or []
    problems = [part.as_json() if isinstance(part, Problem) else part for part in found]
    return {"problems": problems} if problems else {}


def _malformed(request: HttpRequest, error: Any) -> HttpResponse:
    problems = [
        {"code": found["type"], "path": _place(found["loc"]), "message": found["msg"]}
        for found in error.errors
    ]
    return problem(422, "The request is not well-formed.", "malformed", problems=problems)


def _place(loc: tuple[str | int, ...]) -> str:
    """Where in a request: `query.since`, `body.mode`; in a list that is the whole body, `[3].input`."""
    names = [str(part) for part in loc if part not in ALTERNATIVES]
    if "many" not in loc:
        return ".".join(names)
    _, _, *rest = names
    return ".".join([f"[{rest[0]}]", *rest[1:]]) if rest else "body"


def _http_error(request: HttpRequest, error: Any) -> HttpResponse:
    cause = error.__cause__
    return problem(error.status_code, str(cause if isinstance(cause, RunsError) else error))


for kind in STATUSES:
    api.add_exception_handler(kind, refused)
api.add_exception_handler(ValidationError, _malformed)
api.add_exception_handler(HttpError, _http_error)
