"""Template tags of all pages: icons, times, durations, JSON and the bundle. Markup only, no queries."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from django import template
from django.template import Context
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from config.lib.secrets import mask_secrets
from designer.web import bundle
from designer.web.panels import panel_at

register = template.Library()
DAY_S = 86_400


@register.simple_tag
def icon(name: str) -> SafeString:
    """A decorative icon of `_icons.html`, hidden from screen readers: the text beside it has the meaning."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="#i-{}"/></svg>', name)


@register.simple_tag
def moment(value: datetime | str | None, style: str = "short") -> SafeString | str:
    """A time: rendered in UTC, replaced by scripts with the reader's time zone; exact on hover."""
    if not value:
        return ""
    at = (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)
    return format_html(
        '<time datetime="{}" data-style="{}" title="{}">{}</time>',
        at.isoformat(),
        style,
        at.isoformat(),
        f"{at:%Y-%m-%d %H:%M:%S} UTC",
    )


@register.simple_tag(takes_context=True)
def panel(context: Context, place: str) -> SafeString | str:
    """What an app above this one draws at a place of the page, with the page's context."""
    wanted = panel_at(place)
    if wanted is None or context.template is None:
        return ""
    drawn = context.template.engine.get_template(wanted.template)
    with context.push(**wanted.facts(context)):
        return drawn.render(context)


@register.filter
def duration(seconds: float | None) -> str:
    """Seconds as `41 ms`, `1.2 s`, `2 min 5 s`, `1 h 3 min`, `2 d 4 h`; as in `ui/time.ts`."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{max(0, round(seconds * 1_000))} ms"
    if seconds < 59.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    if whole < 3_600:
        return _pair(whole, 60, "min", "s")
    return _pair(whole // 60, 60, "h", "min") if seconds < DAY_S else _pair(whole // 3_600, 24, "d", "h")


def _pair(value: int, base: int, large: str, small: str) -> str:
    count, rest = divmod(value, base)
    return f"{count} {large} {rest} {small}" if rest else f"{count} {large}"


@register.filter
def breakable(name: str) -> SafeString:
    """A name with optional line breaks after its underscores, for narrow screens."""
    return format_html_join(SafeString("_<wbr>"), "{}", ((part,) for part in name.split("_")))


@register.filter
def coded(text: str) -> SafeString:
    """A text of a docstring, in which what stands between backticks is code."""
    parts = enumerate(re.split(r"`+([^`]+)`+", text))
    marked = ((format_html("<code>{}</code>", part) if at % 2 else part,) for at, part in parts)
    return format_html_join("", "{}", marked)


@register.filter
def pretty(value: Any) -> str:
    return mask_secrets(json.dumps(value, indent=2, ensure_ascii=False))


@register.simple_tag
def bundle_styles() -> SafeString:
    """Styles, and the font with them: known later, it would change the width of words that are seen."""
    font = '<link rel="preload" as="font" type="font/woff2" crossorigin href="{}">'
    fonts = format_html_join("\n", font, ((static(path),) for path in bundle.fonts()))
    sheets = ((static(path),) for path in bundle.styles())
    return format_html("{}\n{}", fonts, format_html_join("\n", '<link rel="stylesheet" href="{}">', sheets))


@register.simple_tag
def bundle_script() -> SafeString:
    """The script of every page. It writes times in the reader's zone before anything is drawn."""
    return format_html('<script type="module" src="{}" blocking="render"></script>', static(bundle.script()))


@register.simple_tag
def bundle_ahead(*entries: str) -> SafeString:
    """Preloads scripts and styles of `entries`, so that the browser fetches imports in parallel."""
    parts = ((static(path),) for path in bundle.needed(entries) if path != bundle.script())
    sheets = ((static(path),) for entry in entries for path in bundle.styles(entry))
    return format_html(
        "{}\n{}",
        format_html_join("\n", '<link rel="stylesheet" href="{}">', sheets),
        format_html_join("\n", '<link rel="modulepreload" href="{}">', parts),
    )
