"""Badges: the looks of statuses as markup."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from designer.document.graph import Slot
from designer.document.looks import IMPORT_LOOKS, SLOT_LOOKS, Look
from designer.templatetags.page import icon

register = template.Library()


def badge_html(look: Look, name: str, extra: str = "") -> SafeString:
    """`name`: family and status, by which scripts know a badge."""
    return format_html(
        '<span class="status {}" data-badge="{}" data-tone="{}" {}>{}{}</span>',
        extra,
        name,
        look.tone,
        look.moves,
        icon(look.icon),
        look.word,
    )


@register.simple_tag
def slot_badge(slot: Slot) -> SafeString:
    """The badge of how a step is undone."""
    return badge_html(SLOT_LOOKS[slot], f"slot-{slot}")


@register.simple_tag
def import_badge(status: str) -> SafeString:
    """The badge of what became of a state of an imported machine."""
    return badge_html(IMPORT_LOOKS[status], f"import-{status}")
