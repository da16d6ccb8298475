"""What starts runs of a workflow, as its pages show it. Reading only."""

from __future__ import annotations

from dataclasses import dataclass

from runs.models import Trigger
from runs.triggers import schedules

SHOWN_MAX = 50


@dataclass(frozen=True, slots=True)
class Line:
    """A trigger as its row shows it."""

    trigger: Trigger
    icon: str
    kind: str
    words: str


ICONS = {"event": ("signal", "Event"), "hook": ("link", "Webhook"), "schedule": ("wait", "Schedule")}


def triggers_of(name: str) -> list[Line]:
    """The triggers of a workflow, the oldest first."""
    triggers = Trigger.objects.select_related("created_by", "workflow").filter(workflow__name=name)
    return [
        Line(trigger, *ICONS[trigger.kind], schedules.in_words(trigger.cron) if trigger.cron else "")
        for trigger in triggers.order_by("pk")[:SHOWN_MAX]
    ]
