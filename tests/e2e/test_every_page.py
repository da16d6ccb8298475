"""Every page: no fault that axe knows, nothing moves while it opens, and the keyboard reaches all of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, StorageState

from tests.e2e.board import Board
from tests.e2e.conftest import Visits
from tests.e2e.designer.test_accessibility import axe as axe
from tests.e2e.every_page import staged_pages

WIDE = 1280
SHIFT_MAX = 0.02
SETTLED_MS = 500
STOPS_MORE = 60  # dates and frames have several stops
WALK = (Path(__file__).parent / "every_page.js").read_text()
FAULTS = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  const places = (nodes) => nodes.slice(0, 3).map((node) => node.html.slice(0, 200));
  return violations.map(({ id, impact, nodes }) => ({ id, impact, where: places(nodes) }));
}"""
SHIFTS = """() => {
  window.shifts = [];
  const placeOf = ({ node }) => (node?.outerHTML ?? node?.parentElement?.outerHTML)?.slice(0, 120);
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) {
      if (!one.hadRecentInput) window.shifts.push([one.value, ...one.sources.map(placeOf)]);
    }
  }).observe({ type: "layout-shift", buffered: true });
}"""


@pytest.fixture(scope="module")
def pages(browser: Browser, board: Board, signed_in: StorageState) -> dict[str, str]:
    context = browser.new_context(base_url=board.address, storage_state=signed_in)
    found = staged_pages(context.new_page())
    context.close()
    return found


@pytest.fixture(autouse=True)
def missing_pages_are_no_complaint(visits: Visits) -> Iterator[None]:
    yield
    visits.complaints[:] = [words for words in visits.complaints if "status of 404" not in words]


def opened(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(SETTLED_MS)


@pytest.mark.long
@pytest.mark.parametrize(("scheme", "width"), [("light", WIDE), ("dark", 390)])
def test_axe_finds_no_fault_nothing_moves_and_the_keyboard_reaches_every_act(
    visits: Visits, pages: dict[str, str], axe: str, scheme: str, width: int
) -> None:
    """The keyboard goes by the acts of a wide window, in which all of them are."""
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
    page = visits.page(**options, bypass_csp=True)  # axe writes styles into the page
    page.add_init_script(f"({SHIFTS})()")
    moved: dict[str, Any] = {}
    faults: dict[str, Any] = {}
    left: dict[str, Any] = {}
    for name, path in pages.items():
        opened(page, path)
        shifts = page.evaluate("() => window.shifts")
        if sum(shift[0] for shift in shifts) >= SHIFT_MAX:
            moved[name] = shifts
        page.evaluate(axe)
        faults[name] = page.evaluate(FAULTS)
        if width == WIDE:
            left[name] = not_reached(page, name)
    assert moved == {}
    assert {name: found for name, found in faults.items() if found} == {}
    assert {name: acts for name, acts in left.items() if acts} == {}


def not_reached(page: Page, name: str) -> Any:
    """The acts of a page that Tab does not come to."""
    page.evaluate(f"({WALK})()")
    stops = page.evaluate("() => window.everyAct.left().length") + STOPS_MORE
    assert stops > STOPS_MORE, name
    for stop in range(stops):
        page.keyboard.press("Tab")
        if stop % 20 == 19 and not page.evaluate("() => window.everyAct.left()"):
            break
    return page.evaluate("() => window.everyAct.left()")
