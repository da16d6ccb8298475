"""People see how runs of a draft would go, what an edit changes of that, and what depends on a worker."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from designer.patterns import read
from tests.e2e.conftest import Visits
from tests.e2e.designer.gestures import expect_saved, node, tool
from tests.e2e.designer.test_accessibility import axe as axe  # the fixture
from tests.e2e.designer.test_accessibility import faults
from tests.e2e.documents import publish

NAME = "forecast_order"
SECOND = "160"  # the size of a second in fine histograms
STEPS = {"reserve_inventory": 0, "charge_payment": 200, "create_shipment": 20, "send_confirmation": 0}


def facts(worker: str, bad: int) -> dict[str, Any]:
    own = {
        "good": {SECOND: 1000 - bad},
        "bad": {SECOND: bad},
        "codes": {"down": bad},
        "first": {"good": 1000 - bad, "bad": bad},
    }
    return {"what": f"task:{worker}", "reached": 1000, "ended": 1000 - bad, "own": own}


BASIS = {
    "least": 20,
    "runs": 1000,
    "versions": [1],
    "whole": {"ends": {"completed": 990, "compensated": 10}, "ms": {"192": 1000}, "rolled_back": 10},
    "steps": {name: facts(name, bad) for name, bad in STEPS.items()},
    "workers": {},
}


def opened(page: Page, basis: dict[str, Any] | None) -> Locator:
    """The panel, opened by keyboard, of a published workflow with these figures."""
    publish(page, {**read("order_processing"), "name": NAME})
    if basis is not None:

        def answer(route: Route) -> None:
            route.fulfill(body=json.dumps(basis), content_type="application/json")

        page.route(f"**/api/v1/workflows/{NAME}/forecast", answer)
    page.goto(f"/workflows/{NAME}/edit/")
    tool(page, "Forecast").press("Enter")
    panel = page.get_by_role("region", name="Forecast")
    expect(panel.get_by_role("button", name="Close")).to_be_focused()
    return panel


def test_of_few_runs_nothing_is_forecast(page: Page) -> None:
    panel = opened(page, None)
    expect(panel).to_contain_text("A forecast needs 20 runs that have ended.")
    expect(panel.get_by_role("table")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def test_an_edit_is_forecast_in_one_sentence(page: Page) -> None:
    panel = opened(page, BASIS)
    expect(panel.get_by_role("definition").first).to_have_text(re.compile(r"^4(\.\d)? s$"))
    expect(panel.get_by_role("row").nth(1)).to_contain_text("charge_payment")
    node(page, "charge_payment").click()
    inspector = page.get_by_role("complementary", name="Inspector")
    inspector.get_by_role("button", name="Failure").click()
    inspector.get_by_label("Attempts").fill("1")
    expect(panel).to_contain_text(
        re.compile(r"charge_payment: 1 attempts? instead of 3: rollbacks 0\.\d → (19|20|21) %")
    )
    expect_saved(page)
    tool(page, "What if…").click()
    expect(panel).to_have_count(0)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_panel_has_no_serious_fault_and_fits(
    visits: Visits,
    axe: str,
    scheme: Any,
    width: int,
) -> None:
    page = visits.page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    panel = opened(page, BASIS)
    expect(panel.get_by_role("table")).to_be_visible()
    assert faults(page, axe) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


def test_what_depends_on_a_worker_is_said_beside_it(page: Page) -> None:
    opened(page, None)
    node(page, "charge_payment").click()
    inspector = page.get_by_role("complementary", name="Inspector")
    inspector.get_by_text("What depends on charge_payment?").press("Enter")
    workflows = inspector.get_by_role("list", name="Workflows that call it")
    expect(workflows.get_by_role("link").first).to_be_visible()  # which of many, other tests decide
    expect(inspector.get_by_text(re.compile(r"\d+ workflows?"))).to_be_visible()
