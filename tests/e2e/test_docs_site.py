"""The documentation as a reader finds it: from the top of a page, searched, under the content policy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.board import ROOT


@pytest.fixture(scope="module", autouse=True)
def site() -> None:
    command = [str(Path(sys.executable).with_name("zensical")), "build", "--config-file", "mkdocs.yml"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def test_the_documentation_is_searched_without_another_host(page: Page, foreign: list[str]) -> None:
    page.goto("/")
    page.get_by_role("link", name="Docs").click()
    expect(page.get_by_role("heading", name="Sagaboard", level=1)).to_be_visible()
    page.get_by_role("link", name="Operations", exact=True).first.click()
    expect(page.get_by_role("heading", name="Running Sagaboard")).to_be_visible()
    page.keyboard.press("/")
    expect(page.locator("input:focus")).to_be_visible()
    page.keyboard.type("idempotency key")
    page.get_by_text("One run, or a list of runs").first.click()
    expect(page.get_by_role("heading", name="One run, or a list of runs")).to_be_visible()
    assert foreign == []
