"""The run's page as a workbench: the act that a run waits for is in sight, and nothing moves the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Visits
from tests.e2e.documents import expect_canvas, headers_of, publish
from tests.e2e.orders import PATIENCE_MS, SLOW, expect_status, start_order, stored, tab
from tests.e2e.situations import started

SIZES = ((1280, 800), (1440, 900), (390, 844))
TABBAR_PX = 60  # what lies over the page at the lower end of a phone
CHOOSES = {
    "name": "bench_chooses",
    "steps": [
        {"name": name, "kind": "set", "values": {name: 1}} for name in ("first", "left", "right", "end")
    ],
    "edges": [
        {"from": "first", "to": "left", "when": "context.size > 5"},
        {"from": "first", "to": "right", "otherwise": True},
        {"from": "left", "to": "end"},
        {"from": "right", "to": "end"},
    ],
}


@pytest.fixture(scope="module")
def runs() -> dict[str, str]:
    """Runs by situation, started by the first test that needs them."""
    return {}


@pytest.fixture
def page(visits: Visits, runs: dict[str, str]) -> Iterator[Page]:
    page = visits.page()
    if not runs:
        runs |= started(page)
    yield page


def act_of(page: Page, situation: str) -> Locator:
    """What a person would press: the answer where one is asked, else an operation on the ended run."""
    panel = page.locator("#panel-now")
    buttons = {
        "waits for your approval": "Approve",
        "waits for the run": "Approve",
        "waits for the signal": "Send the signal",
        "a person has to say": "Send the answer",
        "the undo of reserve_inventory waits behind": "Send the answer",
    }
    if situation in buttons:
        return panel.get_by_role("button", name=buttons[situation]).first
    return panel.get_by_role("link", name="Start again with this input")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_act_is_in_sight_without_scrolling(
    page: Page, runs: dict[str, str], width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    for situation, run in runs.items():
        page.goto(f"/runs/{run}/")
        said = page.locator("[data-slot=situation]")
        expect(said).to_contain_text(re.compile(re.escape(situation), re.IGNORECASE), timeout=PATIENCE_MS)
        box = act_of(page, situation).bounding_box()
        assert box is not None
        room = height - (TABBAR_PX if width < 640 else 0)
        assert box["y"] >= 0 and box["y"] + box["height"] <= room, (situation, box)
        if width >= 1024:
            assert page.evaluate("() => document.documentElement.scrollHeight") <= height, situation
        assert page.evaluate("() => [scrollY, document.documentElement.scrollWidth]") == [0, width], situation


def test_an_approval_of_a_child_is_given_where_its_run_is_watched(page: Page) -> None:
    given = {"input": {"data": [1], "size": 1}}
    answer = page.request.post("/api/v1/workflows/bench_nests/runs", data=given, headers=headers_of(page))
    address = f"/runs/{answer.json()['id']}/"
    page.goto(address)
    boss = page.get_by_role("region", name="boss waits for approval")
    expect(boss).to_contain_text("bench_asks", timeout=PATIENCE_MS)
    boss.get_by_role("button", name="Approve").click()
    page.wait_for_url(f"**{address}")
    expect_status(page, "Completed")


def test_a_step_fills_the_panel_and_escape_gives_the_focus_back(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/runs/{runs['completed in']}/")
    expect_canvas(page)
    node = page.locator('.react-flow__node[data-id="charge_payment"]')
    node.focus()
    page.keyboard.press("Enter")
    panel = page.get_by_role("region", name="charge_payment")
    expect(panel).to_be_visible()
    expect(page.get_by_role("tab", name="Step")).to_have_attribute("aria-selected", "true")
    assert page.evaluate("() => scrollY") == 0
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.get_by_role("tab", name="Now")).to_have_attribute("aria-selected", "true")
    expect(node).to_be_focused()


def test_a_step_leads_to_the_pages_of_its_workers(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/runs/{runs['completed in']}/")
    expect_canvas(page)
    page.locator('.react-flow__node[data-id="charge_payment"]').click()
    workers = page.get_by_role("region", name="charge_payment").get_by_role("list", name="Workers")
    expect(workers.get_by_role("listitem")).to_have_text(["work: charge_payment", "undo: refund_payment"])
    workers.get_by_role("link", name="refund_payment").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("refund_payment")


def test_tabs_and_the_width_of_the_panel_are_moved_by_keyboard(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/runs/{runs['completed in']}/")
    expect_canvas(page)
    page.get_by_role("tab", name="Now").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", name="Data")).to_be_focused()
    expect(page.locator("#panel-data")).to_be_visible()
    splitter = page.get_by_role("separator", name="Width of the panel")
    before = int(splitter.get_attribute("aria-valuenow") or 0)
    splitter.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    page.reload()
    expect(splitter).to_have_attribute("aria-valuenow", str(before + 72))


def test_only_edges_that_were_taken_are_drawn_so(page: Page) -> None:
    publish(page, CHOOSES)
    given = {"input": {"size": 1}}
    answer = page.request.post("/api/v1/workflows/bench_chooses/runs", data=given, headers=headers_of(page))
    page.goto(f"/runs/{answer.json()['id']}/")
    expect_status(page, "Completed")
    expect_canvas(page)
    expect(page.locator(".run-edge")).to_have_count(4)
    expect(page.locator('.run-edge[data-way="done"]')).to_have_count(2)
    expect(page.locator('.run-edge[data-way="dead"]')).to_have_count(2)


def test_what_is_offered_follows_the_end_at_once(page: Page) -> None:
    start_order(page, send_confirmation="slow:2")
    cancel = page.get_by_text("Cancel this run")
    expect(cancel).to_be_visible()
    page.route("**/panel/", lambda route: None)  # the server says nothing more
    expect_status(page, "Completed")
    expect(cancel).to_be_hidden(timeout=1_000)
    expect(page.locator("[data-slot=situation]")).to_contain_text("Completed in")


def test_a_rollback_is_played_back_and_says_what_happened_then(page: Page) -> None:
    start_order(page, create_shipment="critical", charge_payment=SLOW)
    expect_status(page, "Undone")
    page.get_by_label("Speed of the play").select_option("undo")
    page.get_by_role("button", name="Play the run").click()
    said = page.locator("[data-slot=situation]")
    expect(said).to_contain_text(
        "refund_payment, the undo of charge_payment, is running", timeout=PATIENCE_MS
    )
    expect(page.locator("#panel-now")).to_contain_text("This is a moment of the past.")
    expect(page.get_by_role("link", name="Start again with this input")).to_be_hidden()
    entries: list[dict[str, Any]] = page.request.get(f"/api/v1/runs/{stored(page)['id']}/events").json()[
        "events"
    ]
    first_undo = next(entry["seq"] for entry in entries if entry["type"] == "compensation.started")
    expect(page.get_by_label("Moment of the run")).to_have_value(str(first_undo))
    page.get_by_label("Speed of the play").select_option("step")
    page.get_by_role("button", name="Play the run").click()
    expect(page.get_by_role("button", name="Pause the play")).to_be_visible()
    expect(said).to_contain_text("What was done before has been undone", timeout=PATIENCE_MS)


def test_the_timeline_is_shown_on_the_stage(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/runs/{runs['completed in']}/")
    page.get_by_role("button", name="Timeline", exact=True).click()
    expect(page.locator("[data-view=timeline]")).to_be_visible()
    expect(page.locator("workflow-canvas")).to_be_hidden()
    page.reload()
    expect(page.locator("[data-view=timeline]")).to_be_visible()
    tab(page, "Journal")
    expect(page.locator("[data-slot=entries] > li").last).to_be_in_viewport()
