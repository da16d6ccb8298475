"""How soon each page shows its first content in Chromium, by the browser's own figure."""

from __future__ import annotations

import statistics

import pytest
from playwright.sync_api import Browser, Page, StorageState

from tests.e2e.board import Board
from tests.e2e.conftest import board, browser, chromium, page, signed_in, visits
from tests.e2e.every_page import staged_pages

__all__ = ["board", "browser", "chromium", "page", "signed_in", "visits"]
OPENINGS = 5
CONTENT_MS_MAX = 300
FIRST_CONTENT = """() => new Promise((resolve) => {
  const tell = (list) => {
    for (const { startTime } of list.getEntriesByName("first-contentful-paint")) resolve(startTime);
  };
  new PerformanceObserver(tell).observe({ type: "paint", buffered: true });
})"""


@pytest.fixture
def pages(browser: Browser, board: Board, signed_in: StorageState) -> dict[str, str]:
    context = browser.new_context(base_url=board.address, storage_state=signed_in)
    found = staged_pages(context.new_page())
    context.close()
    return found


def test_each_page_shows_its_first_content(page: Page, pages: dict[str, str]) -> None:
    del pages["missing"]
    late = {}
    for name, path in pages.items():
        shown = []
        for _ in range(OPENINGS):
            page.goto(path)
            shown.append(page.evaluate(FIRST_CONTENT))
        median = statistics.median(shown)
        print(f"\n{name:<50} first content {median:>4.0f} ms (least {min(shown):.0f})", end="")
        if median > CONTENT_MS_MAX:
            late[name] = median
    print()
    assert late == {}
