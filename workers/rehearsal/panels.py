"""What a workflow's page shows of the rehearsal of the version that it shows. Reading only."""

from __future__ import annotations

from typing import Any

from django.template import Context

from designer.web.panels import draw
from workers.rehearsal import shown
from workers.rehearsal.models import Rehearsal
from workers.rehearsal.service import digest_of


def draw_all() -> None:
    """Called once, when the app is ready."""
    draw("rehearsal", "rehearsal/_version.html", of_version)


def of_version(page: Context) -> dict[str, Any]:
    row = Rehearsal.objects.filter(
        workflow=page["workflow"], digest=digest_of(page["version"].document), status=Rehearsal.Status.ENDED
    ).first()
    return {"rehearsal": row, "matrix": None if row is None else shown.matrix(row.content)}
