"""The timeline of a run: true bars, light at any size, reached by keyboard, at the moment of the slider."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Visits
from tests.e2e.documents import PATIENCE_MS, publish, start
from tests.e2e.orders import SLOW, expect_status, show_timeline, start_order

STEPS = 1_000
ROWS_DRAWN_MAX = 40


def timeline_row(page: Page, step: str) -> Locator:
    return page.locator(f'[data-view=timeline] [data-step="{step}"]')


def bars(page: Page, step: str) -> list[str]:
    """Kind and outcome of each bar, first to last, once the row has its entries."""
    expect(timeline_row(page, step)).not_to_have_attribute("aria-busy", "")
    found: list[str] = (
        timeline_row(page, step)
        .locator(".timeline-bar")
        .evaluate_all("bars => bars.map((bar) => `${bar.dataset.kind} ${bar.dataset.outcome}`.trim())")
    )
    return found


def test_attempts_waits_and_undos_are_bars(page: Page) -> None:
    start_order(page, charge_payment="temporary:1", create_shipment="critical", refund_payment=SLOW)
    expect_status(page, "Undone")
    show_timeline(page)
    expect(timeline_row(page, "charge_payment")).to_contain_text("completed · 2 attempts · undone")
    assert [bar for bar in bars(page, "charge_payment") if "queued" not in bar] == [
        "attempt retried",
        "delay",
        "attempt completed",
        "undo completed",
    ]
    assert bars(page, "create_shipment")[-1] == "attempt failed"
    assert bars(page, "send_confirmation") == []
    expect(timeline_row(page, "send_confirmation")).to_contain_text("not reached")
    words = timeline_row(page, "charge_payment").get_attribute("aria-label") or ""
    assert "attempt 1, retried" in words and "undo, completed" in words


def test_it_follows_the_slider_and_comes_back(page: Page) -> None:
    start_order(page, create_shipment="critical")
    expect_status(page, "Undone")
    show_timeline(page)
    expect(timeline_row(page, "charge_payment")).to_contain_text("undone")
    now = bars(page, "charge_payment")
    run = page.url.rstrip("/").rpartition("/")[2]
    entries = page.request.get(f"/api/v1/runs/{run}/events").json()["events"]
    started = next(e["seq"] for e in entries if (e["type"], e["step"]) == ("step.started", "charge_payment"))
    page.get_by_label("Moment of the run").fill(str(started))
    expect(timeline_row(page, "charge_payment")).to_contain_text("running")
    assert bars(page, "charge_payment")[-1] == "attempt"
    assert bars(page, "create_shipment") == []
    expect(page.locator("[data-slot=timeline-line]")).to_be_visible()
    page.get_by_role("button", name="Back to now").click()
    expect(timeline_row(page, "charge_payment")).to_contain_text("undone")
    assert bars(page, "charge_payment") == now
    expect(page.locator("[data-slot=timeline-line]")).to_be_hidden()


def test_a_bar_opens_its_step_by_mouse_and_by_keyboard(page: Page) -> None:
    start_order(page)
    expect_status(page, "Completed")
    panel = page.locator("[data-view=step]")
    show_timeline(page)
    expect(timeline_row(page, "charge_payment").locator(".timeline-bar").last).to_be_visible()
    timeline_row(page, "charge_payment").locator(".timeline-bar").last.click()
    expect(panel).to_have_attribute("data-step", "charge_payment")
    expect(panel).to_be_visible()
    timeline_row(page, "charge_payment").focus()
    page.keyboard.press("ArrowDown")
    expect(timeline_row(page, "create_shipment")).to_be_focused()
    page.keyboard.press("Enter")
    expect(panel).to_have_attribute("data-step", "create_shipment")
    page.keyboard.press("Home")
    expect(timeline_row(page, "reserve_inventory")).to_be_focused()


def test_zoom_shows_less_time_and_keeps_the_names(page: Page) -> None:
    start_order(page, reserve_inventory=SLOW)
    expect_status(page, "Completed")
    show_timeline(page)
    bar = timeline_row(page, "charge_payment").locator(".timeline-bar").last
    expect(bar).to_be_visible()
    before = bar.evaluate("bar => bar.getBoundingClientRect().width")
    for _ in range(6):
        page.get_by_role("button", name="Show less time").click()
    after = bar.evaluate("bar => bar.getBoundingClientRect().width")
    assert after > before * 4
    expect(timeline_row(page, "charge_payment").locator(".timeline-name")).to_be_in_viewport()
    page.get_by_role("button", name="Whole run").click()
    assert abs(bar.evaluate("bar => bar.getBoundingClientRect().width") - before) < 1


def test_of_a_thousand_steps_only_those_in_sight_are_drawn(visits: Visits) -> None:
    page = visits.page()
    names = [f"s{index:04}" for index in range(STEPS)]
    steps = [
        {"name": name, "kind": "wait", "seconds": 0, **({"when": "false"} if name != "s0500" else {})}
        for name in names
    ]
    publish(page, {"name": "thousand_steps", "steps": steps})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/timeline?" in request.url else None)
    start(page, "thousand_steps", {})
    expect(page.locator("[data-slot=run-status]")).to_have_text("Completed", timeout=2 * PATIENCE_MS)
    page.reload()
    show_timeline(page)
    expect(timeline_row(page, names[0])).to_contain_text("skipped")
    assert page.locator("[data-view=timeline] [data-step]").count() <= ROWS_DRAWN_MAX
    timeline_row(page, names[0]).focus()
    page.keyboard.press("End")
    expect(timeline_row(page, names[-1])).to_be_focused()
    expect(timeline_row(page, names[-1])).to_contain_text("skipped")
    assert page.locator("[data-view=timeline] [data-step]").count() <= 2 * ROWS_DRAWN_MAX
    assert asked and all(url.count("step=") <= 50 for url in asked)


def test_it_can_be_used_on_a_phone(visits: Visits) -> None:
    page = visits.page(viewport={"width": 390, "height": 800})
    start_order(page, create_shipment="critical")
    expect_status(page, "Undone")
    show_timeline(page)
    bar = timeline_row(page, "reserve_inventory").locator(".timeline-bar").first
    expect(bar).to_be_visible()
    name = timeline_row(page, "reserve_inventory").locator(".timeline-name b")
    boxes = name.bounding_box(), bar.bounding_box()
    assert boxes[0] and boxes[1] and boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"] + 1
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
