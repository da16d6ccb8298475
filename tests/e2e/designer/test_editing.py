"""People design workflows: by mouse, by keyboard, and two at once."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visits
from tests.e2e.designer.gestures import (
    add_by_keyboard,
    arrange,
    box,
    click_pane,
    connect,
    drop,
    drop_on_edge,
    edges,
    expect_saved,
    new_workflow,
    node,
    nodes,
    tool,
)
from tests.e2e.orders import expect_status

CONTRAST = (Path(__file__).parents[1] / "contrast.js").read_text()
TOPS = """() => {
  window.tops = [];
  const note = () => {
    window.tops.push(document.querySelector(".designer-canvas").getBoundingClientRect().top);
    requestAnimationFrame(note);
  };
  note();
}"""
LETTER = """Dear {{ customer }},
{% for item in items %}
- {{ item }}
{% endfor %}
"""
STEPS = ("Reserve inventory", "Charge payment", "Create shipment")


def test_ready_made_workers_come_first_and_examples_are_folded(page: Page) -> None:
    new_workflow(page)
    blocks, search = page.get_by_label("Steps to add", exact=True), page.get_by_label("Search steps to add")
    order = blocks.get_by_role("button", name="Charge payment", exact=True)
    expect(blocks.get_by_role("heading", name="Mail", exact=True)).to_be_visible()
    expect(order).to_be_hidden()
    blocks.get_by_text("Examples", exact=True).click()
    expect(order).to_be_visible()
    search.fill("a mail")
    expect(blocks.get_by_role("button", name="Send e-mail")).to_be_visible()
    search.fill("charge payment")
    expect(order).to_be_visible()
    search.fill("")
    blocks.get_by_role("button", name="Render text", exact=True).click()
    template = page.get_by_label("Inspector").get_by_label("Template (needed)")
    template.fill(LETTER)
    expect(template).to_have_value(LETTER)
    expect_saved(page)
    expect(page.get_by_text("No problems")).to_be_visible()


def test_from_empty_to_a_published_order_that_runs_by_mouse(page: Page) -> None:
    name = new_workflow(page)
    expect(page.get_by_text("No steps yet", exact=True)).to_be_visible()
    for place, title in enumerate(STEPS):
        drop(page, title, 140 + 20 * place, 100 + 170 * place)
        expect(nodes(page)).to_have_count(place + 1)
    arrange(page)
    connect(page, "reserve_inventory", "charge_payment")
    connect(page, "charge_payment", "create_shipment")
    expect(edges(page)).to_have_count(2)
    undos = page.locator('.step-node-undo[data-holds="action"]')
    expect(undos).to_have_text(
        [re.compile("release_inventory"), re.compile("refund_payment"), re.compile("cancel_shipment")]
    )
    click_pane(page)
    triggers = page.get_by_label("Inspector").get_by_role("link", name="Triggers")
    expect(triggers).to_have_attribute("href", f"/workflows/{name}/triggers/")
    page.get_by_label("Sample input (JSON)").fill('{"order_items": [{"sku": "MUG-002", "quantity": 1}]}')
    expect_saved(page)
    tool(page, "Publish").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish", exact=True).click()
    page.get_by_role("link", name="To the workflow").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("v1")
    page.goto(f"/workflows/{name}/start/")
    page.get_by_role("button", name="Start the run").click()
    expect_status(page, "Completed")


def test_numbers_that_nobody_touched_stay_as_they_were_up_to_the_run(page: Page) -> None:
    random = Random(14)
    numbers = [9007199254740993, 2**63 - 1, -(2**53) - 1, 2, 2.0, -0.0, 0.1, 1e16, 1e22, 5e-324, 1.7e308]
    numbers += [random.randrange(-(2**63), 2**63) for _ in range(100)]
    numbers += [random.uniform(-1, 1) * 10 ** random.randrange(-30, 30) for _ in range(100)]
    sample = {"id": 9007199254740993, "numbers": numbers, "__proto__": {"constructor": 2.0}}
    name = new_workflow(page)
    add_by_keyboard(page, "Reserve inventory")
    click_pane(page)
    page.get_by_label("Sample input (JSON)").fill(json.dumps(sample))
    expect_saved(page)
    page.reload()
    node(page, "reserve_inventory").click()
    page.get_by_label("Title", exact=True).fill("Hold it")
    expect_saved(page)
    saved = page.request.get(f"/api/v1/workflows/{name}").json()["draft"]
    assert saved["steps"][0]["title"] == "Hold it"
    assert repr(saved["sample_input"]) == repr(sample)
    tool(page, "Try it").click()
    dialog = page.get_by_role("dialog")
    assert repr(json.loads(dialog.get_by_label("Input (JSON)").input_value())) == repr(sample)
    dialog.get_by_role("checkbox").check()
    dialog.get_by_role("button", name="Start the trial").click()
    link = page.get_by_role("region", name="Trial").get_by_role("link", name="Open its page")
    run = page.request.get(f"/api/v1{link.get_attribute('href')}".rstrip("/")).json()
    assert repr(run["input"]) == repr(sample)


def test_expressions_follow_a_step_that_is_renamed(page: Page) -> None:
    name = new_workflow(page)
    for words in ("Reserve inventory", "Charge payment"):
        add_by_keyboard(page, words)
    node(page, "charge_payment").click()
    inspector = page.get_by_role("complementary", name="Inspector")
    inspector.get_by_role("button", name="JSON").click()
    inspector.get_by_label("The step as JSON").fill(
        '{"name": "charge_payment", "worker": "charge_payment", "when": "size(steps.reserve_inventory) > 0"}'
    )
    node(page, "reserve_inventory").click()
    inspector.get_by_role("button", name="Step", exact=True).click()
    field = inspector.get_by_label("Name", exact=True)
    field.fill("charge_payment")
    expect(inspector.get_by_text("something else has this name")).to_be_visible()
    field.fill("hold")
    expect(node(page, "hold")).to_be_visible()
    expect_saved(page)
    saved = page.request.get(f"/api/v1/workflows/{name}").json()["draft"]
    assert saved["steps"][1]["when"] == "size(steps.hold) > 0"
    assert saved["edges"] == [{"from": "hold", "to": "charge_payment"}]


def test_a_step_is_dropped_on_an_edge_and_a_circle_is_refused(page: Page) -> None:
    new_workflow(page)
    for words in ("Reserve inventory", "Create shipment"):
        add_by_keyboard(page, words)
    expect(edges(page)).to_have_count(1)
    expect_saved(page)
    drop_on_edge(page, "Charge payment", edges(page).first)
    expect(edges(page)).to_have_count(2)
    arrange(page)
    connect(page, "create_shipment", "reserve_inventory")
    expect(page.locator(".canvas-notice")).to_contain_text("round in a circle")
    expect(edges(page)).to_have_count(2)


def test_edits_are_undone_to_the_start_and_done_again(page: Page) -> None:
    new_workflow(page)
    for words in STEPS:
        add_by_keyboard(page, words)
    click_pane(page)
    page.get_by_label("Title").fill("Another title")
    node(page, "charge_payment").click()
    page.keyboard.press("Delete")
    expect(nodes(page)).to_have_count(2)
    expect(edges(page)).to_have_count(0)
    for _ in range(5):
        page.keyboard.press("Control+z")
    expect(nodes(page)).to_have_count(0)
    expect(tool(page, "Undo")).to_be_disabled()
    for _ in range(4):
        page.keyboard.press("Control+Shift+z")
    expect(nodes(page)).to_have_count(3)
    expect(edges(page)).to_have_count(2)


def test_what_was_edited_is_there_after_a_reload(page: Page) -> None:
    new_workflow(page, "order_processing")
    node(page, "charge_payment").click()
    inspector = page.get_by_role("complementary", name="Inspector")
    inspector.get_by_label("Title").fill("Take the money")
    inspector.get_by_role("button", name="Failure").click()
    inspector.get_by_label("Attempts").fill("7")
    expect(node(page, "charge_payment")).to_contain_text("7 tries")
    expect_saved(page)
    page.reload()
    expect(node(page, "charge_payment")).to_contain_text("Take the money")
    expect(node(page, "charge_payment")).to_contain_text("7 tries")


def test_the_undo_slot_and_problems_are_seen_at_the_step(page: Page) -> None:
    new_workflow(page, "order_processing")
    node(page, "charge_payment").click()
    inspector = page.get_by_role("complementary", name="Inspector")
    inspector.get_by_role("button", name="Undo").click()
    inspector.get_by_label("Undone by").fill("nobody")
    expect(node(page, "charge_payment")).to_have_attribute("aria-label", re.compile("1 problem"))
    click_pane(page)
    page.get_by_role("region", name="Problems").get_by_role("button").first.click()
    expect(inspector.get_by_role("heading", name="Charge payment")).to_be_visible()
    tool(page, "Publish").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Publish", exact=True)).to_be_disabled()
    page.keyboard.press("Escape")
    inspector.get_by_role("button", name="Undo").click()
    inspector.get_by_label("Undo", exact=True).select_option("irreversible")
    expect(node(page, "charge_payment").locator(".step-node-undo")).to_contain_text("irreversible")


@pytest.mark.parametrize("choice", ["Keep mine", "Take theirs"])
def test_two_browsers_edit_one_draft_and_nobody_loses_work(visits: Visits, choice: str) -> None:
    first, second = visits.page(), visits.page()
    name = new_workflow(first)
    second.goto(f"/workflows/{name}/edit/")
    expect(second.get_by_text("No steps yet", exact=True)).to_be_visible()
    add_by_keyboard(first, "Reserve inventory")
    expect_saved(first)
    add_by_keyboard(second, "Charge payment")
    dialog = second.get_by_role("dialog", name="Somebody else saved this draft")
    expect(dialog).to_contain_text("Added step charge_payment")
    expect(dialog).to_contain_text("Added step reserve_inventory")
    dialog.get_by_role("button", name=choice).click()
    expect_saved(second)
    second.reload()
    kept = "charge_payment" if choice == "Keep mine" else "reserve_inventory"
    expect(nodes(second)).to_have_count(1)
    expect(node(second, kept)).to_be_visible()


def test_what_is_edited_without_a_connection_is_saved_afterwards(page: Page) -> None:
    new_workflow(page)
    page.context.set_offline(True)
    add_by_keyboard(page, "Reserve inventory")
    expect(page.locator(".save-badge")).to_have_attribute("data-save", "offline")
    page.context.set_offline(False)
    expect_saved(page)
    page.reload()
    expect(node(page, "reserve_inventory")).to_be_visible()


def test_the_canvas_stays_in_its_place_whatever_the_bar_tells(page: Page) -> None:
    new_workflow(page, "order_processing")
    expect_saved(page)
    page.evaluate(TOPS)
    node(page, "charge_payment").click()
    page.get_by_label("Inspector").get_by_label("Title").fill(
        "Take the money, with a title that is rather long"
    )
    expect_saved(page)
    page.context.set_offline(True)
    click_pane(page)
    page.get_by_role("textbox", name="Title").fill("Orders of a shop that has a long name, too")
    expect(page.locator(".save-badge")).to_have_attribute("data-save", "offline")
    page.context.set_offline(False)
    expect_saved(page)
    assert len(set(page.evaluate("() => window.tops"))) == 1


def test_an_edge_is_chosen_while_a_step_is(page: Page) -> None:
    new_workflow(page, "order_processing")
    inspector = page.get_by_role("complementary", name="Inspector")
    node(page, "charge_payment").click()
    expect(inspector.get_by_role("heading", name="Charge payment")).to_be_visible()
    line = box(edges(page).first)
    page.mouse.click(line["x"] + line["width"] / 2, line["y"] + line["height"] / 2)
    expect(inspector.get_by_role("heading", name="Edge")).to_be_visible()
    node(page, "charge_payment").click()
    expect(inspector.get_by_role("heading", name="Charge payment")).to_be_visible()
    edges(page).first.focus()
    page.keyboard.press("Enter")
    expect(inspector.get_by_role("heading", name="Edge")).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("dark", 390)])
def test_the_designer_can_be_read_and_fits(visits: Visits, scheme: str, width: int) -> None:
    page = visits.page(color_scheme=scheme, viewport={"width": width, "height": 900})
    new_workflow(page, "conditional_processing")
    expect(nodes(page).first).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRAST) == []
