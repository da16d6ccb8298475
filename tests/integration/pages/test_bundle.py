"""The committed scripts and styles: made from these very sources, complete, and served from here."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from designer.graph import Graph
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


def closure(manifest: dict[str, Any], entry: str) -> set[str]:
    """Files of the scripts that a script needs before it runs."""
    chunk = manifest[entry]
    needed = [closure(manifest, name) for name in chunk.get("imports", [])]
    return {chunk["file"]}.union(*needed)


@pytest.mark.parametrize(("entry", "kilobytes_max"), [("src/main.ts", 25), ("src/canvas/element.tsx", 150)])
def test_pages_begin_with_little_and_load_the_rest_when_it_is_needed(entry: str, kilobytes_max: int) -> None:
    manifest = json.loads((BUILT / "manifest.json").read_text())
    size = sum(len(gzip.compress((BUILT / name).read_bytes())) for name in closure(manifest, entry))
    assert size <= kilobytes_max * 1_000
    lazy = {"src/canvas/view/Designer.tsx", "src/canvas/view/Questions.tsx", "src/canvas/view/Outline.tsx"}
    assert lazy <= manifest.keys() and not any(
        manifest[name]["file"] in closure(manifest, entry) for name in lazy
    )


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
        assert len(loaded) == 3
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
