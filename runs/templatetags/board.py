"""Template tags of statuses, ids and times of runs. Markup only; the words are in `machine.vocabulary`."""

from __future__ import annotations

from uuid import UUID

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from designer.templatetags.badges import badge_html
from designer.templatetags.page import duration, icon
from runs.machine.vocabulary import FAMILIES, LIMITS
from runs.models import ID_END, Run

register = template.Library()


@register.simple_tag
def badge(family: str, status: str, extra: str = "") -> SafeString | str:
    """Returns the badge of a status; `family`: run, step, undo or slot. "" for a status without a look."""
    look = FAMILIES[family].get(status)
    if look is None:
        return ""
    return badge_html(look, f"{family}-{status}", extra)


@register.filter
def milliseconds(value: float | None) -> str:
    return "" if value is None else duration(value / 1_000)


@register.filter
def run_word(status: str) -> str:
    look = FAMILIES["run"].get(status)
    return look.word if look else status


@register.filter
def short_id(run_id: UUID) -> str:
    """Returns the last digits of an id, enough to tell runs apart on a page."""
    return run_id.hex[-ID_END:]


@register.filter
def took(run: Run) -> float | None:
    """Returns the seconds from start to end; None while either is missing."""
    if run.started_at is None or run.finished_at is None:
        return None
    return (run.finished_at - run.started_at).total_seconds()


@register.simple_tag
def badge_icon(family: str, status: str) -> SafeString | str:
    look = FAMILIES[family].get(status)
    return icon(look.icon) if look else ""


@register.simple_tag
def all_badges() -> SafeString:
    """Returns all badges that the scripts of a live page may need, for them to copy."""
    statuses = ((family, status) for family in ("run", "step", "undo") for status in FAMILIES[family])
    return format_html_join(
        "", "{}", ((badge(family, status, _size(family)),) for family, status in statuses)
    )


@register.simple_tag
def list_badges() -> SafeString:
    """Returns all badges that a row of a list may need."""
    return format_html_join("", "{}", ((badge("run", status),) for status in FAMILIES["run"]))


@register.simple_tag
def limit(name: str) -> int:
    """Returns a limit that pages and scripts share."""
    return LIMITS[name]


def _size(family: str) -> str:
    return "status-large" if family == "run" else ""
