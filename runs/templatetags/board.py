"""Statuses as people see them: an icon, a word and a tone. No rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from designer.models import WorkflowVersion
from designer.templatetags.page import duration, icon
from designer.web.page_data import StepLine
from runs.machine.vocabulary import FAMILIES, LIMITS
from runs.models import Run
from runs.queries.steps import listed
from runs.statistics.counters import version_figures

register = template.Library()
LATEST_MAX = 5


@register.simple_tag
def badge(family: str, status: str, extra: str = "") -> SafeString | str:
    """The badge of a status of a run, a step, an undo or an undo slot."""
    look = FAMILIES[family].get(status)
    if look is None:
        return ""
    return format_html(
        '<span class="status {}" data-badge="{}-{}" data-tone="{}" {}>{}{}</span>',
        extra,
        family,
        status,
        look.tone,
        look.moves,
        icon(look.icon),
        look.word,
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
    look = FAMILIES["run"].get(status)
    return look.word if look else status


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
    look = FAMILIES[family].get(status)
    return icon(look.icon) if look else ""


@register.simple_tag
def all_badges() -> SafeString:
    """Every badge that a live page may come to need."""
    shown = ((family, status) for family in ("run", "step", "undo") for status in FAMILIES[family])
    return format_html_join("", "{}", ((badge(family, status, _size(family)),) for family, status in shown))


@register.simple_tag
def list_badges() -> SafeString:
    """Every badge that a row of a list may come to need."""
    return format_html_join("", "{}", ((badge("run", status),) for status in FAMILIES["run"]))


@register.simple_tag
def limit(name: str) -> int:
    """A bound that pages and scripts share."""
    return LIMITS[name]


def _size(family: str) -> str:
    return "status-large" if family == "run" else ""


@register.simple_tag
def latest_runs(workflow: str) -> list[Run]:
    """The newest runs of a workflow."""
    return list(listed().filter(workflow_name=workflow, trial=False, imported__isnull=True)[:LATEST_MAX])
