"""What people give to a run that waits: an answer with a form, and a time that they let come now."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from tests.e2e.designer.gestures import expect_still, node
from tests.e2e.documents import publish, start
from tests.e2e.orders import PATIENCE_MS, expect_status, row, stored

FORM = {
    "type": "object",
    "properties": {
        "amount": {"type": "integer", "title": "Amount", "description": "In whole euros."},
        "tone": {"enum": ["soft", "loud"], "title": "Tone"},
        "urgent": {"type": "boolean", "title": "Urgent"},
    },
    "required": ["amount"],
}
ASKS = {
    "name": "asks_by_form",
    "steps": [
        {
            "name": "boss",
            "kind": "approval",
            "message": "How much may it cost?",
            "form": FORM,
            "comment_required": True,
        },
        {"name": "pause", "kind": "wait", "seconds": 90000},
    ],
    "edges": [{"from": "boss", "to": "pause"}],
}


def test_a_form_is_filled_in_and_a_wait_let_happen_now(page: Page) -> None:
    publish(page, ASKS | {"name": "asks_and_waits"})
    start(page, "asks_and_waits", {})
    expect_status(page, "Waiting")
    page.goto("/inbox/")
    asked = page.get_by_role("row").filter(has_text="boss of asks_and_waits").last
    asked.get_by_role("link", name="Fill in").click()
    boss = page.get_by_role("region", name="boss waits for approval")
    boss.get_by_label("Tone").select_option("loud")
    boss.get_by_role("button", name="Approve").click()
    expect(boss).to_contain_text("'amount' is a required property")
    expect(boss.get_by_label("Tone")).to_have_value("loud")
    boss.get_by_label("Amount (needed)").fill("250")
    boss.get_by_label("Urgent").check()
    boss.get_by_role("button", name="Approve").click()
    expect(row(page, "boss")).to_have_attribute("data-status", "completed", timeout=PATIENCE_MS)
    answered = {"amount": 250, "tone": "loud", "urgent": True, "approved": True, "comment": ""}
    context = stored(page)["context"]
    assert {key: context[key] for key in answered} == answered
    page.get_by_text("Let pause wait no longer").click()
    page.get_by_role("button", name="Let it happen now").click()
    expect_status(page, "Completed")
    expect(page.locator("[data-slot=entries]")).to_contain_text("was let happen now, before its time by")


def test_a_rejection_without_the_comment_that_it_needs_says_so(page: Page) -> None:
    publish(page, ASKS)
    start(page, "asks_by_form", {})
    boss = page.get_by_role("region", name="boss waits for approval")
    boss.get_by_role("button", name="Reject").click()
    asked = page.get_by_role("dialog")
    expect(asked.get_by_text("What follows")).to_be_visible()
    asked.get_by_role("button", name="Reject").click()
    expect(page.get_by_text("Rejecting it needs a comment that says why.")).to_be_visible()
    page.get_by_label("Comment (needed)").fill("Too dear.")
    page.get_by_role("button", name="Reject").click()
    page.wait_for_url("**/runs/*/")
    expect_status(page, "Failed")


def test_a_wait_for_the_first_of_several_is_designed_by_mouse(page: Page) -> None:
    publish(page, ASKS | {"name": "first_of_several"})
    page.goto("/workflows/first_of_several/edit/")
    expect_still(page)
    node(page, "pause").click()
    inspector = page.get_by_role("complementary", name="Inspector")
    inspector.get_by_label("Waits", exact=True).select_option("any_of")
    inspector.get_by_label("Thing 1 is").select_option("event")
    inspector.get_by_label("Type of the event").fill("order.sent")
    inspector.get_by_role("button", name="Wait for one more").click()
    inspector.get_by_label("Thing 3 is").select_option("signal")
    inspector.get_by_label("Name in the output").nth(2).fill("by_hand")
    inspector.get_by_role("button", name="Remove thing 2").click()
    inspector.get_by_role("button", name="JSON").click()
    written = json.loads(inspector.get_by_label("The step as JSON").input_value())
    assert written["any_of"] == [
        {"event": "order.sent", "match": "event.data.order == context.order"},
        {"signal": "go_on", "name": "by_hand"},
    ]
    assert "seconds" not in written
