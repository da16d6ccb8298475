"""Parts of the pages of workflows and connections that apps above this one draw, such as the latest runs.

The pages say where a part stands; the app that owns it says, once it is ready, what is drawn there and with
which facts. So the designer knows nothing of runs, and what runs show of a workflow is theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from django.template import Context

Place = Literal["card", "dependents", "figures", "latest_runs", "proof", "rehearsal", "triggers"]
Facts = Callable[[Context], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Panel:
    """`facts` is given the page's context, and gives what the template needs besides."""

    template: str
    facts: Facts


_panels: dict[str, Panel] = {}


def draw(place: Place, template: str, facts: Facts) -> None:
    """Has a place on these pages filled."""
    _panels[place] = Panel(template, facts)


def panel_at(place: str) -> Panel | None:
    return _panels.get(place)
