"""Starting a run by a form that is made from the input schema, beside the JSON that is sent."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visits
from tests.e2e.documents import publish
from tests.e2e.orders import expect_status

EXACT = '{"trip": "LIS", "ref": 9007199254740993, "rate": 2.0, "travellers": [], "pay": {"kind": "bill"}}'
TRIP: dict[str, Any] = {
    "name": "booked_trip",
    "title": "Book a trip",
    "input_schema": {
        "$defs": {
            "Traveller": {
                "title": "Traveller",
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "title": "Name"},
                    "born": {"type": "string", "format": "date", "title": "Born"},
                    "mail": {
                        "anyOf": [{"type": "string", "format": "email"}, {"type": "null"}],
                        "title": "Mail",
                    },
                },
            },
        },
        "type": "object",
        "required": ["trip", "class", "travellers", "pay"],
        "properties": {
            "trip": {"type": "string", "title": "Trip"},
            "ref": {"type": "integer", "title": "Reference"},
            "rate": {"type": "number", "title": "Rate"},
            "class": {"enum": ["economy", "business"], "title": "Class"},
            "insured": {"type": "boolean", "title": "Insured"},
            "travellers": {
                "type": "array",
                "title": "Travellers",
                "items": {"$ref": "#/$defs/Traveller"},
            },
            "pay": {
                "title": "Payment",
                "oneOf": [
                    {
                        "title": "Card",
                        "type": "object",
                        "required": ["kind", "number"],
                        "properties": {
                            "kind": {"const": "card"},
                            "number": {"type": "string", "title": "Number"},
                        },
                    },
                    {
                        "title": "Bill",
                        "type": "object",
                        "required": ["kind", "days"],
                        "properties": {
                            "kind": {"const": "bill"},
                            "days": {"type": "integer", "title": "Days to pay"},
                        },
                    },
                ],
            },
        },
    },
    "steps": [{"name": "send_confirmation", "worker": "send_confirmation", "compensation": "none"}],
    "edges": [],
}


def test_a_form_and_its_json_keep_step_and_errors_stand_at_their_fields(page: Page) -> None:
    publish(page, TRIP)
    page.goto("/workflows/booked_trip/start/")
    text = page.get_by_label("Input (JSON)")
    form = page.locator("[data-slot=form]")
    text.fill(EXACT)
    expect(form.get_by_label("Reference")).to_have_value("9007199254740993")
    expect(form.get_by_label("Rate")).to_have_value("2.0")
    text.press("End")
    text.press("x")
    expect(form).to_contain_text("The JSON cannot be read at the moment")
    text.press("Backspace")

    form.get_by_label("Trip needed").fill("POR")
    form.get_by_role("button", name="Add to Travellers").click()
    form.get_by_label("Name needed").fill("Ada")
    form.get_by_label("Born").fill("1990-05-01")
    form.get_by_role("button", name="Nothing (null) for Mail").click()
    form.get_by_label("Insured").select_option("Yes")
    form.get_by_label("Kind of Payment").select_option("Card")
    written = text.input_value()
    assert '"ref": 9007199254740993' in written and '"rate": 2.0' in written
    assert json.loads(written) == {
        "trip": "POR",
        "ref": 9007199254740993,
        "rate": 2.0,
        "travellers": [{"name": "Ada", "born": "1990-05-01", "mail": None}],
        "pay": {"kind": "card"},
        "insured": True,
    }

    page.get_by_role("button", name="Start the run").click()
    expect(form.get_by_label("Class needed")).to_be_focused()
    expect(form.locator("[data-pointer='/pay/number']")).to_contain_text("'number' is a required property")
    form.get_by_label("Class needed").select_option("business")
    form.get_by_label("Number needed").fill("4000")
    form.get_by_label("Reference").fill("12x")
    page.get_by_role("button", name="Start the run").click()
    expect(form.get_by_label("Reference")).to_be_focused()
    form.get_by_label("Reference").fill("9007199254740995")
    page.get_by_role("button", name="Start the run").click()
    expect_status(page, "Completed")
    run = page.request.get(f"/api/v1/runs/{page.url.rstrip('/').rpartition('/')[2]}")
    assert '"ref":9007199254740995' in run.text().replace(" ", "")

    page.goto("/workflows/booked_trip/start/")
    page.get_by_role("link", name='"trip": "POR"').click()
    expect(form.get_by_label("Number needed")).to_have_value("4000")


def test_faults_of_an_example_are_chosen_and_watched(page: Page) -> None:
    page.goto("/workflows/order_processing/start/")
    page.get_by_label("What Create shipment does").select_option("Fails for good")
    page.get_by_role("button", name="Start the run").click()
    expect_status(page, "Undone")


def test_without_scripts_the_json_starts_a_run(visits: Visits) -> None:
    page = visits.page(java_script_enabled=False)
    page.goto("/workflows/order_processing/start/")
    expect(page.locator("[data-slot=form]")).to_be_hidden()
    page.get_by_label("Input (JSON)").fill("{}")
    page.get_by_role("button", name="Start the run").click()
    expect(page.get_by_text("'order_items' is a required property")).to_be_visible()
    page.get_by_label("Input (JSON)").fill('{"order_items": [{"sku": "MUG-002", "quantity": 1}]}')
    page.get_by_role("button", name="Start the run").click()
    page.wait_for_url("**/runs/*/")
