"""A state machine of Amazon States Language that is dropped on the list of workflows."""

from __future__ import annotations

import json
from secrets import token_hex

from playwright.sync_api import expect

from tests.e2e.conftest import Visits
from tests.e2e.designer.test_files import drop_file, stored
from tests.unit.designer.formats.asl.test_undo import SAGA


def test_a_dropped_machine_becomes_a_draft_with_a_report_of_its_states(visits: Visits) -> None:
    page, name = visits.page(), f"trip_{token_hex(3)}"
    page.goto("/workflows/")
    drop_file(page.get_by_role("heading", name="Workflows", level=1), f"{name}.asl.json", json.dumps(SAGA))
    expect(page.get_by_role("heading", name=f"What became of {name}.asl.json")).to_be_visible()
    states = page.locator("section[aria-labelledby=states]")
    expect(states.get_by_role("row")).to_have_count(8)
    expect(page.get_by_text("cancel_hotel").first).to_be_visible()
    page.get_by_role("button", name="Fill them in").click()
    expect(page.get_by_role("heading", name="Undo slots that were filled in")).to_be_visible()
    assert stored(page, name)["steps"][0]["compensation"]["worker"] == "cancel_hotel"
    page.get_by_role("link", name="Open the draft").click()
    expect(page.locator(".react-flow__node").first).to_be_visible()
