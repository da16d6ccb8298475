"""People see what a failure would undo, try a draft before it is published, and mend what is wrong."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Visits
from tests.e2e.test_designer import expect_saved, new_workflow, node, tool


def mark(page: Page, step: str) -> Locator:
    return node(page, step).locator(".step-node-foresight")


def test_a_person_asks_what_a_failure_would_undo_and_mends_the_gap(page: Page) -> None:
    new_workflow(page, "order_processing")
    tool(page, "What if…").click()
    panel = page.get_by_role("region", name="What if a step fails?")
    panel.get_by_label("What if this fails?").select_option("send_confirmation")
    expect(mark(page, "create_shipment")).to_have_text("Undo 1")
    expect(mark(page, "reserve_inventory")).to_have_text("Undo 3")
    node(page, "create_shipment").click()
    expect(mark(page, "create_shipment")).to_have_text("Fails")
    expect(mark(page, "charge_payment")).to_have_text("Undo 1")
    expect(panel.get_by_role("list", name="Undone, in this order").get_by_role("listitem")).to_have_text(
        [re.compile("charge_payment by refund_payment"), re.compile("reserve_inventory by release_inventory")]
    )
    node(page, "charge_payment").click()
    inspector = page.get_by_role("complementary", name="Inspector")
    inspector.get_by_role("button", name="Undo").click()
    inspector.get_by_label("Undo", exact=True).select_option("irreversible")
    expect_saved(page)
    panel.get_by_label("What if this fails?").select_option("create_shipment")
    expect(mark(page, "charge_payment")).to_have_text("Remains")
    expect(panel.get_by_role("list", name="Would remain")).to_contain_text("cannot be undone")
    page.keyboard.press("Escape")
    expect(page.locator(".step-node-foresight")).to_have_count(0)


def test_the_plan_of_a_published_workflow_is_seen_on_its_page_by_keyboard(visits: Visits) -> None:
    page = visits.page(viewport={"width": 390, "height": 900})
    page.goto("/workflows/order_processing/")
    page.get_by_role("button", name="What if a step fails?").press("Enter")
    expect(page.get_by_label("What if this fails?")).to_be_focused()
    page.keyboard.type("create")
    expect(mark(page, "reserve_inventory")).to_have_text("Undo 2")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
