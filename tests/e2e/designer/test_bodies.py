"""Steps with steps inside, and ways for failures: drawn, published, run, undone turn by turn and replayed."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.e2e.designer.gestures import (
    add_by_keyboard,
    box,
    click_pane,
    drop,
    edges,
    expect_saved,
    expect_still,
    new_workflow,
    node,
    nodes,
    tool,
)
from tests.e2e.orders import expect_status, row

SAMPLE = '{"order_items": [{"sku": "MUG-002", "quantity": 1}]}'


def inspector(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Inspector")


def way(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Way into the step")


def draw_failure(page: Page, source: str, target: str) -> None:
    """Draws by mouse where a failure leads."""
    expect_still(page)
    page.get_by_label(f"Out of {source} if it fails", exact=True).hover()
    page.mouse.down()
    end = box(page.get_by_label(f"Into {target}", exact=True))
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=4)
    page.mouse.up()


def fail_in_third_turn(page: Page) -> None:
    """In the open body of a loop: a step that acts, and one that fails in turn 3."""
    add_by_keyboard(page, "Reserve inventory")
    add_by_keyboard(page, "Fail on purpose")
    expect(edges(page)).to_have_count(1)
    guard = inspector(page).get_by_label("Only when")
    guard.click()
    guard.press_sequentially("turn == 3")
    page.keyboard.press("Escape")


def publish(page: Page) -> None:
    expect_saved(page)
    expect(page.get_by_role("heading", name="No problems")).to_be_visible()
    tool(page, "Publish").click()
    dialog = page.get_by_role("dialog", name="Publish this draft")
    dialog.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("link", name="To the workflow")).to_be_visible()


def undone(page: Page) -> list[str]:
    """What the run of the page has undone, in order."""
    run = page.url.rstrip("/").rpartition("/")[2]
    events = page.request.get(f"/api/v1/runs/{run}/events").json()["events"]
    return [event["step"] for event in events if event["type"] == "compensation.completed"]


def test_a_loop_and_a_caught_group_by_mouse_fail_in_turn_3_and_are_undone(page: Page) -> None:
    name = new_workflow(page)
    click_pane(page)
    inspector(page).get_by_label("Sample input (JSON)").fill(SAMPLE)
    drop(page, "Fail on purpose", 130, 200)
    node(page, "fail").click()
    inspector(page).get_by_label("Code").fill("payment.refused")
    page.keyboard.press("Control+a")
    node(page, "fail").click()
    page.locator(".react-flow__pane").click(position={"x": 20, "y": 20})
    drop(page, "Loop", 560, 420)
    inspector(page).get_by_label("Until").fill("false")
    inspector(page).get_by_label("Turns at most").fill("5")
    inspector(page).get_by_label("Each turn is the work of").select_option("body")
    page.get_by_label("Open the steps of loop").click()
    expect(way(page)).to_contain_text("loop")
    fail_in_third_turn(page)
    way(page).get_by_role("button").click()
    expect_still(page)
    node(page, "fail").click()
    page.keyboard.press("g")
    expect(node(page, "group").get_by_text("1 step")).to_be_visible()
    draw_failure(page, "group", "loop")
    expect(edges(page)).to_have_count(1)
    edges(page).first.focus()
    page.keyboard.press("Enter")
    inspector(page).get_by_label("Errors that it catches").fill("payment.*")
    page.keyboard.press("Enter")
    expect(page.locator(".edge-condition")).to_have_text("fails: payment.*")
    publish(page)

    page.goto(f"/workflows/{name}/start/")
    page.get_by_role("button", name="Start the run").click()
    expect_status(page, "Undone")
    expect(row(page, "group")).to_have_attribute("data-status", "failed")
    expect(row(page, "loop")).to_have_attribute("data-undo", "compensated")
    expect(page.locator("[data-slot=run-error-message]")).to_contain_text("Turn 3 of loop failed")
    assert undone(page) == ["loop[1]", "loop[0]"]

    page.get_by_label("Moment of the run").focus()
    page.keyboard.press("Home")
    expect(row(page, "loop")).to_have_attribute("data-status", "pending")
    row(page, "loop").locator("[data-action=choose]").click()
    page.get_by_role("link", name="The run of loop[2]").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Turn 3 of loop")


def test_a_group_with_a_way_for_its_failure_by_keyboard(page: Page) -> None:
    new_workflow(page)
    page.keyboard.press("o")
    add_by_keyboard(page, "Group")
    add_by_keyboard(page, "Loop")
    page.keyboard.press("Control+k")
    page.keyboard.type("group")
    page.keyboard.press("Enter")
    page.keyboard.press("b")
    expect(way(page)).to_contain_text("group")
    add_by_keyboard(page, "Reserve inventory")
    expect(nodes(page)).to_have_count(1)
    page.keyboard.press("Shift+B")
    expect(way(page)).to_have_count(0)
    expect(node(page, "group").get_by_text("1 step")).to_be_visible()
    page.keyboard.press("e")
    expect(page.get_by_role("combobox", name="Search the next step")).to_be_focused()
    page.keyboard.type("loop")
    page.keyboard.press("Enter")
    expect(edges(page)).to_have_count(2)
    expect(page.locator(".edge-condition")).to_have_text("fails")
    page.keyboard.press("Control+z")
    expect(edges(page)).to_have_count(1)
