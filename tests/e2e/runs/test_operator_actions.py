"""What people do on a run's page, while it lives."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.orders import (
    SLOW,
    expect_connection,
    expect_status,
    journal_numbers,
    row,
    start_order,
    tab,
)


def test_a_question_appears_by_itself_and_its_answer_brings_the_undo_on(page: Page) -> None:
    start_order(page, reserve_inventory=SLOW, create_shipment="critical", refund_payment="failed")
    intervention = page.get_by_role("region", name="charge_payment could not be undone")
    expect(intervention).to_be_visible(timeout=30_000)
    expect_status(page, "Blocked")
    expect(row(page, "charge_payment").locator("[data-slot=undo]")).to_have_text("Undo failed")

    intervention.get_by_text("I undid it by hand").click()
    intervention.get_by_role("button", name="Send the answer").click()
    expect(intervention.get_by_text("Say what was done")).to_be_visible()
    intervention.get_by_label("Note").fill("Paid back in cash.")
    intervention.get_by_role("button", name="Send the answer").click()
    expect_status(page, "Undone")
    expect(row(page, "charge_payment").locator("[data-slot=undo]")).to_have_text("Undone by hand")
    expect(page.locator("[data-slot=entries]")).to_contain_text("Paid back in cash.")


def test_what_is_being_typed_survives_news(page: Page) -> None:
    start_order(page, reserve_inventory=SLOW, create_shipment="critical", refund_payment="failed")
    intervention = page.get_by_role("region", name="charge_payment could not be undone")
    intervention.get_by_label("Note").fill("Half a sen")
    expect_status(page, "Blocked")
    journal_numbers(page)  # all news has come
    expect(intervention.get_by_label("Note")).to_have_value("Half a sen")


def test_a_run_is_cancelled_and_undone(page: Page) -> None:
    start_order(page, charge_payment="slow:4")
    expect(row(page, "charge_payment")).to_have_attribute("data-status", "running")
    page.get_by_text("Cancel this run").click()
    expect(page.locator("[data-slot=plan] li")).to_have_text(["reserve_inventory"])
    page.get_by_role("button", name="Cancel and undo").click()
    expect_status(page, "Cancelled")
    expect(row(page, "reserve_inventory")).to_have_attribute("data-undo", "compensated")
    expect(page.get_by_text("Cancel this run")).to_have_count(0)


def test_the_journal_is_filtered_by_kind_and_text(page: Page) -> None:
    start_order(page, create_shipment="critical")
    expect_status(page, "Undone")
    everything = journal_numbers(page)
    tab(page, "Journal")
    page.get_by_label("Kind of entry").select_option("undo")
    rows = page.locator("[data-slot=entries] > li")
    expect(rows).to_have_count(5)
    page.get_by_label("Text in the journal").fill("charge")
    expect(rows).to_have_count(3)
    page.get_by_label("Text in the journal").fill("no such thing")
    expect(page.get_by_text("None of")).to_be_visible()
    page.get_by_label("Text in the journal").fill("")
    page.get_by_label("Kind of entry").select_option("all")
    expect(rows).to_have_count(len(everything))
    assert journal_numbers(page) == everything


@pytest.mark.parametrize("text", ['{"order_items": [', '{"order_items": []}'])
def test_a_refused_input_is_told_in_place_and_kept(page: Page, text: str) -> None:
    page.goto("/workflows/order_processing/start/")
    page.get_by_label("Input (JSON)").fill(text)
    page.get_by_role("button", name="Start the run").click()
    expect(page.get_by_role("alert")).to_contain_text("The run was not started")
    expect(page.locator(".field-error")).to_be_visible()
    expect(page.get_by_label("Input (JSON)")).to_have_value(text)


def test_an_input_that_is_too_large_is_not_even_sent(page: Page) -> None:
    page.goto("/workflows/order_processing/start/")
    url = page.url
    page.get_by_label("Input (JSON)").fill(json.dumps({"text": "x" * 5_000_001}))
    page.get_by_role("button", name="Start the run").click()
    message = page.get_by_label("Input (JSON)").evaluate("field => field.validationMessage")
    assert "the limit is 5,000,000" in message
    assert page.url == url


def test_signing_out_ends_what_a_page_may_see(page: Page) -> None:
    start_order(page)
    expect_status(page, "Completed")
    run = page.url
    other = page.context.new_page()
    other.goto("/")
    other.context.clear_cookies()
    page.context.set_offline(True)
    expect_connection(page, "reconnecting")
    page.context.set_offline(False)
    expect_connection(page, "refused")
    page.goto(run)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
