"""The page of a rehearsal: it is started there, shows its matrix, fits a phone and is used by keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visits
from tests.e2e.designer.test_accessibility import axe as axe
from tests.e2e.designer.test_accessibility import faults

URL = "/workflows/data_analysis/rehearsal/"
PLAYED_MS = 180_000


@pytest.fixture
def rehearsed(page: Page) -> Page:
    page.goto(URL)
    if not page.locator(".matrix").count():
        page.get_by_role("button", name="Rehearse").click()
        expect(page.get_by_role("heading", name="Under way")).to_be_visible()
    expect(page.get_by_role("heading", name="Every run ended well")).to_be_visible(timeout=PLAYED_MS)
    return page


def test_a_rehearsal_is_started_and_shown_as_a_matrix(rehearsed: Page, axe: str) -> None:
    expect(rehearsed.get_by_text("13 of 13 runs played")).to_be_visible()
    row = rehearsed.get_by_role("row").filter(has_text="store_analysis")
    expect(row.get_by_role("cell")).to_have_count(7)
    expect(row.get_by_text("undo examined")).to_be_visible()
    cell = row.get_by_role("cell").nth(5).locator("summary")
    cell.focus()
    rehearsed.keyboard.press("Enter")
    expect(row.get_by_text("the first attempt of its undo fails")).to_be_visible()
    assert faults(rehearsed, axe) == []


def test_it_fits_a_phone_in_the_dark(rehearsed: Page, visits: Visits, axe: str) -> None:
    phone = visits.page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    phone.goto(URL)
    expect(phone.get_by_role("heading", name="Each step, each fault")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert faults(phone, axe) == []
