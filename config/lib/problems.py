"""Problem documents: errors as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja.errors import AuthenticationError

from config.lib.errors import SagaboardError

FRAMEWORK_STATUSES: dict[type[Exception], int] = {
    PermissionDenied: 403,
    Http404: 404,
    AuthenticationError: 401,
}


def problem(status: int, detail: str, code: str = "", **facts: Any) -> HttpResponse:
    """A response with a problem document; `facts` are its further members."""
    document = {
        "type": f"urn:sagaboard:{code}" if code else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **facts,
    }
    return JsonResponse(document, status=status, content_type="application/problem+json")


def refused(request: HttpRequest, error: Any) -> HttpResponse:
    """The response for a SagaboardError, or for an error of the framework in `FRAMEWORK_STATUSES`."""
    if isinstance(error, SagaboardError):
        response = problem(error.status, str(error), error.code, **error.facts())
        if error.retry_after_s is not None:
            response["Retry-After"] = str(error.retry_after_s)
        return response
    status = next(FRAMEWORK_STATUSES[kind] for kind in type(error).__mro__ if kind in FRAMEWORK_STATUSES)
    return problem(status, str(error))
