"""The inbox as a person works in it: by mouse and by keyboard, live, with a question before a rejection."""

from __future__ import annotations

import re
from pathlib import Path
from secrets import randbelow
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Visits
from tests.e2e.designer.test_accessibility import axe as axe
from tests.e2e.designer.test_accessibility import faults
from tests.e2e.documents import publish, start
from tests.e2e.orders import PATIENCE_MS, expect_status

CONTRAST = (Path(__file__).parents[1] / "contrast.js").read_text()
ASKS: dict[str, Any] = {
    "name": "asks_in_the_inbox",
    "steps": [
        {"name": "ship", "kind": "approval", "message": "='Ship order ' + string(context.number) + '?'"},
        {"name": "done", "kind": "set", "values": {"ok": True}},
    ],
    "edges": [{"from": "ship", "to": "done"}],
}


def question(page: Page, number: int) -> Locator:
    return page.get_by_role("row").filter(has_text=f"Ship order {number}?")


def test_questions_come_are_answered_in_their_rows_and_go(visits: Visits, axe: str) -> None:
    inbox, other = visits.page(), visits.page()
    publish(other, ASKS)
    inbox.goto("/inbox/")
    expect(inbox.locator("[data-slot=live]")).to_have_text("Live", timeout=PATIENCE_MS)
    runs = {}
    first, second, third = numbers = [7_000 + randbelow(10**6) for _ in range(3)]
    for number in numbers:
        start(other, ASKS["name"], {"number": number})
        runs[number] = other.url
        expect(question(inbox, number)).to_be_visible(timeout=PATIENCE_MS)  # without a reload
    count = int(inbox.locator(".topnav [data-slot=inbox-count]").text_content() or "0")
    expect(inbox).to_have_title(re.compile(rf"^\({count}\) Inbox"))
    assert faults(inbox, axe) == []

    question(inbox, first).get_by_role("button", name="Approve").click()
    expect(inbox.get_by_text(f"Approved: Ship order {first}?")).to_be_visible()
    expect(question(inbox, first)).to_have_count(0)
    expect(inbox).to_have_title(re.compile(rf"^\({count - 1}\) Inbox"))

    reject = question(inbox, second).get_by_role("link", name="Reject")
    reject.focus()
    inbox.keyboard.press("Enter")
    dialog = inbox.get_by_role("dialog", name=f"Reject “Ship order {second}?”?")
    expect(dialog).to_contain_text("ship counts as failed. The run ends as failed.")
    expect(dialog.get_by_label("Comment")).to_be_focused()
    assert faults(inbox, axe) == []
    inbox.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(reject).to_be_focused()

    other.goto(runs[third])  # what somebody else answers goes by itself, and the focus stays where it is
    other.get_by_role("button", name="Approve").click()
    expect(question(inbox, third)).to_have_count(0, timeout=PATIENCE_MS)
    expect(reject).to_be_focused()
    inbox.keyboard.press("Enter")
    expect(dialog.get_by_label("Comment")).to_be_focused()
    inbox.keyboard.type("Too dear.")
    inbox.keyboard.press("Tab")
    inbox.keyboard.press("Enter")
    expect(inbox.get_by_text(f"Rejected: Ship order {second}?")).to_be_visible()
    other.goto(runs[second])
    expect_status(other, "Failed")


def test_without_scripts_it_is_answered_too(visits: Visits, page: Page) -> None:
    number = 7_000 + randbelow(10**6)
    publish(page, ASKS)
    start(page, ASKS["name"], {"number": number})
    plain = visits.page(java_script_enabled=False)
    plain.goto("/inbox/")
    expect(plain.locator("[data-slot=live]")).not_to_contain_text("Live")
    question(plain, number).get_by_role("link", name="Reject").click()
    expect(plain.get_by_text("ship counts as failed.")).to_be_visible()
    plain.get_by_label("Comment (optional)").fill("No.")
    plain.get_by_role("button", name="Reject").click()
    expect(plain.get_by_text(f"Rejected: Ship order {number}?")).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1920), ("dark", 390)])
def test_it_fits_and_can_be_read(visits: Visits, page: Page, scheme: str, width: int) -> None:
    publish(page, ASKS)
    start(page, ASKS["name"], {"number": 7_200 + width})
    looked = visits.page(color_scheme=scheme, viewport={"width": width, "height": 900})
    for address in ("/inbox/", "/inbox/?of=all", "/"):
        looked.goto(address)
        looked.wait_for_load_state("networkidle")
        assert looked.evaluate("() => document.documentElement.scrollWidth") <= width, address
        assert looked.evaluate(CONTRAST) == [], address
