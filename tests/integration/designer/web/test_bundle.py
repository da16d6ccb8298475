"""The committed scripts and styles: made from these very sources, complete, and served from here."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from designer.document.graph import Graph
from designer.web.bundle import needed, script, styles
from runs.models import Run

ROOT = Path(settings.BASE_DIR)
BUILT = ROOT / "static/designer"
FRONTEND = Path("designer/frontend")
FOLDERS = [FRONTEND / "build", FRONTEND / "src", Path("templates")]
FILES = [FRONTEND / name for name in ("package-lock.json", "package.json", "tsconfig.json", "vite.config.ts")]


def sources_hash() -> str:
    """The hash that `designer/frontend/build/sources-hash.ts` writes beside the bundle."""
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    names = sorted(path.relative_to(ROOT).as_posix() for path in [*found, *(ROOT / file for file in FILES)])
    lines = [f"{name} {hashlib.sha256((ROOT / name).read_bytes()).hexdigest()}\n" for name in names]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def test_the_bundle_was_built_from_these_sources() -> None:
    built = (BUILT / "sources.sha256").read_text().strip()
    assert built == sources_hash(), "templates or front end changed: run `make front` and commit static/"


def test_every_file_of_the_manifest_is_there_and_no_other() -> None:
    manifest = json.loads((BUILT / "manifest.json").read_text())
    named = {
        name
        for chunk in manifest.values()
        for name in [chunk["file"], *chunk.get("css", []), *chunk.get("assets", [])]
    }
    assert named == {f"assets/{path.name}" for path in (BUILT / "assets").iterdir()}


DESIGNER = ["src/main.ts", "src/elements/workflowCanvas.tsx", "src/editor/workbench/Designer.tsx"]
INSPECTOR = "src/editor/inspector/Inspector.tsx"
LATER = [INSPECTOR, "src/editor/dialogs/Dialogs.tsx", "src/editor/inspector/fields/CodeEditor.tsx"]


@pytest.mark.parametrize(
    ("entries", "bytes_max"),
    [
        (["src/main.ts"], 10_000),
        # 3.5 kB keep every number of JSON, 4.5 kB open bodies, 12 kB route edges and mend problems,
        # 0.5 kB let a step be dropped on an edge and large drafts be seen from afar, whose view comes later,
        # 0.7 kB open the forecast and the tests, and mark examined undos, all of which come when needed
        (DESIGNER, 177_200),
        (["src/main.ts", "src/elements/workflowCanvas.tsx", "src/graph/view/Viewer.tsx"], 154_000),
    ],
)
def test_pages_begin_with_little_and_load_the_rest_when_it_is_needed(
    entries: list[str], bytes_max: int
) -> None:
    """Counted: the scripts that must have come before the part is drawn, each as gzip sends it."""
    scripts = needed(entries)
    size = sum(len(gzip.compress((ROOT / "static" / path).read_bytes())) for path in scripts)
    assert size <= bytes_max
    assert not {script(entry) for entry in LATER} & set(scripts)


def test_a_page_with_a_canvas_fetches_all_its_scripts_at_once(designer: Client, order: Graph) -> None:
    page = designer.get(reverse("workflow-edit", args=["order"])).content.decode()
    ahead = re.findall(r'<link rel="modulepreload" href="/static/([^"]+)">', page)
    assert sorted(ahead) == sorted({*needed([*DESIGNER, INSPECTOR])} - {script()})
    assert f'<link rel="stylesheet" href="/static/{styles("src/elements/workflowCanvas.tsx")[0]}">' in page


def test_licences_of_what_is_bundled_are_beside_it() -> None:
    text = (BUILT / "LICENCES.txt").read_text()
    for name in json.loads((ROOT / FRONTEND / "package.json").read_text())["dependencies"]:
        assert f"\n{name} " in f"\n{text}"


def test_the_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (ROOT / FRONTEND / "package-lock.json").read_text()


def test_pages_load_what_was_built_and_nothing_from_outside(
    viewer: Client, undone: Run, order: Graph
) -> None:
    for url in ("/", reverse("workflow-detail", args=["order"]), reverse("run-detail", args=[undone.pk])):
        page = viewer.get(url).content.decode()
        loaded = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
        assert len(loaded) == len(set(loaded)) >= 3
        assert all(viewer.get(path).status_code == 200 for path in loaded)
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page)


def test_pages_hold_nothing_that_the_content_policy_forbids(
    operator: Client, stuck: Run, order: Graph
) -> None:
    urls = [reverse("run-detail", args=[stuck.pk]), reverse("run-start", args=["order"]), reverse("run-list")]
    for url in urls:
        response = operator.get(url)
        page = response.content.decode()
        assert "unsafe" not in response["Content-Security-Policy"]
        assert not re.search(r"\s(?:style|on\w+)=", page)
        assert "<style" not in page
        scripts = re.findall(r"<script([^>]*)>", page)
        assert all("src=" in attrs or 'type="application/json"' in attrs for attrs in scripts)
