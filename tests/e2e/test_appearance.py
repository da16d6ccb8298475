"""What pages look like to different people: narrow screens, dark rooms, keyboards, no scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visits
from tests.e2e.orders import expect_status, row, start_order

CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
PAGES = ["/", "/workflows/", "/workflows/order_processing/", "/workflows/order_processing/start/", "/runs/"]


@pytest.fixture
def run_url(page: Page) -> str:
    """A run with many sorts of states, and a question to a person."""
    start_order(page, create_shipment="critical", refund_payment="failed")
    expect_status(page, "Blocked")
    return page.url


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_overflows_and_all_text_can_be_read(
    visits: Visits, run_url: str, scheme: str, width: int
) -> None:
    page = visits.page(color_scheme=scheme, viewport={"width": width, "height": 900}, reduced_motion="reduce")
    for url in [*PAGES, run_url]:
        page.goto(url)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, url
        assert page.evaluate(CONTRAST) == [], url


def test_each_page_is_named_and_reached_by_keyboard(page: Page) -> None:
    for url in PAGES:
        page.goto(url)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.goto("/workflows/order_processing/start/")
    page.get_by_label("Input (JSON)").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect_status(page, "Completed")


def test_times_are_in_the_readers_zone_with_the_exact_value_on_hover(visits: Visits, run_url: str) -> None:
    page = visits.page(timezone_id="Asia/Kolkata", locale="en-GB")
    page.goto(run_url)
    started = page.locator("[data-slot=run-started] time")
    iso = started.get_attribute("datetime")
    assert iso is not None
    local = page.evaluate("iso => new Date(iso).toLocaleTimeString('en-GB')", iso)
    expect(started).to_contain_text(local)
    assert "GMT+5:30" in (started.get_attribute("title") or "")


def test_without_scripts_a_run_is_shown_as_it_was_when_the_page_was_asked_for(
    visits: Visits, run_url: str
) -> None:
    page = visits.page(java_script_enabled=False)
    page.goto(run_url)
    expect(page.locator("[data-slot=run-status]")).to_have_text("Blocked")
    expect(row(page, "charge_payment")).to_have_attribute("data-undo", "failed")
    connection = page.locator("[data-slot=connection] noscript")  # whose text no locator by text looks at
    expect(connection).to_be_visible()
    assert "Not live: reload to see more" in (connection.text_content() or "")
