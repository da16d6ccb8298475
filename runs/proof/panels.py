"""What a workflow's page shows of the proof of the version that it shows. Reading only."""

from __future__ import annotations

from typing import Any

from django.template import Context

from designer.web.panels import draw
from runs.proof.certificates import certificate_of


def draw_all() -> None:
    """Called once, when the app is ready."""
    draw("proof", "proof/_version.html", of_version)


def of_version(page: Context) -> dict[str, Any]:
    return {"certificate": certificate_of(page["workflow"], page["version"].resolved)}
