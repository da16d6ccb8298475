"""docs/tutorial/first_pair.md as a stranger does it: its files, its inputs and its clicks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.docs.blocks import Block, blocks
from tests.e2e.board import Board, running_board
from tests.e2e.designer.gestures import expect_still, node
from tests.e2e.orders import expect_status, row, tab

TUTORIAL = [block for block in blocks() if block.path == "docs/tutorial/first_pair.md"]
INPUTS = [block for block in TUTORIAL if block.markers.get("input") == "trip"]
NOTE = "Called the counter, seat freed"


@pytest.fixture(scope="module")
def board(chromium: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """A product of the tutorial's own, with its workers."""
    folder = tmp_path_factory.mktemp("tutorial")
    [workers] = [block for block in TUTORIAL if block.markers.get("file") == "trip_workers.py"]
    (folder / "trip_workers.py").write_text(workers.text)
    with running_board(folder, WORKER_MODULES="trip_workers", PYTHONPATH=str(folder)) as found:
        yield found


def start(page: Page, input: Block) -> None:
    page.goto("/")
    page.get_by_role("link", name="Workflows", exact=True).click()
    page.get_by_role("link", name="Trip", exact=True).click()
    page.get_by_role("link", name="Start a run").first.click()
    page.get_by_label("Input (JSON)").fill(input.text)
    page.get_by_role("button", name="Start the run").click()


def test_a_stranger_gets_through(page: Page, board: Board) -> None:
    seats = board.data / "seats"
    taken, undone, blocked = INPUTS
    page.goto("/")
    page.get_by_role("link", name="Workflows", exact=True).click()
    page.get_by_role("link", name="New workflow").click()
    page.get_by_label("Title").fill("Trip")
    page.get_by_role("button", name="Start designing").click()
    expect_still(page)
    for worker, undo in (("book_seat", "free_seat"), ("print_ticket", "nothing to undo")):
        page.keyboard.press("/")
        page.keyboard.type(worker)
        page.keyboard.press("Enter")
        expect(node(page, worker)).to_be_visible()
        expect(node(page, worker)).to_contain_text(re.compile(undo, re.IGNORECASE))
        expect_still(page)
    expect(page.locator(".react-flow__edge")).to_have_count(1)
    page.get_by_role("button", name="Publish", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("Version 1 is published")).to_be_visible()

    start(page, taken)
    expect_status(page, "Completed")
    [seat] = seats.iterdir()
    assert seat.read_text() == json.loads(taken.text)["passenger"]

    start(page, undone)
    expect_status(page, "Undone")
    expect(row(page, "book_seat")).to_contain_text("Undone")
    assert list(seats.iterdir()) == [seat]
    expect(page.get_by_label("Moment of the run")).to_be_visible()
    tab(page, "Journal")
    expect(page.locator("[data-slot=entries] > li").first).to_be_visible()

    start(page, blocked)
    expect_status(page, "Blocked")
    assert len(list(seats.iterdir())) == 2
    inbox = page.get_by_role("link", name=re.compile("Inbox"))
    expect(inbox.first).to_contain_text("1")
    question = page.get_by_text("book_seat could not be undone")
    expect(question.first).to_be_visible()
    page.get_by_text("I undid it by hand").click()
    page.get_by_label(re.compile("^Note")).fill(NOTE)
    page.get_by_role("button", name="Send the answer").click()
    expect_status(page, "Undone")
    tab(page, "Journal")
    expect(page.locator("[data-slot=entries]")).to_contain_text(NOTE)
