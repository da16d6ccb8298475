"""What people do on a run's page, and that it stays true when connections and the web process go away."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocket, expect

from tests.e2e.board import Board
from tests.e2e.documents import publish, start
from tests.e2e.orders import (
    PATIENCE_MS,
    SLOW,
    expect_connection,
    expect_status,
    journal_numbers,
    row,
    start_order,
    stored,
)

CUT_S = 5.0
ACTS = re.compile("^(Approve|Reject|Send the signal|Cancel and undo|Undo it|Send the answer)$")
ASKS = {
    "name": "asks_people",
    "steps": [
        {"name": "boss", "kind": "approval", "message": "May it be shipped?"},
        {"name": "paid", "kind": "wait", "signal": "paid"},
        {"name": "ship", "worker": "split_data", "params": {"data": "=context.data", "batch_size": 1}},
    ],
    "edges": [{"from": "boss", "to": "ship"}, {"from": "paid", "to": "ship"}],
}


def heard(page: Page) -> list[int]:
    """Numbers of the frames of the run's own socket, in the order in which they come."""
    numbers: list[int] = []

    def note(payload: str | bytes) -> None:
        numbers.append(json.loads(payload)["seq"])

    def listen(socket: WebSocket) -> None:
        if re.search(r"/ws/runs/[0-9a-f-]{36}/", socket.url):
            socket.on("framereceived", note)

    page.on("websocket", listen)
    return numbers


def expect_whole(page: Page, frames: list[int]) -> None:
    """The page ends true, and heard of every entry once, in order."""
    expect_connection(page, "live")
    run = stored(page)
    assert journal_numbers(page) == list(range(1, run["last_seq"] + 1)) == frames
    for step in run["steps"]:
        expect(row(page, step["name"])).to_have_attribute("data-status", step["status"])
        expect(row(page, step["name"])).to_have_attribute("data-undo", step["undo"])


class TestButtons:
    def test_an_approval_and_a_signal_let_a_run_go_on(self, page: Page) -> None:
        publish(page, ASKS)
        start(page, "asks_people", {"data": [1]})
        expect_status(page, "Waiting")
        boss = page.get_by_role("region", name="boss waits for approval")
        expect(boss).to_contain_text("May it be shipped?")
        boss.get_by_label("Comment").fill("Fine with me.")
        boss.get_by_role("button", name="Approve").click()
        expect(row(page, "boss")).to_have_attribute("data-status", "completed", timeout=PATIENCE_MS)
        expect(boss).to_have_count(0)
        paid = page.get_by_role("region", name="Waits for the signal “paid”")
        paid.get_by_label("Data that comes with it").fill('{"by": "bank"}')
        paid.get_by_role("button", name="Send the signal").click()
        expect_status(page, "Completed")
        assert stored(page)["context"]["by"] == "bank"
        expect(page.get_by_role("button", name=ACTS)).to_have_count(0)

    def test_a_rejection_fails_the_step_with_its_words(self, page: Page) -> None:
        publish(page, ASKS)
        start(page, "asks_people", {"data": [1]})
        boss = page.get_by_role("region", name="boss waits for approval")
        boss.get_by_label("Comment").fill("Far too late.")
        boss.get_by_role("button", name="Reject").click()
        asked = page.get_by_role("dialog")
        expect(asked.get_by_label("Comment")).to_have_value("Far too late.")
        asked.get_by_role("button", name="Reject").click()
        expect_status(page, "Failed")
        expect(row(page, "boss")).to_contain_text("Far too late.")
        expect(page.get_by_role("button", name=ACTS)).to_have_count(0)

    def test_a_finished_run_is_undone_with_its_plan_first_and_started_again(self, page: Page) -> None:
        start_order(page)
        expect_status(page, "Completed")
        first = page.url
        page.get_by_text("Roll back this run").click()
        plan = page.locator("[data-key=rollback] .plan li")
        expect(plan).to_have_text(
            [re.compile("create_shipment"), re.compile("charge"), re.compile("reserve")]
        )
        expect(page.locator("[data-key=rollback]")).to_contain_text("send_confirmation")
        page.get_by_role("button", name="Undo it").click()
        expect(row(page, "reserve_inventory")).to_have_attribute(
            "data-undo", "compensated", timeout=PATIENCE_MS
        )
        expect(page.get_by_text("Roll back this run")).to_have_count(0)
        page.get_by_role("link", name="Start again with this input").click()
        page.get_by_role("button", name="Start the run").click()
        page.wait_for_url("**/runs/*/")
        assert page.url != first
        expect_status(page, "Completed")


class TestLosses:
    def test_a_cut_of_five_seconds_in_the_middle(self, page: Page) -> None:
        frames = heard(page)
        start_order(page, reserve_inventory="slow:2", charge_payment="slow:2", create_shipment="critical")
        expect_connection(page, "live")
        expect(row(page, "reserve_inventory")).to_have_attribute("data-status", "running")
        page.context.set_offline(True)
        expect_connection(page, "reconnecting")
        before = len(frames)
        page.wait_for_timeout(CUT_S * 1_000)
        page.context.set_offline(False)
        expect_status(page, "Undone")
        expect_whole(page, frames)
        assert len(frames) > before

    def test_the_web_process_is_killed_in_the_middle(self, page: Page, board: Board) -> None:
        frames = heard(page)
        start_order(
            page,
            reserve_inventory="slow:2",
            charge_payment=SLOW,
            create_shipment="critical",
            refund_payment=SLOW,
        )
        expect_connection(page, "live")
        expect(row(page, "reserve_inventory")).to_have_attribute("data-status", "running")
        killed = web_process(board)
        os.kill(killed, signal.SIGKILL)
        expect_connection(page, "reconnecting")
        expect_status(page, "Undone")
        expect_whole(page, frames)
        assert web_process(board) != killed


def web_process(board: Board) -> int:
    """The board's web process; it is started again where it ended."""
    until = time.monotonic() + PATIENCE_MS / 1_000
    while time.monotonic() < until:
        children = Path(f"/proc/{board.pid}/task/{board.pid}/children").read_text().split()
        for child in children:
            if Path(f"/proc/{child}/comm").read_text().strip() == "web":
                return int(child)
        time.sleep(0.1)
    pytest.fail("the web process did not come back")
