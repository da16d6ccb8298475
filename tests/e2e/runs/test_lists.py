"""Home and the list of runs, live: what opens and ends appears by itself; many runs are acted on at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.conftest import Visits
from tests.e2e.documents import headers_of, publish
from tests.e2e.orders import expect_status, start_order

PATIENCE_MS = 30_000
CLAIM = {
    "name": "listed_claim",
    "steps": [
        {"name": "approve", "kind": "approval", "message": "All right?"},
        {"name": "send_confirmation", "worker": "send_confirmation", "compensation": "none"},
    ],
    "edges": [{"from": "approve", "to": "send_confirmation"}],
}
LATER = {"name": "listed_later", "steps": [{"name": "rest", "kind": "wait", "seconds": 0.01}], "edges": []}
Start = Callable[..., str]


@pytest.fixture
def start(page: Page) -> Start:
    """Starts `count` runs of a document at once; gives the label that they alone have."""

    def start(document: dict[str, Any], count: int) -> str:
        publish(page, document)
        lot = uuid4().hex[:8]
        bodies = [
            {"input": {"number": number, "lot": lot}, "labels": {"lot": lot}} for number in range(count)
        ]
        address = f"/api/v1/workflows/{document['name']}/runs"
        started = page.request.post(address, data=bodies, headers=headers_of(page))
        assert started.ok, started.text()
        return f"lot={lot}"

    return start


def rows(page: Page) -> Locator:
    return page.locator("tr[data-run]")


def figure(page: Page, name: str) -> Locator:
    return page.locator(f"[data-figure={name}] .figure-value")


def expect_live(page: Page) -> None:
    expect(page.locator("[data-slot=live]")).to_have_attribute("data-state", "live", timeout=PATIENCE_MS)


def choose(page: Page, count: int) -> None:
    boxes = page.locator("input[name=runs]")
    for place in range(count):
        boxes.nth(place).check()
    expect(page.locator("[data-slot=chosen]")).to_have_text(f"{count} chosen")


# --- home ---


def test_home_tells_of_a_failed_run_and_of_a_question_as_they_happen(visits: Visits) -> None:
    home, other = visits.page(), visits.page()
    home.goto("/")
    expect_live(home)
    failed, interventions = int(figure(home, "failed").inner_text()), home.locator("[data-intervention]")
    known = home.locator(".open-interventions h2")
    asked = int(home.locator(".topnav [data-slot=inbox-count]").text_content() or "0")

    start_order(other, reserve_inventory="critical")
    expect_status(other, "Failed")
    run_id = other.url.rstrip("/").rpartition("/")[2]
    expect(home.locator(f"tr[data-run='{run_id}'] [data-slot=status]")).to_have_text("Failed")
    expect(figure(home, "failed")).to_have_text(str(failed + 1))

    start_order(other, create_shipment="critical", refund_payment="failed")
    expect_status(other, "Blocked")
    expect(known).to_contain_text(re.compile(rf"^{asked + 1} waits? for you"))
    expect(interventions.first).to_contain_text("of order_processing")
    expect(home.locator(".topnav [data-slot=inbox-count]")).to_have_text(str(asked + 1))
    expect(home).to_have_title(f"({asked + 1}) Home · Sagaboard")


def test_charts_are_drawn_and_told_in_words_and_as_tables(page: Page) -> None:
    start_order(page)
    expect_status(page, "Completed")
    page.goto("/")
    charts = page.locator("[data-chart]")
    expect(charts).to_have_count(3)
    for place in range(3):
        charts.nth(place).scroll_into_view_if_needed()
    chart = charts.first
    expect(chart.locator("canvas")).to_be_visible(timeout=PATIENCE_MS)
    expect(chart.get_by_role("img")).to_have_attribute(
        "aria-label", re.compile(r"Runs an hour, in all: Completed: \d")
    )
    expect(chart.locator(".chart-legend li")).to_contain_text(["Completed", "Undone", "Failed", "Cancelled"])
    chart.get_by_text("Numbers as a table").click()
    expect(chart.get_by_role("columnheader")).to_contain_text(["Time", "Completed"])
    page.get_by_role("link", name="7 days").click()
    expect(page.get_by_role("link", name="7 days")).to_have_attribute("aria-current", "true")
    expect(page).to_have_url(re.compile("hours=168"))


# --- the list ---


def test_filters_stay_in_the_address_through_pages_and_reloads(page: Page, start: Start) -> None:
    label = start(LATER, 53)
    page.goto("/runs/")
    page.get_by_label("Label", exact=True).fill(label)
    page.get_by_label("Label", exact=True).press("Enter")
    page.get_by_label("Status").select_option("completed")
    page.wait_for_url("**status=completed*")
    address = page.url
    assert label.replace("=", "%3D") in address and "workflow=" not in address and "q=" not in address
    expect(rows(page)).to_have_count(50, timeout=PATIENCE_MS)
    page.get_by_role("link", name="Older runs").click()
    expect(rows(page)).to_have_count(3)
    assert "status=completed" in page.url and label.replace("=", "%3D") in page.url
    page.reload()
    expect(page.get_by_label("Status")).to_have_value("completed")
    expect(page.get_by_label("Label", exact=True)).to_have_value(label)
    page.get_by_role("link", name="First page").click()
    expect(rows(page)).to_have_count(50)
    lot = label.partition("=")[2]
    page.goto(f"/runs/?q={lot}&within=1h")
    expect(rows(page)).to_have_count(50)
    expect(page.get_by_label("Created", exact=True)).to_have_value("1h")


def test_runs_come_and_end_in_the_list_by_themselves(visits: Visits) -> None:
    page, other = visits.page(), visits.page()
    page.goto("/runs/?status=compensated")
    expect_live(page)
    start_order(other, create_shipment="error")
    run_id = other.url.rstrip("/").rpartition("/")[2]
    row = page.locator(f"tr[data-run='{run_id}']")
    expect(row).to_have_count(1, timeout=PATIENCE_MS)
    expect(row).to_contain_text("Undone")


def test_what_happens_before_the_socket_is_open_is_shown_too(visits: Visits) -> None:
    """A page whose script comes late: by then a run has begun and ended, and no frame will tell of it."""
    page, other = visits.page(), visits.page()
    claimed: list[Route] = []
    is_late = [True]
    page.route(
        re.compile(r"/static/.*\.js$"), lambda route: claimed.append(route) if is_late else route.continue_()
    )
    page.goto("/runs/?status=compensated", wait_until="commit")
    start_order(other, create_shipment="error")
    expect_status(other, "Undone")
    is_late.clear()
    for route in claimed:
        route.continue_()
    expect_live(page)
    run_id = other.url.rstrip("/").rpartition("/")[2]
    expect(page.locator(f"tr[data-run='{run_id}']")).to_contain_text("Undone")


def test_many_are_cancelled_after_a_confirmation_that_says_how_many(page: Page, start: Start) -> None:
    label = start(CLAIM, 4)
    page.goto(f"/runs/?label={label}&status=waiting")
    expect(rows(page)).to_have_count(4, timeout=PATIENCE_MS)
    expect(page.get_by_role("button", name="Cancel…")).to_be_hidden()
    choose(page, 3)
    page.get_by_role("button", name="Cancel…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancel: 3 runs?")
    expect(page.get_by_label("Undo what was done")).to_be_checked()
    page.get_by_role("button", name="Cancel 3 runs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancelled: 3 runs")
    page.get_by_role("link", name="Back to the list").click()
    expect(rows(page)).to_have_count(1)
    page.goto(f"/runs/?label={label}&status=cancelled")
    expect(rows(page)).to_have_count(3)


def test_what_refuses_is_told_beforehand_and_left_out(page: Page, start: Start) -> None:
    label = start(CLAIM, 2)
    page.goto(f"/runs/?label={label}")
    page.get_by_label("Choose all on this page").check()
    page.get_by_role("button", name="Run again…").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("None of these runs can be run again")
    expect(page.locator("tr[data-code=not_allowed]")).to_have_count(2)
    expect(page.get_by_text("It has not ended yet.").first).to_be_visible()


def pick(page: Page, run_id: str) -> None:
    """Chooses a run, and moves on to the buttons, without a mouse."""
    page.locator(f"input[name=runs][value='{run_id}']").focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-slot=chosen]")).to_have_text("1 chosen")


def run_id_of(page: Page) -> str:
    return page.url.rstrip("/").rpartition("/")[2]


def test_a_run_is_run_again_by_keyboard(page: Page) -> None:
    start_order(page)
    expect_status(page, "Completed")
    run_id = run_id_of(page)
    page.goto("/runs/?workflow=order_processing&status=completed")
    pick(page, run_id)
    page.get_by_role("button", name="Run again…").press("Enter")
    page.get_by_role("button", name="Start 1 new run").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Started again: 1 run")
    page.get_by_role("link", name="See the new run").click()
    expect_status(page, "Completed")
    assert run_id_of(page) != run_id


def test_a_blocked_run_is_tried_again(page: Page) -> None:
    start_order(page, create_shipment="critical", refund_payment="failed")
    expect_status(page, "Blocked")
    run_id = run_id_of(page)
    page.goto("/runs/?workflow=order_processing&status=blocked")
    pick(page, run_id)
    page.get_by_role("button", name="Retry…").press("Enter")
    expect(page.locator(f"tr[data-run='{run_id}']")).to_contain_text("charge_payment: tried again")
    page.get_by_role("button", name="Try 1 run again").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tried again: 1 run")
    answered = page.request.get("/api/v1/interventions?status=answered").json()["interventions"]
    assert [intervention["answer"] for intervention in answered if intervention["run"] == run_id] == ["retry"]
