"""What starts runs of a workflow, as its pages show it. Reading only."""

from __future__ import annotations

from dataclasses import dataclass

from runs.machine.limits import PRIORITY_STANDARD
from runs.models import Trigger
from runs.triggers import debounce, service
from runs.triggers.debounce import Waiting

SHOWN_MAX = 50


@dataclass(frozen=True, slots=True)
class Line:
    """A trigger as its row shows it."""

    trigger: Trigger
    icon: str
    kind: str
    words: str
    held: Waiting | None = None

    @property
    def has_own_priority(self) -> bool:
        return self.trigger.priority != PRIORITY_STANDARD


ICONS = {
    "event": ("signal", "Event"),
    "hook": ("link", "Webhook"),
    "schedule": ("wait", "Schedule"),
    "file": ("down", "Files"),
}


def triggers_of(name: str) -> list[Line]:
    """The triggers of a workflow, the oldest first."""
    triggers = Trigger.objects.select_related("created_by", "workflow").filter(workflow__name=name)
    shown = list(triggers.order_by("pk")[:SHOWN_MAX])
    held = debounce.waiting(shown)
    return [_line(trigger, held.get(trigger.pk)) for trigger in shown]


def line_of(trigger: Trigger) -> Line:
    return _line(trigger, debounce.waiting([trigger]).get(trigger.pk))


def _line(trigger: Trigger, held: Waiting | None) -> Line:
    is_schedule = trigger.kind == Trigger.Kind.SCHEDULE
    words = service.times_of(trigger).in_words if is_schedule else ""
    return Line(trigger, *ICONS[trigger.kind], words, held)
