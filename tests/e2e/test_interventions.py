"""Interventions as an operator deals with them in the browser: one by one, two at once, many together."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Locator, Page, expect

from tests.e2e.board import Board
from tests.e2e.conftest import Visits

PATIENCE_MS = 60_000
LIST = "/admin/runs/intervention/"
ITEMS = [{"sku": "MUG-002", "quantity": 1}]


def start(page: Page, **simulate: str) -> str:
    """Starts an order with faults through the API. Returns the id of its run."""
    token = page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    response = page.request.post(
        "/api/v1/workflows/order_processing/runs",
        data={"input": {"order_items": ITEMS, "customer": "ada@example.com", "simulate": simulate}},
        headers={"X-CSRFToken": token},
    )
    assert response.status == 201, response.text()
    return str(response.json()["id"])


def waiting(page: Page) -> Locator:
    """How much waits, as the header says."""
    return page.locator(".topnav [data-slot=inbox-count]")


def stuck(page: Page) -> None:
    """An order whose refund failed for good; the page is then that of its intervention."""
    page.goto(LIST)
    before = int(waiting(page).text_content() or "0")
    run = start(page, create_shipment="critical", refund_payment="failed")
    expect(waiting(page)).to_have_text(str(before + 1), timeout=PATIENCE_MS)
    page.goto(f"{LIST}?run__id__exact={run}")
    page.get_by_role("link", name="charge_payment of order_processing").click()
    expect(page.get_by_role("heading", name="Your answer")).to_be_visible()


def confirm(page: Page) -> None:
    page.get_by_role("button", name="See what happens, then confirm").click()
    page.get_by_role("button", name="Yes, do it").click()


def expect_run(page: Page, word: str) -> None:
    expect(page.locator("[data-slot=run-status]")).to_have_text(word, timeout=PATIENCE_MS)


def audited(board: Board) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "manage.py", "shop_audit"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATA_DIR": str(board.data), "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return {"code": done.returncode, "said": done.stdout + done.stderr}


def test_a_refund_is_mended_and_the_walk_goes_on(page: Page, board: Board) -> None:
    stuck(page)
    expect(page.get_by_text("1 undo waits behind it")).to_be_visible()
    page.get_by_role("button", name="Claim it").click()
    expect(page.get_by_text("You have claimed it.")).to_be_visible()
    page.get_by_role("radio", name=re.compile("Try the undo again")).check()
    context = page.get_by_label(re.compile("The context that refund_payment gets"))
    text = context.input_value()
    assert '"refund_payment": "failed"' in text
    context.fill(re.sub(r',?\s*"refund_payment": "failed"', "", text))
    expect(page.locator(".changes")).to_contain_text("simulate.refund_payment")
    page.get_by_role("button", name="See what happens, then confirm").click()
    told = page.locator("[data-slot=effect]")
    expect(told).to_contain_text("refund_payment is tried again for charge_payment.")
    expect(told).to_contain_text("Then 1 more undo follows: reserve_inventory.")
    expect(page.locator(".changes")).to_contain_text("simulate.refund_payment")
    page.get_by_role("button", name="Yes, do it").click()
    said = re.compile("had refund_payment tried again for charge_payment")
    expect(page.get_by_role("heading", name=said)).to_be_visible()
    expect_run(page, "Undone")
    found = audited(board)
    assert found["code"] == 0, found


@pytest.mark.parametrize(
    ("choice", "ends"), [("I undid it by hand", "Undone"), ("Leave what it did", "Failed")]
)
def test_what_is_done_by_hand_or_left_needs_a_note(page: Page, board: Board, choice: str, ends: str) -> None:
    stuck(page)
    page.get_by_role("radio", name=re.compile(choice)).check()
    page.get_by_role("button", name="See what happens, then confirm").click()
    expect(page.get_by_text("Say what was done, and why.")).to_be_visible()
    page.get_by_role("textbox", name=re.compile("^Note")).fill("Called the customer.")
    confirm(page)
    expect_run(page, ends)
    expect(page.locator("[data-part=history]")).to_contain_text("Called the customer.")
    found = audited(board)
    assert found["code"] == 0, found


def test_of_two_people_one_wins_and_the_other_sees_who_and_what(visits: Visits, board: Board) -> None:
    one, other = visits.page(), visits.page()
    stuck(one)
    other.goto(one.url)
    other.get_by_role("radio", name=re.compile("Leave what it did")).check()
    other.get_by_role("textbox", name=re.compile("^Note")).fill("No use.")
    other.get_by_role("button", name="See what happens, then confirm").click()
    yes = other.get_by_role("button", name="Yes, do it")
    expect(yes).to_be_visible()

    one.get_by_role("radio", name=re.compile("I undid it by hand")).check()
    one.get_by_role("textbox", name=re.compile("^Note")).fill("In cash.")
    confirm(one)
    expect_run(one, "Undone")
    yes.click()
    expect(other.get_by_text(f"{board.user} has already answered: I undid it by hand.")).to_be_visible()
    said = f"{board.user} said that charge_payment is undone by hand."
    expect(other.get_by_role("heading", name=said)).to_be_visible()
    expect(other.locator("[data-part=answer]")).to_contain_text("In cash.")


def test_twenty_of_one_cause_are_answered_one_first_and_then_nineteen(page: Page) -> None:
    page.goto(LIST)
    for _ in range(20):
        start(page, create_shipment="critical", release_inventory="failed")
    cause = page.locator(".cause", has_text="release_inventory").locator(".cause-count")

    def counted() -> None:
        page.goto(f"{LIST}causes/")
        expect(cause).to_have_text("20", timeout=2_000)

    expect_soon(counted)
    cause.click()
    page.get_by_role("radio", name=re.compile("Try the undo again")).check()
    page.get_by_label(re.compile("Change the context of each")).fill(
        '{"simulate": {"release_inventory": null}}'
    )
    page.get_by_role("button", name="Answer the oldest one").click()
    expect(page.locator("[data-outcome=ended]")).to_have_count(1, timeout=PATIENCE_MS)
    expect(page.get_by_text("It helped.")).to_be_visible()
    page.get_by_role("button", name="Answer the other 19 the same way").click()
    expect(page.locator("[data-outcome=ended]")).to_have_count(19, timeout=PATIENCE_MS)
    expect(page.get_by_text("No other intervention of this cause is open.")).to_be_visible()


def expect_soon(check: Callable[[], None], tries: int = 30) -> None:
    """A page that does not move by itself is loaded again until it shows what is waited for."""
    for _ in range(tries - 1):
        try:
            check()
            return
        except AssertionError:
            continue
    check()
