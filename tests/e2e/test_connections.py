"""Connections as a designer uses them: made, tested and given a new secret, by mouse and by keyboard."""

from __future__ import annotations

import re
from secrets import token_hex

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.board import Board
from tests.e2e.conftest import Visits

VALUE = "correct-horse-battery"


def test_a_connection_is_made_tested_and_its_secret_changed(page: Page, board: Board) -> None:
    name = f"by_mouse_{token_hex(3)}"
    page.goto("/")
    page.get_by_role("navigation", name="Main", exact=True).get_by_role("link", name="Connections").click()
    page.get_by_role("link", name="New connection").click()
    expect(page.get_by_label("Value of the new secret")).to_be_hidden()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Address", exact=True).fill(f"{board.address}/api/v1")
    page.get_by_label("API key in a header").check()
    expect(page.get_by_label("User, or client id")).to_be_hidden()
    page.get_by_label("Name of the header or parameter").fill("X-Api-Key")
    page.get_by_label("Value of the new secret").fill(VALUE)
    page.get_by_role("button", name="Make this connection").click()
    expect(page.get_by_role("status").first).to_contain_text(f"{name} is made")
    expect(page.get_by_label("Password, token or key")).to_have_value(name)
    expect(page.get_by_label("Value of the new secret")).to_be_hidden()
    page.get_by_role("button", name="Test it now").click()
    expect(page.get_by_text("It answered", exact=False).first).to_be_visible()
    page.get_by_role("link", name="New value for its secret").click()
    page.get_by_label("New value").fill("another-value")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("has a new value, which the next call uses")
    expect(page.get_by_label("New value")).to_have_value("")
    page.get_by_role("link", name=name).click()
    page.get_by_text(f"Remove {name}").click()
    page.get_by_role("button", name="Remove it for good").click()
    expect(page.locator(f"[data-connection={name}]")).to_have_count(0)
    expect(page.locator(f"[data-secret={name}]")).to_contain_text("no connection")


def test_the_same_by_keyboard(page: Page) -> None:
    page.goto("/new-connection/?kind=sql")
    reach(page, "Name")
    name = f"by_keyboard_{token_hex(3)}"
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type("postgresql://127.0.0.1:1/stock")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")  # from nothing to user and password
    page.keyboard.press("Tab")
    page.keyboard.type("ada")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")  # a new secret
    page.keyboard.type(VALUE)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text(f"{name} is made")
    reach(page, "Test it now")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("the database says", re.IGNORECASE)).first).to_be_visible()
    page.wait_for_load_state()
    reach(page, "New value for its secret")
    page.keyboard.press("Enter")
    expect(page.get_by_label("New value")).to_be_visible()
    page.wait_for_load_state()
    reach(page, "New value")
    page.keyboard.type("another-value")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("has a new value")


def reach(page: Page, name: str) -> None:
    """Goes on with Tab until the control of that name has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        label = page.evaluate(
            "() => (document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()"
        )
        if label == name:
            return
    pytest.fail(f"{name} is not reached")


@pytest.mark.parametrize("width", [1280, 800, 390])
def test_pages_fit(visits: Visits, width: int) -> None:
    page = visits.page(viewport={"width": width, "height": 900})
    for path in ("/connections/", "/new-connection/", "/new-secret/"):
        page.goto(path)
        assert page.evaluate("() => document.documentElement.scrollWidth") == width
    page.goto("/workflows/")
    if width < 1024:
        page.get_by_role("main").get_by_role("link", name="Connections").click()
        page.wait_for_url(re.compile("/connections/$"))


def test_a_form_needs_no_script(visits: Visits) -> None:
    page, name = visits.page(java_script_enabled=False), f"post_{token_hex(3)}"
    page.goto("/new-connection/?kind=smtp")
    expect(page.get_by_label("User", exact=True)).to_be_hidden()
    page.get_by_label("User and password").check()
    expect(page.get_by_label("User", exact=True)).to_be_visible()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Address", exact=True).fill("smtp+tls://mail.example.org")
    page.get_by_label("User", exact=True).fill("ada")
    page.get_by_label("Value of the new secret").fill(VALUE)
    page.get_by_role("button", name="Make this connection").click()
    expect(page.get_by_text(f"{name} is made")).to_be_visible()
