"""Django's error handlers: unknown address, malformed request, database unavailable, newer state, bug.

API and webhooks get problem documents (RFC 9457), pages get HTML.
"""

from __future__ import annotations

import sys

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import bad_request, page_not_found, server_error

from config.lib.commands import database_trouble
from config.lib.database_errors import is_unavailable
from config.lib.problems import problem
from config.middleware import PROBLEM_PATHS
from runs.errors import NewerState

RETRY_AFTER_S = 5
RETRY_HINT = "Nothing is lost; try again in a moment."


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler404`."""
    if request.path.startswith(PROBLEM_PATHS):
        return problem(404, "Nothing has that address.", "not_found")
    return page_not_found(request, exception)


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler400`."""
    if request.path.startswith(PROBLEM_PATHS):
        return problem(400, "The request cannot be read.", "malformed")
    return bad_request(request, exception)


def failed(request: HttpRequest) -> HttpResponse:
    """`handler500`. Django calls it while the exception is being handled.

    503 with Retry-After if waiting helps: the database is unavailable, or the run was written by newer code.
    """
    error = sys.exc_info()[1]
    if isinstance(error, Error) and is_unavailable(error):
        reason, code, title = database_trouble(error), "database_away", "The database is away"
    elif isinstance(error, NewerState):
        reason, code, title = str(error), error.code, "This run needs the newer version"
    else:
        return server_error(request)
    if request.path.startswith(PROBLEM_PATHS):
        response = problem(503, f"{reason} {RETRY_HINT}", code)
    else:
        response = HttpResponse(render_to_string("503.html", {"reason": reason, "title": title}), status=503)
    response["Retry-After"] = str(RETRY_AFTER_S)
    return response
