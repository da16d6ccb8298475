"""The REST call that exports a run. Thin: `runs.transfer.export` writes the file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from config.accounts.permissions import may_here, require_here
from runs.queries.lookup import find_run
from runs.transfer.export import export

router = Router(tags=["runs"])


@router.get("/runs/{uuid:run_id}/export", response=Any)
def get_export(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """A run that has ended as one JSON file: definition, input, journal, outputs, and those that it started.

    Sealed values are dots; who may operate gets tracebacks too. 409 while it is under way; 400 beyond 32 MB.
    """
    require_here(request, "view")
    run = find_run(run_id)
    origin = request.build_absolute_uri("/").rstrip("/")
    content = export(run, origin, with_tracebacks=may_here(request, "operate"), user=request.user)
    response = HttpResponse(content, content_type="application/json")
    response["Content-Length"] = str(len(content))
    response["Content-Disposition"] = f'attachment; filename="{run.workflow_name}-{run.pk}.run.json"'
    return response
