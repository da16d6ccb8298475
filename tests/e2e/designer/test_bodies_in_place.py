"""Steps inside steps, drawn in the frame of their step: designed, assumed to fail, tried and run."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.e2e.designer.gestures import box, edges, expect_saved, expect_still, node, tool
from tests.e2e.documents import expect_canvas, publish, start
from tests.e2e.orders import expect_status

LOOP: dict[str, Any] = {
    "name": "rounds",
    "kind": "loop",
    "until": "turn == 3",
    "max_turns": 5,
    "body": {"steps": [{"name": "ask", "kind": "set", "values": {"n": "=turn"}}]},
}
PACK: dict[str, Any] = {
    "name": "pack",
    "kind": "group",
    "body": {
        "steps": [
            {"name": "reserve", "worker": "reserve_inventory"},
            {"name": "label", "kind": "set", "values": {"sku": "=context.order_items[0].sku"}},
            {"name": "repair", "kind": "set", "values": {"repaired": True}},
            LOOP,
        ],
        "edges": [
            {"from": "reserve", "to": "label"},
            {"from": "label", "to": "repair", "on": "failed", "errors": ["printer.*"]},
            {"from": "label", "to": "rounds"},
        ],
    },
}
INPUT: dict[str, Any] = {"order_items": [{"sku": "MUG-002", "quantity": 1}]}


def packing(page: Page, name: str) -> None:
    steps = [
        {"name": "check", "worker": "reserve_inventory"},
        PACK,
        {"name": "tell", "kind": "set", "values": {"told": True}},
    ]
    publish(
        page,
        {
            "name": name,
            "sample_input": INPUT,
            "steps": steps,
            "edges": [{"from": "check", "to": "pack"}, {"from": "pack", "to": "tell"}],
            "layout": {"check": [0, 0], "pack": [300, 0], "tell": [600, 0]},
        },
    )


def edit(page: Page, name: str) -> None:
    page.goto(f"/workflows/{name}/edit/")
    expect_still(page)


def unfold(page: Page, step: str) -> None:
    page.get_by_label(f"Unfold the steps of {step}", exact=True).click()
    expect(page.get_by_label(f"Fold the steps of {step}", exact=True)).to_be_visible()


def way(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Way into the step")


def saved_layout(page: Page, name: str) -> dict[str, list[int]]:
    expect_saved(page)
    draft: dict[str, Any] = page.request.get(f"/api/v1/workflows/{name}").json()["draft"]
    layout: dict[str, list[int]] = draft["layout"]
    return layout


def test_a_body_is_drawn_in_its_frame_and_a_click_on_a_step_opens_it(page: Page) -> None:
    packing(page, "in_place")
    edit(page, "in_place")
    before = box(node(page, "tell"))
    unfold(page, "pack")
    expect(node(page, "pack/label")).to_be_visible()
    expect(edges(page)).to_have_count(5)
    expect(page.locator(".edge-condition")).to_have_text("fails: printer.*")
    expect_still(page)
    frame, inner = box(node(page, "pack")), box(node(page, "pack/repair"))
    assert frame["x"] < inner["x"] and inner["x"] + inner["width"] < frame["x"] + frame["width"]
    assert box(node(page, "tell"))["x"] > before["x"]

    unfold(page, "rounds")
    expect(node(page, "pack/rounds/ask")).to_be_visible()
    page.reload()
    expect(node(page, "pack/rounds/ask")).to_be_visible()
    expect_still(page)
    node(page, "pack/label").click()
    expect(way(page)).to_contain_text("pack")
    expect(page.get_by_label("Inspector").get_by_role("heading", name="label")).to_be_visible()
    expect(node(page, "rounds/ask")).to_be_visible()
    page.keyboard.press("Shift+B")
    page.keyboard.press("f")
    expect(node(page, "pack/label")).to_have_count(0)
    node(page, "pack").dblclick()
    expect(way(page)).to_contain_text("pack")


def test_a_step_beside_a_frame_is_moved_where_it_is_let_go(page: Page) -> None:
    packing(page, "moved_aside")
    edit(page, "moved_aside")
    unfold(page, "pack")
    expect(node(page, "pack/label")).to_be_visible()
    page.get_by_role("button", name="Fit View").click()
    expect_still(page)
    target = box(node(page, "tell"))
    page.mouse.move(target["x"] + 20, target["y"] + 20)
    page.mouse.down()
    page.mouse.move(target["x"] + 20, target["y"] + 80, steps=6)
    page.mouse.up()
    expect_still(page)
    assert abs(box(node(page, "tell"))["y"] - target["y"] - 60) < 15
    layout = saved_layout(page, "moved_aside")
    assert layout["tell"][0] == 600 and layout["tell"][1] > 0
    assert (layout["check"], layout["pack"]) == ([0, 0], [300, 0])


def test_a_failure_inside_is_told_to_the_outermost_step_and_marked_everywhere(page: Page) -> None:
    packing(page, "failing_inside")
    edit(page, "failing_inside")
    unfold(page, "pack")
    tool(page, "What if…").click()
    page.get_by_label("What if this fails?").select_option("pack/rounds")
    panel = page.get_by_role("region", name="What if a step fails?")
    expect(panel).to_contain_text("So its body has failed, and pack fails too.")
    expect(panel.get_by_role("listitem").filter(has_text="pack/reserve")).to_have_attribute("value", "1")
    expect(panel.get_by_role("listitem").filter(has_text="check")).to_have_attribute("value", "2")
    for step, text in (("pack/rounds", "Fails"), ("pack/reserve", "Undo 1"), ("check", "Undo 2")):
        expect(node(page, step).locator(".what-if-mark")).to_have_text(text)
    page.get_by_label("Open the steps of pack", exact=True).click()
    expect(node(page, "reserve").locator(".what-if-mark")).to_have_text("Undo 1")


def test_a_step_inside_is_tried_alone(page: Page) -> None:
    packing(page, "tried_inside")
    edit(page, "tried_inside")
    page.get_by_label("Open the steps of pack", exact=True).click()
    expect(node(page, "label")).to_be_visible()
    expect_still(page)
    node(page, "label").click()
    tool(page, "Try step").click()
    dialog = page.get_by_role("dialog", name="Try pack/label alone")
    expect(dialog.get_by_label("Context (JSON)")).to_contain_text("MUG-002")
    dialog.get_by_role("button", name="Start the trial").click()
    bar = page.get_by_role("region", name="Trial")
    expect(bar).to_contain_text("pack/label alone")
    expect(bar).to_contain_text('"sku": "MUG-002"')
    expect(node(page, "label").locator(".step-node-badges")).to_have_text("Completed")
    way(page).get_by_role("button").click()
    unfold(page, "pack")
    expect(node(page, "pack/label").locator(".step-node-badges")).to_have_text("Completed")


def test_a_trial_of_a_draft_shows_the_states_inside(page: Page) -> None:
    packing(page, "tried_whole")
    edit(page, "tried_whole")
    unfold(page, "pack")
    unfold(page, "rounds")
    tool(page, "Try it").click()
    dialog = page.get_by_role("dialog", name="Try this draft")
    dialog.get_by_role("checkbox").check()
    dialog.get_by_role("button", name="Start the trial").click()
    states = {"pack/label": "Completed", "pack/repair": "Skipped", "pack/rounds/ask": "Completed"}
    for step, text in states.items():
        expect(node(page, step).locator(".step-node-badges")).to_have_text(text)


def test_a_published_version_and_its_run_show_bodies_in_place_and_alone(page: Page) -> None:
    packing(page, "seen_inside")
    start(page, "seen_inside", INPUT)
    expect_status(page, "Completed")
    expect_canvas(page)
    unfold(page, "pack")
    expect(node(page, "pack/label").locator("[data-node]")).to_have_attribute("data-status", "completed")
    expect(node(page, "pack/repair").locator("[data-node]")).to_have_attribute("data-status", "skipped")
    unfold(page, "pack/rounds")
    frame = node(page, "pack/rounds")
    expect(frame).to_contain_text("turn 3")
    expect(node(page, "pack/rounds/ask").locator("[data-node]")).to_have_attribute("data-status", "completed")
    page.reload()
    expect(frame).to_contain_text("turn 3")
    expect(node(page, "pack/rounds/ask").locator("[data-node]")).to_have_attribute("data-status", "completed")

    page.goto("/workflows/seen_inside/")
    expect(node(page, "pack/label")).to_be_visible()
    node(page, "pack/label").click()
    expect(way(page)).to_contain_text("pack")
    expect(node(page, "label")).to_be_visible()
    page.get_by_role("button", name="What if a step fails?").click()
    node(page, "label").click()
    panel = page.get_by_role("region", name="What if a step fails?")
    expect(panel).to_contain_text("pack/label fails for good")
    expect(node(page, "reserve").locator(".what-if-mark")).to_have_text("Undo 1")
    way(page).get_by_role("button").click()
    expect(node(page, "check").locator(".what-if-mark")).to_have_text("Undo 2")


def test_a_body_is_drawn_on_the_page_of_a_run_before_its_run_begins(page: Page) -> None:
    asks = {"name": "asks", "kind": "approval", "message": "Go on?"}
    edge = [{"from": "asks", "to": "pack"}]
    publish(page, {"name": "not_yet_inside", "steps": [asks, PACK], "edges": edge})
    start(page, "not_yet_inside", INPUT)
    expect_status(page, "Waiting")
    expect_canvas(page)
    unfold(page, "pack")
    label = node(page, "pack/label").locator("[data-node]")
    expect(label).to_have_attribute("data-status", "pending")
    page.get_by_role("button", name="Approve").first.click()
    expect_status(page, "Completed")
    expect(label).to_have_attribute("data-status", "completed")
