"""The designer without a mouse: the outline, its commands, and a focus that is never lost."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.e2e.designer.gestures import (
    add_by_keyboard,
    edges,
    expect_saved,
    expect_still,
    new_workflow,
    node,
    nodes,
    tool,
)
from tests.e2e.orders import expect_status

STEPS = ("Reserve inventory", "Charge payment", "Create shipment")
UNDOS = {"charge_payment": "refund_payment", "create_shipment": "cancel_shipment"}


def outline(page: Page) -> Locator:
    return page.get_by_role("tree", name="Steps of the workflow")


def row(page: Page, text: str | re.Pattern[str]) -> Locator:
    return outline(page).get_by_role("treeitem").filter(has_text=text)


def to_outline(page: Page) -> None:
    page.keyboard.press("o")
    expect(outline(page)).to_be_focused()


def inspector(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Inspector")


def tab_to(page: Page, target: Locator, most: int = 60) -> None:
    for _ in range(most):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    expect(target).to_be_focused()


def choose_row(page: Page, text: str) -> None:
    """Walks down the outline from its first row to the one with the text."""
    page.keyboard.press("Home")
    target = row(page, text).first
    place = outline(page).get_by_role("treeitem").all_inner_texts().index(target.inner_text())
    for _ in range(place):
        page.keyboard.press("ArrowDown")
    expect(target).to_have_attribute("data-active", "true")


def give_undo(page: Page, worker: str) -> None:
    """From the outline: opens the undo slot of the step there, names a worker, and comes back."""
    page.keyboard.press("u")
    expect(inspector(page)).to_be_focused()
    undo = inspector(page).get_by_label("Undo", exact=True)
    tab_to(page, undo)
    page.keyboard.type("This worker")
    by = inspector(page).get_by_label("Undone by")
    expect(by).to_be_visible()
    tab_to(page, by)
    page.keyboard.press("Control+a")
    page.keyboard.type(worker)
    expect(by).to_have_value(worker)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(outline(page)).to_be_focused()


def test_from_empty_to_a_published_order_that_runs_by_keyboard_alone(page: Page) -> None:
    name = new_workflow(page)
    to_outline(page)
    for words in STEPS:
        add_by_keyboard(page, words)
        expect(outline(page)).to_be_focused()
    expect(outline(page).get_by_role("treeitem")).to_have_count(3)
    expect(edges(page)).to_have_count(2)
    for step, worker in UNDOS.items():
        choose_row(page, step)
        give_undo(page, worker)
        expect(node(page, step).locator(".step-node-undo")).to_contain_text(worker)
    choose_row(page, "reserve_inventory")
    page.keyboard.press("Space")
    expect(inspector(page).get_by_role("heading", name="Workflow")).to_be_visible()
    sample = inspector(page).get_by_label("Sample input (JSON)")
    tab_to(page, sample, most=120)
    page.keyboard.type('{"order_items": [{"sku": "MUG-002", "quantity": 1}]}')
    expect_saved(page)
    page.keyboard.press("Escape")
    publish = tool(page, "Publish")
    for _ in range(120):
        if publish.evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Publish this draft")
    expect(dialog).to_be_visible()
    tab_to(page, dialog.get_by_role("button", name="Publish", exact=True))
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name="To the workflow")
    expect(link).to_be_visible()
    tab_to(page, link)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("v1")
    page.goto(f"/workflows/{name}/start/")
    page.get_by_role("button", name="Start the run").press("Enter")
    expect_status(page, "Completed")


def test_the_outline_tells_undo_slots_and_ways_and_does_what_the_mouse_does(page: Page) -> None:
    new_workflow(page, "order_processing")
    to_outline(page)
    choose_row(page, "Charge payment")
    expect(node(page, "charge_payment")).to_have_class(re.compile("selected"))
    page.keyboard.press("ArrowRight")
    expect(row(page, "Undo: refund_payment")).to_have_attribute("aria-level", "2")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(row(page, "Leads to create_shipment")).to_have_attribute("data-active", "true")
    page.keyboard.press("Delete")
    expect(edges(page)).to_have_count(2)
    expect(row(page, "Charge payment")).to_have_attribute("data-active", "true")
    page.keyboard.press("c")
    expect(page.get_by_role("combobox", name="Search the next step")).to_be_focused()
    page.keyboard.type("send")
    page.keyboard.press("Enter")
    expect(outline(page)).to_be_focused()
    expect(row(page, "Leads to send_confirmation")).to_be_visible()
    place = node(page, "charge_payment").get_attribute("style")
    assert place and "translate" in place
    page.keyboard.press("Alt+ArrowDown")
    expect(node(page, "charge_payment")).not_to_have_attribute("style", place)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Delete")
    expect(nodes(page)).to_have_count(3)
    expect(outline(page)).to_be_focused()
    expect(row(page, "Send confirmation")).to_have_attribute("data-active", "true")
    for _ in range(4):
        page.keyboard.press("Control+z")
    expect(nodes(page)).to_have_count(4)
    expect(edges(page)).to_have_count(3)


def test_the_focus_is_never_lost(page: Page) -> None:
    new_workflow(page, "order_processing")
    step = node(page, "charge_payment")
    step.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Delete")
    expect(nodes(page)).to_have_count(3)
    expect(page.locator("[data-part=canvas]")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search steps")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-part=canvas]")).to_be_focused()
    undo = tool(page, "Undo")
    undo.focus()
    page.keyboard.press("Enter")
    expect(nodes(page)).to_have_count(4)
    expect(undo).to_be_disabled()
    expect(page.locator("[data-part=canvas]")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=canvas]")).to_be_focused()


def test_a_step_is_found_by_its_words(page: Page) -> None:
    new_workflow(page, "order_processing")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search steps of this workflow")).to_be_focused()
    page.keyboard.type("pay charge")
    page.keyboard.press("Enter")
    expect_still(page)
    expect(inspector(page).get_by_role("heading", name="Charge payment")).to_be_visible()
    expect(node(page, "charge_payment")).to_be_in_viewport()


def test_fifty_edits_are_undone_to_the_very_start_and_done_again(page: Page) -> None:
    new_workflow(page)
    expect_saved(page)
    to_outline(page)
    add_by_keyboard(page, "Reserve inventory")
    for number in range(49):
        page.keyboard.press("Control+d")
        expect(outline(page).get_by_role("treeitem", selected=True)).to_have_attribute(
            "id", f"outline-reserve_inventory_{number + 2}"
        )
    expect(row(page, "Reserve inventory").first).to_have_attribute("aria-setsize", "50")
    expect_saved(page)
    last = page.request.get(f"/api/v1/workflows/{_name(page)}").json()["draft"]
    for _ in range(50):
        page.keyboard.press("Control+z")
    expect(tool(page, "Undo")).to_be_disabled()
    expect(nodes(page)).to_have_count(0)
    expect_saved(page)
    first = page.request.get(f"/api/v1/workflows/{_name(page)}").json()["draft"]
    assert set(first) == {"schema", "name", "title"}
    for _ in range(50):
        page.keyboard.press("Control+Shift+z")
    expect(tool(page, "Redo")).to_be_disabled()
    expect(nodes(page)).to_have_count(50)
    expect_saved(page)
    assert page.request.get(f"/api/v1/workflows/{_name(page)}").json()["draft"] == last


def _name(page: Page) -> str:
    return page.url.split("/")[-3]
