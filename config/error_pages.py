"""Answers where no page or call could: nothing is there, the database is away, this code is old, or a bug."""

from __future__ import annotations

import sys

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import bad_request, page_not_found, server_error

from config.lib.commands import database_trouble
from config.lib.database_errors import is_unavailable
from config.lib.problems import problem
from runs.errors import NewerState

RETRY_AFTER_S = 5
PROGRAMS = ("/api/", "/hooks/")  # they are answered with problem documents
AGAIN = "Nothing is lost; try again in a moment."


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler404`: programs get a problem document, also where no call has that address."""
    if request.path.startswith(PROGRAMS):
        return problem(404, "Nothing has that address.", "not_found")
    return page_not_found(request, exception)


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's `handler400`."""
    if request.path.startswith(PROGRAMS):
        return problem(400, "The request cannot be read.", "malformed")
    return bad_request(request, exception)


def failed(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`: called while the exception is being handled."""
    error = sys.exc_info()[1]
    if isinstance(error, Error) and is_unavailable(error):
        reason, code, title = database_trouble(error), "database_away", "The database is away"
    elif isinstance(error, NewerState):
        reason, code, title = str(error), error.code, "This run needs the newer version"
    else:
        return server_error(request)
    if request.path.startswith(PROGRAMS):
        response = problem(503, f"{reason} {AGAIN}", code)
    else:
        response = HttpResponse(render_to_string("503.html", {"reason": reason, "title": title}), status=503)
    response["Retry-After"] = str(RETRY_AFTER_S)
    return response
