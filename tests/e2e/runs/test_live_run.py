"""A run is started in the browser and watched live: forward, undone, cut off and caught up."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlparse

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.e2e.conftest import Visits
from tests.e2e.orders import (
    SLOW,
    SLOW_UNDO,
    STEPS,
    expect_connection,
    expect_status,
    journal_numbers,
    moments,
    record,
    row,
    seen,
    shown_as_of,
    start_order,
    stored,
    tab,
    wait_until_ended,
)

SOCKETS = re.compile(r"/ws/runs/")
CUT_AFTER = 5
CONNECTIONS_REFUSED = 2


def test_an_order_is_found_started_and_turns_green(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Start a run").click()
    page.get_by_role("searchbox", name="Name or title").fill("order_processing")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Start order_processing", exact=True).click()
    page.get_by_role("button", name="Start the run").click()
    expect_status(page, "Completed")
    for step in STEPS:
        expect(row(page, step).locator("[data-slot=status]")).to_have_text("Completed")
        expect(row(page, step)).to_have_attribute("data-undo", "none")
    expect(page.locator("[data-slot=run-progress]")).to_have_text("4 of 4 steps ended")


def test_the_undo_of_a_failed_order_is_seen_walking_backwards(page: Page) -> None:
    undos = {"release_inventory": SLOW_UNDO, "refund_payment": SLOW_UNDO}
    start_order(page, reserve_inventory=SLOW, charge_payment=SLOW, create_shipment="error", **undos)
    record(page)
    page.evaluate("() => { window.notReloaded = true }")
    expect_status(page, "Undone")

    assert page.evaluate("() => window.notReloaded") is True
    planned = ("completed", "pending")  # the first undo may start before its plan was painted
    charged = [state for state in seen(page, "charge_payment") if state != planned]
    assert charged[-4:] == [
        ("running", "none"),
        ("completed", "none"),
        ("completed", "running"),
        ("completed", "compensated"),
    ]
    assert seen(page, "reserve_inventory")[-3:] == [
        ("completed", "pending"),
        ("completed", "running"),
        ("completed", "compensated"),
    ]
    assert ("retrying", "none") in seen(page, "create_shipment")
    assert seen(page, "create_shipment")[-1] == ("failed", "none")
    walk = moments(page)
    first_undone = walk.index("charge_payment completed compensated")
    assert first_undone < walk.index("reserve_inventory completed compensated")
    expect(row(page, "charge_payment").locator("[data-slot=undo]")).to_have_text("Undone")
    expect(row(page, "send_confirmation").locator("[data-slot=status]")).to_have_text("Not reached")


def test_the_page_agrees_with_what_is_stored_after_the_end(page: Page) -> None:
    start_order(page, create_shipment="critical")
    expect_status(page, "Undone")
    run = stored(page)
    for step in run["steps"]:
        expect(row(page, step["name"])).to_have_attribute("data-status", step["status"])
        expect(row(page, step["name"])).to_have_attribute("data-undo", step["undo"])
    expect_connection(page, "live")
    assert journal_numbers(page) == list(range(1, run["last_seq"] + 1))
    tab(page, "Data")
    page.get_by_text("Context", exact=True).click()
    expect(page.locator(".panel[data-result=context]")).to_contain_text("payment_id")


def test_a_cut_socket_is_told_and_made_up_for_by_number(page: Page) -> None:
    asked: list[int] = []
    forwarded: list[int] = []

    def watch(socket: WebSocketRoute) -> None:
        asked.append(int(parse_qs(urlparse(socket.url).query)["after"][0]))
        if 1 < len(asked) <= 1 + CONNECTIONS_REFUSED:
            socket.close(code=1012)
            return
        server = socket.connect_to_server()
        is_first = len(asked) == 1

        def forward(frame: str | bytes) -> None:
            if is_first and len(forwarded) == CUT_AFTER:
                socket.close(code=1012)
                server.close()
                return
            forwarded.append(len(forwarded) + 1)
            socket.send(frame)

        server.on_message(forward)

    page.route_web_socket(SOCKETS, watch)
    start_order(page, reserve_inventory=SLOW, charge_payment=SLOW, create_shipment="critical")
    expect_connection(page, "reconnecting")
    expect(page.locator("[data-slot=connection]")).to_contain_text(f"Shown as of entry {CUT_AFTER}")
    expect_status(page, "Undone")
    expect_connection(page, "live")
    assert asked[: 2 + CONNECTIONS_REFUSED] == [0] + [CUT_AFTER] * (1 + CONNECTIONS_REFUSED)
    assert journal_numbers(page) == list(range(1, stored(page)["last_seq"] + 1))


def test_a_page_that_was_offline_catches_up_when_the_network_is_back(page: Page) -> None:
    start_order(page, reserve_inventory=SLOW, charge_payment=SLOW, create_shipment="critical")
    expect_connection(page, "live")
    page.context.set_offline(True)
    expect_connection(page, "reconnecting")
    last = shown_as_of(page)
    shown = journal_numbers(page, last)
    wait_until_ended(page)
    assert journal_numbers(page, last) == shown == list(range(1, last + 1))
    page.context.set_offline(False)
    expect_status(page, "Undone")
    assert journal_numbers(page) == list(range(1, stored(page)["last_seq"] + 1))


def test_a_frame_that_is_missing_or_doubled_is_noticed(page: Page) -> None:
    """The third frame of the first connection is dropped, and every other one comes twice."""
    connections: list[str] = []

    def garble(socket: WebSocketRoute) -> None:
        connections.append(socket.url)
        is_first, count = len(connections) == 1, 0
        server = socket.connect_to_server()

        def forward(frame: str | bytes) -> None:
            nonlocal count
            count += 1
            if not (is_first and count == 3):
                socket.send(frame)
                socket.send(frame)

        server.on_message(forward)

    page.route_web_socket(SOCKETS, garble)
    start_order(page, reserve_inventory=SLOW)  # a run that ends before its page is there needs no socket
    expect_status(page, "Completed")
    assert len(connections) == 2
    assert journal_numbers(page) == list(range(1, stored(page)["last_seq"] + 1))


def test_two_people_see_the_same(visits: Visits) -> None:
    first, second = visits.page(), visits.page()
    start_order(first, reserve_inventory=SLOW, create_shipment="critical", refund_payment=SLOW)
    second.goto(first.url)
    for page in (first, second):
        expect_status(page, "Undone")
    assert journal_numbers(first) == journal_numbers(second)
