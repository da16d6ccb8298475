"""Answers for requests that nobody could serve: the database is away (503), or there is a bug (500)."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

from config.api import problem
from config.commands import database_trouble

RETRY_AFTER_S = 5
AGAIN = "Nothing is lost; try again in a moment."


def failed(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`: called while the exception is being handled."""
    error = sys.exc_info()[1]
    if not isinstance(error, OperationalError | InterfaceError):
        return server_error(request)
    reason = database_trouble(error)
    if request.path.startswith("/api/"):
        response = problem(503, f"{reason} {AGAIN}", "database_away")
    else:
        response = HttpResponse(render_to_string("503.html", {"reason": reason}), status=503)
    response["Retry-After"] = str(RETRY_AFTER_S)
    return response
