"""Answers where nobody could serve: the database is away, this code is too old (503); or a bug (500)."""

from __future__ import annotations

import sys

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

from config.api import problem
from config.commands import database_trouble
from runs.away import is_away
from runs.errors import NewerState

RETRY_AFTER_S = 5
AGAIN = "Nothing is lost; try again in a moment."


def failed(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`: called while the exception is being handled."""
    error = sys.exc_info()[1]
    if isinstance(error, Error) and is_away(error):
        reason, code, title = database_trouble(error), "database_away", "The database is away"
    elif isinstance(error, NewerState):
        reason, code, title = str(error), error.code, "This run needs the newer version"
    else:
        return server_error(request)
    if request.path.startswith(("/api/", "/hooks/")):
        response = problem(503, f"{reason} {AGAIN}", code)
    else:
        response = HttpResponse(render_to_string("503.html", {"reason": reason, "title": title}), status=503)
    response["Retry-After"] = str(RETRY_AFTER_S)
    return response
