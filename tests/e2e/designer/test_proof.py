"""A missing undo is found before anything runs: seen in the slider, mended as proposed, proven, published."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visits
from tests.e2e.designer.gestures import drop, expect_saved, expect_still, new_workflow, node, tool
from tests.e2e.designer.test_accessibility import axe as axe
from tests.e2e.designer.test_accessibility import faults
from tests.e2e.documents import expect_canvas, headers_of, publish

PATIENCE_MS = 30_000
WRONG = {
    "name": "shaky_for_looks",
    "steps": [
        {"name": "reserve", "worker": "reserve_inventory"},
        {"name": "tell", "worker": "http_request", "params": {"url": "https://example.org/told"}},
        {"name": "ship", "worker": "create_shipment"},
    ],
    "edges": [
        {"from": "reserve", "to": "tell"},
        {"from": "tell", "to": "ship", "when": "context.amount > 9"},
    ],
}


def test_a_missing_undo_is_found_seen_mended_and_published(page: Page) -> None:
    name = new_workflow(page, "order_processing")
    drop(page, "HTTP call", 300, 60)
    expect(node(page, "http_request")).to_be_visible()
    inspector = page.get_by_label("Inspector")
    inspector.get_by_label(re.compile(r"^URL")).fill("https://example.org/told")
    page.keyboard.press("Tab")
    expect_still(page)
    expect_saved(page)
    page.goto(f"/workflows/{name}/proof/")
    page.get_by_label("Publishing needs", exact=True).select_option("proof")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Prove it").click()
    expect(page.get_by_role("heading", name="It does not hold")).to_be_visible(timeout=PATIENCE_MS)
    found = page.get_by_role("heading", name="What http_request did stays: it has no undo")
    expect(found).to_be_visible()

    page.get_by_role("button", name="See it, entry by entry").first.click()
    expect(page.get_by_text("This run never happened.")).to_be_visible()
    expect_canvas(page)
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(slider).not_to_have_attribute("aria-valuenow", "0")
    page.get_by_role("link", name="proof", exact=True).click()

    page.get_by_role("button", name="Mark it irreversible").click()
    expect(page.get_by_role("heading", name="It holds")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("link", name="Edit the draft").click()
    tool(page, "Publish").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("It is proven: all 8 properties hold.")).to_be_visible()
    dialog.get_by_role("button", name="Publish", exact=True).click()
    expect(dialog.get_by_text("is published")).to_be_visible()


def test_without_a_proof_it_is_not_published_where_one_is_needed(page: Page) -> None:
    name = new_workflow(page, "order_processing")
    needs = {"needs": "proof"}
    api = f"/api/v1/workflows/{name}"
    assert page.request.put(f"{api}/publish-needs", data=needs, headers=headers_of(page)).ok
    page.goto(f"/workflows/{name}/edit/")
    tool(page, "Publish").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Publish", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("have this draft proven first")
    dialog.get_by_role("button", name="Prove it now").click()
    expect(dialog.get_by_text("It is proven")).to_be_visible(timeout=PATIENCE_MS)
    dialog.get_by_role("button", name="Publish", exact=True).click()
    expect(dialog.get_by_text("is published")).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_the_page_fits_and_can_be_read(visits: Visits, axe: str, scheme: str, width: int) -> None:
    page = visits.page(color_scheme=scheme, viewport={"width": width, "height": 900})
    publish(page, WRONG)
    page.goto("/workflows/shaky_for_looks/proof/")
    page.get_by_role("button", name=re.compile("^Prove it")).click()
    expect(page.get_by_role("heading", name="It does not hold")).to_be_visible(timeout=PATIENCE_MS)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert faults(page, axe) == []
