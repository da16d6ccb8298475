"""A template is drawn with tags and parts of its own app, or of one below it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

LAYERS = ("django", "designer", "runs", "config.operations")  # from below
# The first that fits. What every page stands in is drawn with the tags of pages, which are the designer's.
OWNERS = (
    ("workflows/", "designer"),
    ("triggers/", "runs"),
    ("runs/", "runs"),
    ("home", "runs"),
    ("inbox/", "runs"),
    ("admin/cases/", "runs"),
    ("admin/interventions/", "runs"),
    ("admin/runs/", "runs"),
    ("fleet", "config.operations"),
    ("", "designer"),
)
LOAD = re.compile(r"\{%-?\s*load\s+(.*?)\s*-?%\}")
PART = re.compile(r"""\{%-?\s*(?:include|extends)\s+["']([^"']+)["']""")
ROOT = Path(settings.BASE_DIR)
TEMPLATES = ROOT / "templates"


def owner_of(template: str) -> str:
    return next(owner for start, owner in OWNERS if template.startswith(start))


def owner_of_library(name: str) -> str:
    """The app whose folder `templatetags` has the library; Django's where no app has it."""
    for app in ("designer", "runs", "config/operations"):
        if (ROOT / app / "templatetags" / f"{name}.py").exists():
            return app.replace("/", ".")
    return "django"


def borrowed(text: str) -> Iterator[tuple[str, str]]:
    """What a template is drawn with, and the app that owns it."""
    for words in LOAD.findall(text):
        _, is_some, library = words.partition(" from ")
        for name in [library] if is_some else words.split():
            yield f"tags {name}", owner_of_library(name)
    for part in PART.findall(text):
        if (TEMPLATES / part).exists():
            yield part, owner_of(part)


def arrows_up(template: str, text: str) -> list[str]:
    level = LAYERS.index(owner_of(template))
    return [name for name, owner in borrowed(text) if LAYERS.index(owner) > level]


def test_no_template_is_drawn_with_what_an_upper_app_owns() -> None:
    files = {str(path.relative_to(TEMPLATES)): path.read_text() for path in TEMPLATES.rglob("*.html")}
    wrong = {template: up for template, text in files.items() if (up := arrows_up(template, text))}
    assert len(files) > 50 and not wrong, "let the upper app draw it: designer.web.panels"


def test_every_library_of_tags_belongs_to_an_app_that_is_known() -> None:
    places = {path.parent.parent.relative_to(ROOT) for path in ROOT.glob("[!.]*/**/templatetags/*.py")}
    assert {".".join(place.parts) for place in places if "node_modules" not in place.parts} <= set(LAYERS)


@pytest.mark.parametrize(
    "text",
    [
        "{% load page board %}",
        "{% load badge from board %}",
        '{% include "runs/_rows.html" with runs=runs %}',
    ],
)
def test_an_arrow_upwards_would_be_seen(text: str) -> None:
    assert arrows_up("workflows/list.html", text)
    assert not arrows_up("runs/list.html", text)
