"""Triggers and the fleet, as a person uses them."""

from __future__ import annotations

import json
import re
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Board, Visits

INPUT = {"order_items": [{"sku": "MUG-002", "quantity": 1}], "customer": "ada@example.com"}


def test_a_webhook_is_made_copied_called_and_removed(visits: Visits, board: Board) -> None:
    page = visits.page(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/workflows/order_processing/")
    page.get_by_role("link", name="Add and change triggers").click()
    page.get_by_label("Headers that go into the input").fill("x-shop")
    page.get_by_role("button", name="Make a webhook").click()
    page.get_by_role("button", name="Copy the address").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    address = page.evaluate("() => navigator.clipboard.readText()")
    assert address.startswith(f"{board.address}/hooks/hook_")
    assert call(address)["is_new"] and not call(address)["is_new"]
    page.goto("/workflows/order_processing/triggers/")
    expect(page.get_by_role("button", name="Copy the address")).to_have_count(0)
    row = page.locator("[data-trigger]")
    expect(row).not_to_contain_text("never used")
    page.get_by_role("link", name="Runs that triggers started").click()
    expect(page.get_by_role("link", name=re.compile("order_processing")).first).to_be_visible()
    page.go_back()
    row.get_by_text("Remove", exact=False).first.click()
    row.get_by_role("button", name="Remove it for good").click()
    expect(page.get_by_text("Only people, and programs that call the API, start it")).to_be_visible()


def call(address: str) -> dict[str, object]:
    """Calls a webhook as a program does, with one key."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    with urlopen(Request(address, json.dumps(INPUT).encode(), headers)) as answer:
        found: dict[str, object] = json.load(answer)
    return found


def test_a_schedule_is_made_by_keyboard(page: Page) -> None:
    page.goto("/workflows/order_processing/triggers/")
    page.get_by_label("Minute, hour, day, month, day of week").fill("61 * * * *")
    page.keyboard.press("Enter")
    expect(page.get_by_text("bad minute")).to_be_visible()
    page.get_by_label("Minute, hour, day, month, day of week").fill("0 6 * * MON")
    page.keyboard.press("Enter")
    row = page.get_by_role("row", name="At 06:00 on Monday")
    expect(row).to_contain_text("next")
    row.get_by_role("button", name="Switch off").click()
    expect(row).to_contain_text("Off")
    row.get_by_text("Remove", exact=False).first.click()
    row.get_by_role("button", name="Remove it for good").click()
    expect(row).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 390])
def test_the_fleet_is_shown(visits: Visits, width: int) -> None:
    page = visits.page(viewport={"width": width, "height": 900})
    page.goto("/fleet/")
    expect(page.locator("[data-figure=online]")).to_contain_text("2")
    expect(page.locator("[data-process]")).to_have_count(2)
    expect(page.locator(".chart-legend")).to_contain_text("Worker processes")
    assert page.evaluate("() => document.documentElement.scrollWidth") == width
