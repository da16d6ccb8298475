"""Triggers and the fleet, as a person uses them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from tests.e2e.board import Board, environment
from tests.e2e.conftest import Visits

INPUT = {"order_items": [{"sku": "MUG-002", "quantity": 1}], "customer": "ada@example.com"}


def test_a_webhook_is_made_copied_called_and_removed(visits: Visits, board: Board) -> None:
    page = visits.page(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/workflows/order_processing/")
    page.get_by_role("link", name="Add and change triggers").click()
    panel = page.locator("#new-hook")
    panel.get_by_text("More").click()
    panel.get_by_label("Headers that go into the input").fill("x-shop")
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
    expect(row).to_contain_text("known by nothing but its address")
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
    page.get_by_label("Minute, hour, day of month, month, day of week").fill("61 * * * *")
    page.keyboard.press("Enter")
    expect(page.get_by_text("bad minute")).to_be_visible()
    page.get_by_label("Minute, hour, day of month, month, day of week").fill("0 6 * * MON")
    page.keyboard.press("Enter")
    row = page.get_by_role("row", name="At 06:00 on Monday")
    expect(row).to_contain_text("next")
    row.get_by_role("button", name="Switch off").click()
    expect(row).to_contain_text("Off")
    row.get_by_text("Remove", exact=False).first.click()
    row.get_by_role("button", name="Remove it for good").click()
    expect(row).to_have_count(0)


def test_a_signed_webhook_is_made_tested_and_replayed_by_keyboard(page: Page, board: Board) -> None:
    give_secret(board)
    page.goto("/workflows/order_processing/triggers/")
    panel = page.locator("#new-hook")
    panel.get_by_label("How its sender is known").focus()
    page.keyboard.type("GitHub")
    page.keyboard.press("Tab")
    page.keyboard.type("github-e2e")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Copy the webhook’s address now")).to_be_visible()
    address = page.locator("#hook-address").inner_text()
    with pytest.raises(HTTPError, match="401"):
        call(address)
    page.get_by_label("Body of the call").fill(json.dumps(INPUT))
    page.get_by_role("button", name="Send this call").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("It started the run")).to_be_visible()
    expect(page.locator("#curl")).to_contain_text("x-hub-signature-256: sha256=")
    rows = page.locator("[data-call]")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("Not verified")
    expect(rows.nth(0)).to_contain_text("Started")
    rows.nth(0).get_by_role("button", name="Replay").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("a replay by")).to_be_visible()
    expect(rows).to_have_count(3)
    page.locator("#change summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name (optional)")).to_be_visible()
    page.get_by_label("Name (optional)").fill("Orders from GitHub")
    page.get_by_label("Only when").fill("body.order_items.size() > 5")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Orders from GitHub")).to_be_visible()
    page.get_by_label("Body of the call").fill(json.dumps(INPUT))
    page.get_by_role("button", name="Send this call").click()
    expect(page.locator("[data-call]").first).to_contain_text("is false")
    remove_all(page)


def give_secret(board: Board) -> None:
    """Gives the board a secret, as a person does on the page of connections."""
    script = "from workers.connections.service import put_secret; put_secret('github-e2e', 'a secret to all')"
    words = [sys.executable, "manage.py", "shell", "-c", script]
    facts = environment(board.data)
    subprocess.run(words, cwd=settings.BASE_DIR, env=facts, check=True, capture_output=True)


def remove_all(page: Page) -> None:
    page.goto("/workflows/order_processing/triggers/")
    row = page.locator("[data-trigger]").first
    row.get_by_text("Remove", exact=False).first.click()
    row.get_by_role("button", name="Remove it for good").click()


def test_the_next_times_of_a_schedule_are_shown_while_it_is_typed(page: Page) -> None:
    page.goto("/workflows/order_processing/triggers/")
    panel = page.locator("#new-schedule")
    panel.get_by_label("Time zone").fill("Europe/Berlin")
    panel.get_by_label("Minute, hour, day of month").press_sequentially("@daily")
    times = panel.locator("[data-schedule-preview] li")
    expect(times).to_have_count(5)
    panel.get_by_label("Minute, hour, day of month").fill("* * * * * *")
    expect(panel.locator("[data-schedule-preview]")).to_contain_text("knows no seconds")
    panel.get_by_label("Minute, hour, day of month").fill("")
    panel.get_by_label("Or every so many seconds").fill("90")
    expect(times).to_have_count(5)
    expect(panel.locator("[data-schedule-preview]")).to_contain_text("Every 90 seconds")


@pytest.mark.parametrize("width", [1280, 390])
def test_the_fleet_is_shown(visits: Visits, width: int) -> None:
    page = visits.page(viewport={"width": width, "height": 900})
    page.goto("/fleet/")
    expect(page.locator("[data-figure=online]")).to_contain_text("2")
    expect(page.locator("[data-process]")).to_have_count(2)
    expect(page.locator(".chart-legend")).to_contain_text("Worker processes")
    assert page.evaluate("() => document.documentElement.scrollWidth") == width
