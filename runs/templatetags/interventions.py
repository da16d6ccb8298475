"""Template tags of interventions: severities, kinds, acts, ages. Markup only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config.lib.secrets import mask_secrets
from designer.templatetags.page import duration, icon
from runs.machine.answers import title_of
from runs.models import Intervention
from runs.queries.differences import as_short_text

register = template.Library()

SEVERITIES = {
    "low": ("Low", "down", "idle"),
    "normal": ("Normal", "none", "hold"),
    "high": ("High", "alert", "care"),
    "critical": ("Critical", "flag", "stop"),
}
KINDS = {
    "step_failed": ("Step failed", "cross", "stop"),
    "compensation_failed": ("Undo failed", "undo", "back"),
}
ACTS = {
    "opened": "The question was opened",
    "claimed": "claimed it",
    "released": "gave it back",
    "noted": "noted",
    "planned": "set",
    "proposed": "proposed",
    "withdrawn": "took back a proposal",
    "in_bulk": "answered it together with others",
    "told": "Told by e-mail",
    "answered": "answered",
}


@register.simple_tag
def severity_badge(severity: str) -> SafeString:
    return _badge(*SEVERITIES[severity])


@register.simple_tag
def kind_badge(kind: str) -> SafeString:
    return _badge(*KINDS[kind])


def _badge(word: str, name: str, tone: str) -> SafeString:
    return format_html('<span class="status" data-tone="{}">{}{}</span>', tone, icon(name), word)


@register.filter
def act_word(act: str) -> str:
    return ACTS.get(act, act)


register.simple_tag(title_of, name="answer_title")


@register.filter
def since(at: datetime | None, now: datetime) -> str:
    """Returns how long ago, in words."""
    return "" if at is None else duration(max(0.0, (now - at).total_seconds()))


@register.filter
def is_overdue(intervention: Intervention, now: datetime) -> bool:
    return intervention.status == "open" and intervention.due_at is not None and intervention.due_at < now


@register.filter
def as_json(value: Any) -> str:
    return mask_secrets(as_short_text(value))


@register.filter
def first_line(error: dict[str, Any]) -> str:
    """Returns an error in one line."""
    message = str(error.get("message") or "").strip()
    line = message.splitlines()[0] if message else ""
    code = str(error.get("code") or "")
    return f"{code}: {line}" if code and line else code or line
