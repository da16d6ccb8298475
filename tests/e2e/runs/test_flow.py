"""Pauses, named limits and lines in the browser."""

from __future__ import annotations

import os
import re
from pathlib import Path
from secrets import token_hex
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.designer.gestures import expect_saved
from tests.e2e.documents import headers_of, publish
from tests.e2e.orders import expect_status, row, start_order

DOCUMENT: dict[str, Any] = {
    "name": "one_by_one",
    "concurrency": {"limit": 1, "key": "=input.customer"},
    "steps": [{"name": "sign", "kind": "approval", "message": "Is it signed?"}],
}


def shown(page: Page, name: str) -> None:
    """Keeps a picture where the environment names a folder for it."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_a_run_is_paused_and_resumed(page: Page) -> None:
    start_order(page, reserve_inventory="slow:2")
    page.get_by_role("button", name="Pause this run").click()
    paused = page.get_by_role("region", name="Paused")
    expect(paused).to_contain_text("Nothing new starts")
    expect(row(page, "reserve_inventory")).to_have_attribute("data-status", "completed")
    expect(row(page, "charge_payment")).to_have_attribute("data-status", "pending")
    shown(page, "paused")
    paused.get_by_role("button", name="Resume this run").click()
    expect_status(page, "Completed")
    expect(page.locator("[data-slot=entries]")).to_contain_text(re.compile("Run paused by admin"))


def test_a_limit_is_stated_and_changed_on_its_page(page: Page) -> None:
    page.goto("/fleet/")
    page.get_by_role("link", name="Limits").click()
    page.get_by_role("textbox", name="Name").fill("stripe")
    page.get_by_label("Calls at a time").fill("10")
    page.get_by_label("Calls in a time").fill("100")
    page.get_by_role("button", name="State this limit").click()
    expect(page.get_by_text("stripe now: 10 at a time, 100 in 60 s.")).to_be_visible()
    expect(page.locator("[data-limit=stripe]")).to_contain_text("10 at a time")
    shown(page, "limits")


def test_a_run_that_waits_for_its_turn_begins_when_the_one_before_it_has_ended(page: Page) -> None:
    publish(page, DOCUMENT)
    headers, customer = headers_of(page), token_hex(4)
    runs = [
        page.request.post(
            "/api/v1/workflows/one_by_one/runs", data={"input": {"customer": customer}}, headers=headers
        ).json()["id"]
        for _ in range(2)
    ]
    page.goto(f"/runs/{runs[1]}/")
    expect(page.get_by_role("region", name="Waits for its turn")).to_contain_text("It is next")
    shown(page, "turn")
    page.request.post(f"/api/v1/runs/{runs[0]}/steps/sign/approve", headers=headers)
    expect(page.get_by_role("region", name="sign waits for approval")).to_be_visible(timeout=15_000)


def test_what_a_webhook_brings_is_held_back_as_the_designer_states(page: Page) -> None:
    name = f"last_change_{token_hex(3)}"
    steps = [{"name": "note", "kind": "wait", "seconds": 1}]
    publish(page, {"name": name, "steps": steps})
    headers = headers_of(page)
    page.goto(f"/workflows/{name}/edit/")
    inspector = page.get_by_label("Inspector")
    inspector.get_by_label("Triggers wait for a later input (seconds)").fill("30")
    inspector.get_by_label("Later for each (an expression of the input)").fill("=input.order")
    inspector.get_by_label("At most, from the first input (seconds)").fill("10")
    expect(inspector.get_by_text("at most 10 s is less than the 30 s that each input waits")).to_be_visible()
    inspector.get_by_label("At most, from the first input (seconds)").fill("300")
    expect(inspector.get_by_text("is less than the")).to_have_count(0)
    inspector.get_by_label("Later for each (an expression of the input)").scroll_into_view_if_needed()
    shown(page, "debounce")
    expect_saved(page)
    assert page.request.post(f"/api/v1/workflows/{name}/publish", headers=headers).ok
    hook = page.request.post(
        f"/api/v1/workflows/{name}/triggers", data={"kind": "hook"}, headers=headers
    ).json()["url"]
    answers = [page.request.post(hook, data={"order": 7, "change": change}) for change in range(3)]
    assert [answer.status for answer in answers] == [202] * 3
    page.goto(f"/workflows/{name}/triggers/")
    expect(page.locator("[data-trigger]")).to_contain_text("2 passed over for a later one, one waits until")
    shown(page, "held")
    held = page.request.get(f"/api/v1/workflows/{name}").json()["document"]["debounce"]
    assert held == {"wait": 30, "key": "=input.order", "at_most": 300}
    publish(
        page,
        {
            "name": name,
            "steps": [{"name": "note", "kind": "wait", "seconds": 1}],
            "debounce": {"wait": 1},
        },
    )
    assert page.request.post(hook, data={"order": 8}).status == 202
    page.goto(f"/runs/?workflow={name}")
    expect(page.get_by_role("link", name=re.compile(name)).first).to_be_visible(timeout=15_000)
