"""Answers that are to wait for the end of a run: how a view says so, and how it is called again.

The middleware that waits is `runs.live.waiting`; where there is none, the view's first answer is given.
"""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse

WAIT = "X-Wait-For-Run"
WAITED = "waited_for_run"  # in the ASGI scope, which no client can write


def wait_for(response: HttpResponse, run_id: UUID, seconds: float) -> None:
    """Has an answer held back until the run has ended, at most for so long; then the view is called again."""
    response[WAIT] = f"{run_id} {seconds:g}"


def waited_for(request: HttpRequest) -> UUID | None:
    """The run whose end was waited for, where a view is called again."""
    run_id: UUID | None = getattr(request, "scope", {}).get(WAITED)
    return run_id
