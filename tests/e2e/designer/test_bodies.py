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
from tests.e2e.orders import expect_status, row, tab

TABS_MAX = 150
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
    expect(page.locator("[data-slot=situation]")).to_contain_text("Turn 3 of loop failed")
    assert undone(page) == ["loop[1]", "loop[0]"]

    page.get_by_label("Moment of the run").focus()
    page.keyboard.press("Home")
    expect(row(page, "loop")).to_have_attribute("data-status", "pending")
    tab(page, "Step")
    row(page, "loop").locator("[data-action=choose]").click()
    page.get_by_role("link", name="The run of loop[2]").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Turn 3 of loop")


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """Presses Tab until the focus is on the target."""
    for _ in range(TABS_MAX):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    expect(target).to_be_focused()


def press(page: Page, target: Locator, key: str = "Tab") -> None:
    expect(target).to_be_visible()
    tab_to(page, target, key)
    page.keyboard.press("Enter")


def write(page: Page, field: Locator, text: str) -> None:
    tab_to(page, field)
    page.keyboard.press("Control+a")
    page.keyboard.type(text)
    page.keyboard.press("Tab")


def find(page: Page, words: str) -> None:
    """Chooses a step by a search for its words."""
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search steps of this workflow")).to_be_focused()
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    expect_still(page)


def open_by_keyboard(page: Page, step: str) -> None:
    """Opens the empty body of the chosen step."""
    page.keyboard.press("b")
    expect(way(page)).to_contain_text(step)
    expect(nodes(page)).to_have_count(0)


def draw_caught_group(page: Page) -> None:
    """A group that reserves and then fails, and a loop of three turns that its failure leads to."""
    page.keyboard.press("o")
    add_by_keyboard(page, "Group")
    add_by_keyboard(page, "Loop")
    for label, text in (("Until", "turn == 3"), ("Turns at most", "5")):
        write(page, inspector(page).get_by_label(label), text)
    each = inspector(page).get_by_label("Each turn is the work of")
    tab_to(page, each)
    page.keyboard.type("steps")
    page.keyboard.press("Tab")
    expect(each).to_have_value("body")
    leave_field(page)
    open_by_keyboard(page, "loop")
    add_by_keyboard(page, "Send confirmation")
    page.keyboard.press("Shift+B")
    find(page, "group")
    open_by_keyboard(page, "group")
    add_by_keyboard(page, "Reserve inventory")
    add_by_keyboard(page, "Fail on purpose")
    expect(edges(page)).to_have_count(1)
    page.keyboard.press("Shift+B")
    expect(way(page)).to_have_count(0)
    expect(node(page, "group").get_by_text("2 steps")).to_be_visible()
    page.keyboard.press("e")
    expect(page.get_by_role("combobox", name="Search the next step")).to_be_focused()
    page.keyboard.type("loop")
    page.keyboard.press("Enter")
    expect(edges(page)).to_have_count(2)
    expect(page.locator(".edge-condition")).to_have_text("fails")


def leave_field(page: Page) -> None:
    """From a field of the inspector back to the outline."""
    page.keyboard.press("Escape")
    expect(page.get_by_role("tree", name="Steps of the workflow")).to_be_focused()


def test_a_group_with_a_way_for_its_failure_is_drawn_published_and_run_by_keyboard(page: Page) -> None:
    new_workflow(page)
    draw_caught_group(page)
    page.keyboard.press("Control+z")
    expect(edges(page)).to_have_count(1)
    page.keyboard.press("Control+Shift+z")
    expect(edges(page)).to_have_count(2)
    page.keyboard.press("f")
    expect(node(page, "group/reserve_inventory")).to_be_visible()
    page.keyboard.press("f")
    expect(node(page, "group/reserve_inventory")).to_have_count(0)
    page.keyboard.press("Space")
    write(page, inspector(page).get_by_label("Sample input (JSON)"), SAMPLE)
    expect_saved(page)
    expect(page.get_by_role("heading", name="No problems")).to_be_visible()
    press(page, tool(page, "Publish"), "Shift+Tab")
    dialog = page.get_by_role("dialog", name="Publish this draft")
    press(page, dialog.get_by_role("button", name="Publish", exact=True))
    press(page, page.get_by_role("link", name="To the workflow"))
    press(page, page.get_by_role("link", name="Start a run"))
    press(page, page.get_by_role("button", name="Start the run"))

    expect_status(page, "Completed")
    expect(row(page, "group")).to_have_attribute("data-status", "failed")
    expect(row(page, "loop")).to_have_attribute("data-status", "completed")
    press(page, page.get_by_label("Unfold the steps of group"))
    inner = node(page, "group/reserve_inventory").locator("[data-node]")
    expect(inner).to_have_attribute("data-undo", "compensated")
    expect(page.get_by_label("Fold the steps of group")).to_be_focused()
    started = page.get_by_role("region", name="Runs that it started")
    press(page, started.get_by_role("link", name="group"))
    expect_status(page, "Undone")
    assert undone(page) == ["reserve_inventory"]
