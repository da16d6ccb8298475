"""No page of the designer has a serious fault that axe-core knows, and each fits a phone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visits
from tests.e2e.designer.gestures import arrange, expect_still, new_workflow, node, nodes, tool

AXE = Path(settings.BASE_DIR) / "designer/frontend/node_modules/axe-core/axe.min.js"
SERIOUS = ("serious", "critical")
RUN = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  const places = (nodes) => nodes.slice(0, 3).map((node) => node.html);
  return violations.map(({ id, impact, nodes }) => ({ id, impact, where: places(nodes) }));
}"""


@pytest.fixture(scope="module")
def axe() -> str:
    if not AXE.exists():
        message = "axe-core is missing: npm ci in designer/frontend"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return AXE.read_text()


def faults(page: Page, axe: str) -> list[dict[str, Any]]:
    page.evaluate(axe)
    found: list[dict[str, Any]] = page.evaluate(RUN)
    return [fault for fault in found if fault["impact"] in SERIOUS]


@pytest.mark.parametrize(
    "url", ["/workflows/", "/new-workflow/", "/import-workflow/", "/workflows/order_processing/"]
)
def test_pages_around_the_designer_have_no_serious_fault(page: Page, axe: str, url: str) -> None:
    page.goto(url)
    page.wait_for_load_state("networkidle")
    assert faults(page, axe) == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_designer_has_no_serious_fault_in_any_state(
    visits: Visits, axe: str, scheme: str, width: int
) -> None:
    page = visits.page(color_scheme=scheme, viewport={"width": width, "height": 900}, reduced_motion="reduce")
    new_workflow(page)
    assert faults(page, axe) == [], "empty"
    new_workflow(page, "conditional_processing")
    tool(page, "Outline").click()
    expect(page.get_by_role("tree")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("treeitem").first).to_have_attribute("aria-expanded", "true")
    assert faults(page, axe) == [], "outline and inspector"
    for key, name in (("/", "Add a step"), ("Control+k", "Go to a step"), ("?", "Keys")):
        page.keyboard.press(key)
        dialog = page.get_by_role("dialog", name=name)
        expect(dialog).to_be_visible()
        assert faults(page, axe) == [], name
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
    tool(page, "Publish").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert faults(page, axe) == [], "publish"
    page.keyboard.press("Escape")
    page.locator(".menu summary").click()
    assert faults(page, axe) == [], "file menu"


def test_each_step_and_edge_has_a_name_for_screen_readers(page: Page) -> None:
    new_workflow(page, "order_processing")
    step = page.get_by_label("Step Charge payment (charge_payment): charge_payment; undo: refund_payment")
    expect(step.first).to_be_visible()
    expect(page.get_by_label("From charge_payment to create_shipment")).to_have_count(1)


def test_on_a_phone_a_step_is_added_found_and_edited(visits: Visits) -> None:
    page = visits.page(viewport={"width": 390, "height": 844}, has_touch=True)
    new_workflow(page, "resilient_processing")
    canvas = page.locator(".designer-canvas").bounding_box()
    assert canvas and canvas["width"] == 390 and canvas["height"] > 500
    tool(page, "Add step").tap()
    page.get_by_role("combobox", name="Search steps").fill("charge")
    option = page.get_by_role("dialog").get_by_role("option").first
    expect(option).to_contain_text("Charge payment")
    option.tap()
    expect(nodes(page)).to_have_count(4)
    expect_still(page)
    arrange(page)
    node(page, "charge_payment").tap()
    field = page.get_by_role("complementary", name="Inspector").get_by_label("Title")
    field.fill("Take it")
    expect(node(page, "charge_payment")).to_contain_text("Take it")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
