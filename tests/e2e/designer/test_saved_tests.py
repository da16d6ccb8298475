"""A person saves a trial as a test, runs tests, mends the list, and is told of failing ones on publishing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Visits
from tests.e2e.designer.gestures import new_workflow, tool
from tests.e2e.designer.test_accessibility import axe as axe  # the fixture
from tests.e2e.designer.test_accessibility import faults
from tests.e2e.designer.test_trials import FAULT, start_trial

INPUT = {"order_items": [{"sku": "MUG-002", "quantity": 1}]}
WRONG = {"name": "never right", "input": INPUT, "expect": {"status": "completed", "error": "nothing"}}
GOOD = {"name": "all goes well", "input": INPUT, "expect": {"status": "completed"}}


def put_tests(page: Page, name: str, tests: list[Any]) -> None:
    token = next(c["value"] for c in page.context.cookies() if c["name"].startswith("csrf"))
    headers = {"Content-Type": "application/json", "X-CSRFToken": token, "Referer": page.url}
    answer = page.request.put(
        f"/api/v1/workflows/{name}/tests", data=json.dumps({"tests": tests}), headers=headers
    )
    assert answer.ok, answer.text()


def open_tests(page: Page) -> Locator:
    tool(page, "Tests").press("Enter")
    dialog = page.get_by_role("dialog", name="Tests")
    expect(dialog.get_by_role("button", name="Run all")).to_be_visible()
    return dialog


def test_a_trial_becomes_a_test_that_is_run(page: Page) -> None:
    new_workflow(page, "order_processing")
    tool(page, "Try it").click()
    page.get_by_label("I know that these really act").check()
    bar = start_trial(page, FAULT)
    expect(bar).to_have_attribute("data-status", "compensated")
    bar.get_by_role("button", name="Save this trial as a test").click()
    bar.get_by_label("Name of the test").fill("a lost shipment is undone")
    bar.get_by_role("button", name="Save", exact=True).click()
    expect(bar).to_contain_text("Saved as the test a lost shipment is undone.")
    dialog = open_tests(page)
    expect(dialog.get_by_role("list", name="Saved tests")).to_contain_text("ends compensated")
    dialog.get_by_role("button", name="Run all").press("Enter")
    expect(dialog).to_contain_text("All 1 pass.")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_failing_tests_say_why_and_are_mended(page: Page) -> None:
    name = new_workflow(page, "order_processing")
    put_tests(page, name, [GOOD, WRONG])
    dialog = open_tests(page)
    dialog.get_by_role("button", name="Run all").click()
    expect(dialog).to_contain_text("1 of 2 fail.")
    expect(dialog).to_contain_text("error: expected nothing, came none")
    dialog.get_by_text("What happened").click()
    expect(dialog.locator("pre")).to_contain_text("run.completed")
    dialog.get_by_role("button", name="Rename all goes well").click()
    dialog.get_by_label("New name").fill("as it should be")
    dialog.get_by_role("button", name="Rename", exact=True).click()
    expect(dialog.get_by_role("list", name="Saved tests")).to_contain_text("as it should be")
    dialog.get_by_role("button", name="Delete never right").click()
    dialog.get_by_role("button", name="Yes, delete it").click()
    expect(dialog.get_by_role("list", name="Saved tests").locator("> li")).to_have_count(1)


def test_publishing_despite_failing_tests_is_a_choice_of_its_own(page: Page) -> None:
    name = new_workflow(page, "order_processing")
    put_tests(page, name, [WRONG])
    tool(page, "Publish").click()
    dialog = page.get_by_role("dialog", name="Publish this draft")
    publish = dialog.get_by_role("button", name="Publish", exact=True)
    publish.click()
    expect(dialog.get_by_role("list", name="Failing tests")).to_contain_text("never right")
    expect(publish).to_be_disabled()
    dialog.get_by_label("Publish although they fail").check()
    publish.click()
    expect(page.get_by_role("dialog", name="Version 1 is published")).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_dialog_has_no_serious_fault(visits: Visits, axe: str, scheme: str, width: int) -> None:
    page = visits.page(color_scheme=scheme, viewport={"width": width, "height": 900})
    name = new_workflow(page, "order_processing")
    put_tests(page, name, [GOOD, WRONG])
    dialog = open_tests(page)
    dialog.get_by_role("button", name="Run all").click()
    expect(dialog).to_contain_text("1 of 2 fail.")
    dialog.get_by_role("button", name="Rename all goes well").click()
    assert faults(page, axe) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
