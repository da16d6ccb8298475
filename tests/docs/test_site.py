"""The site of the documents is built without a warning, and leads to each of them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from shutil import copy, copytree
from typing import Any

import yaml

from tests.docs.blocks import DOCS, ROOT

CONFIG = ROOT / "mkdocs.yml"
LINK = re.compile(r"\]\(([^)#\s]+)(?:#([\w-]+))?\)|\]\(#([\w-]+)\)")
FENCED = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
REMOTE = ("http://", "https://", "mailto:")


def test_every_link_and_anchor_of_the_site_leads_somewhere(tmp_path: Path) -> None:
    """Strictly, as `make docs` builds it, into another folder."""
    copy(CONFIG, tmp_path)
    copytree(ROOT / "docs", tmp_path / "docs")
    command = [str(Path(sys.executable).with_name("zensical")), "build", "--strict", "--clean"]
    built = subprocess.run(
        [*command, "--config-file", "mkdocs.yml"], cwd=tmp_path, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stdout + built.stderr
    site = tmp_path / "static/docs"
    assert (site / "index.html").is_file() and (site / "tutorial/first_pair/index.html").is_file()
    assert not re.search(
        r'(?:src|href)="https?://[^"]*\.(?:js|css|woff2?)"', (site / "index.html").read_text()
    )


def test_every_document_stands_in_the_navigation() -> None:
    pages = set(_pages(yaml.safe_load(CONFIG.read_text())["nav"]))
    documents = {
        path.relative_to(ROOT / "docs").as_posix() for path in DOCS if path.is_relative_to(ROOT / "docs")
    }
    assert pages == documents


def _pages(part: Any) -> list[str]:
    if isinstance(part, str):
        return [part]
    return [page for inner in (part.values() if isinstance(part, dict) else part) for page in _pages(inner)]


def test_links_hold_for_those_who_read_the_files() -> None:
    """Of README and CONTRIBUTING as well, which are no pages of the site."""
    wrong = []
    for path in DOCS:
        for target, _, _ in LINK.findall(FENCED.sub("", path.read_text())):
            if target and not target.startswith(REMOTE) and not (path.parent / target).exists():
                wrong.append(f"{path.relative_to(ROOT)}: {target}")
    assert wrong == []
