"""Statuses as people see them: an icon, a word and a tone. No rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from designer.models import WorkflowVersion
from designer.templatetags.page import duration, icon
from designer.web.page_data import StepLine
from runs.models import Run
from runs.queries.steps import listed
from runs.statistics.counters import version_figures

register = template.Library()
LATEST_MAX = 5


@dataclass(frozen=True, slots=True)
class Badge:
    word: str
    icon: str
    tone: str
    moves: str = ""


RUN = {
    "pending": Badge("Pending", "idle", "idle"),
    "running": Badge("Running", "spin", "busy", "data-spin"),
    "waiting": Badge("Waiting", "wait", "hold"),
    "compensating": Badge("Undoing", "undo", "back", "data-rise"),
    "blocked": Badge("Blocked", "hand", "stop"),
    "completed": Badge("Completed", "check", "go"),
    "compensated": Badge("Undone", "undone", "back"),
    "failed": Badge("Failed", "cross", "stop"),
    "cancelled": Badge("Cancelled", "ban", "idle"),
}
STEP = {
    "pending": Badge("Pending", "idle", "idle"),
    "queued": Badge("Queued", "queue", "busy"),
    "running": Badge("Running", "spin", "busy", "data-spin"),
    "retrying": Badge("Retrying", "retry", "care"),
    "waiting": Badge("Waiting", "wait", "hold"),
    "blocked": Badge("Blocked", "hand", "stop"),
    "completed": Badge("Completed", "check", "go"),
    "skipped": Badge("Skipped", "skip", "idle"),
    "failed": Badge("Failed", "cross", "stop"),
    "cancelled": Badge("Cancelled", "ban", "idle"),
    "unreached": Badge("Not reached", "idle", "idle"),
}
UNDO = {
    "pending": Badge("Undo planned", "undo", "back"),
    "running": Badge("Undoing", "undo", "back", "data-rise"),
    "compensated": Badge("Undone", "undone", "back"),
    "failed": Badge("Undo failed", "cross", "stop"),
    "resolved": Badge("Undone by hand", "pen", "back"),
    "abandoned": Badge("Left undone", "flag", "stop"),
}
SLOT = {
    "action": Badge("Can be undone", "undo", "idle"),
    "none": Badge("Nothing to undo", "none", "idle"),
    "irreversible": Badge("Irreversible", "lock", "care"),
    "unstated": Badge("No undo", "gap", "care"),
}
FAMILIES = {"run": RUN, "step": STEP, "undo": UNDO, "slot": SLOT}


@register.simple_tag
def badge(family: str, status: str, extra: str = "") -> SafeString | str:
    """The badge of a status of a run, a step, an undo or an undo slot."""
    found = FAMILIES[family].get(status)
    if found is None:
        return ""
    return format_html(
        '<span class="status {}" data-badge="{}-{}" data-tone="{}" {}>{}{}</span>',
        extra,
        family,
        status,
        found.tone,
        found.moves,
        icon(found.icon),
        found.word,
    )


@register.simple_tag
def figures_of(version: WorkflowVersion, steps: Iterable[StepLine]) -> list[tuple[str, dict[str, Any]]]:
    """Steps that ended runs of a version came to, in the order of `steps`, with their figures."""
    found = version_figures(version.pk)["steps"]
    return [(line.step.name, found[line.step.name]) for line in steps if line.step.name in found]


@register.filter
def milliseconds(value: float | None) -> str:
    return "" if value is None else duration(value / 1_000)


@register.filter
def run_word(status: str) -> str:
    return RUN[status].word if status in RUN else status


@register.filter
def short_id(run_id: UUID) -> str:
    """The last digits of an id: enough to tell runs apart on a page."""
    return run_id.hex[-8:]


@register.filter
def took(run: Run) -> float | None:
    """Seconds from start to end, or None while either is missing."""
    if run.started_at is None or run.finished_at is None:
        return None
    return (run.finished_at - run.started_at).total_seconds()


@register.simple_tag
def badge_icon(family: str, status: str) -> SafeString | str:
    found = FAMILIES[family].get(status)
    return icon(found.icon) if found else ""


@register.simple_tag
def all_badges() -> SafeString:
    """Every badge that a live page may come to need."""
    shown = ((family, status) for family in ("run", "step", "undo") for status in FAMILIES[family])
    return format_html_join("", "{}", ((badge(family, status, _size(family)),) for family, status in shown))


@register.simple_tag
def list_badges() -> SafeString:
    """Every badge that a row of a list may come to need."""
    return format_html_join("", "{}", ((badge("run", status),) for status in RUN))


def _size(family: str) -> str:
    return "status-large" if family == "run" else ""


@register.simple_tag
def latest_runs(workflow: str) -> list[Run]:
    """The newest runs of a workflow."""
    return list(listed().filter(workflow_name=workflow, trial=False, imported__isnull=True)[:LATEST_MAX])
