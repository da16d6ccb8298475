"""A run goes out as a file and is opened again; figures of ended runs on a workflow's canvas."""

from __future__ import annotations

import re
from pathlib import Path
from secrets import token_hex

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visits
from tests.e2e.documents import PATIENCE_MS, expect_canvas, publish, start
from tests.e2e.orders import (
    STEPS,
    expect_connection,
    expect_status,
    journal_numbers,
    row,
    start_order,
    stored,
)

BUTTONS = re.compile("Cancel|Roll back this run|Start again|Approve|Send")


def test_a_run_is_downloaded_and_opened_to_be_looked_at(page: Page, tmp_path: Path) -> None:
    start_order(page, create_shipment="critical")
    expect_status(page, "Undone")
    entries = journal_numbers(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download this run as a file").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    original = page.url

    page.goto("/runs/")
    page.get_by_role("link", name="Open a run's file").click()
    page.get_by_label("A run's file").set_input_files(path)
    page.get_by_role("button", name="Open it").click()
    page.wait_for_url("**/runs/*-*/")
    assert page.url != original
    expect(page.get_by_text("This run came as a file, to be looked at.")).to_be_visible()
    expect_status(page, "Undone")
    expect_canvas(page)
    expect_connection(page, "live")
    assert journal_numbers(page) == entries
    for step in STEPS[:2]:
        expect(row(page, step)).to_have_attribute("data-undo", "compensated")
    expect(page.get_by_role("button", name=BUTTONS)).to_have_count(0)
    expect(page.get_by_role("link", name=BUTTONS)).to_have_count(0)

    page.get_by_label("Moment of the run").fill("5")
    expect(page.locator("[data-slot=moment]")).to_contain_text("As of entry 5 of")
    expect(row(page, "create_shipment")).to_have_attribute("data-status", "pending")
    page.get_by_role("button", name="Back to now").click()
    page.get_by_role("button", name="Remove this copy").click()
    expect(page.get_by_text("is removed")).to_be_visible()


def test_what_is_no_runs_file_is_refused_in_place(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"format": "sagaboard.run", "schema": 1, "runs": []}')
    page.goto("/open-run/")
    page.get_by_label("A run's file").set_input_files(path)
    page.get_by_role("button", name="Open it").click()
    expect(page.locator(".field-error")).to_contain_text("exported_at")


def wait_for_figures(page: Page, name: str, runs: int) -> None:
    """The scheduler has counted that many runs."""
    for _ in range(PATIENCE_MS // 500):
        steps = page.request.get(f"/api/v1/workflows/{name}/versions/1/figures").json()["steps"]
        if steps.get("first", {}).get("completed") == runs:
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"{runs} runs of {name} were not counted")


def test_figures_of_ended_runs_are_painted_on_the_canvas(visits: Visits) -> None:
    page, name = visits.page(), f"counted_{token_hex(3)}"
    steps = [
        {"name": "first", "worker": "split_data", "params": {"data": "=context.data", "batch_size": 1}},
        {"name": "never", "worker": "split_data", "when": "false"},
    ]
    publish(page, {"name": name, "steps": steps, "edges": [{"from": "first", "to": "never"}]})
    page.goto(f"/workflows/{name}/")
    expect(page.get_by_text("No run of this version has ended yet")).to_be_visible()
    expect(page.get_by_text("No run of version 1 has ended yet.")).to_be_visible()
    for _ in range(2):
        start(page, name, {"data": [1]})
        expect_status(page, "Completed")
    assert stored(page)["steps"][1]["status"] == "skipped"

    node = page.locator('workflow-canvas .react-flow__node[data-id="first"]')
    wait_for_figures(page, name, 2)
    page.goto(f"/workflows/{name}/")
    expect(node).to_contain_text("completed 2 times")
    expect(page.locator('.react-flow__node[data-id="never"]')).to_contain_text("skipped 2 times")
    table = page.get_by_role("region", name="Figures").get_by_role("row", name="first")
    expect(table.get_by_role("cell").first).to_have_text("2")
    page.get_by_role("button", name="Hide figures").click()
    expect(node.locator(".step-statistic")).to_have_count(0)
    page.get_by_role("button", name="Show figures").click()
    expect(node.locator(".step-statistic").first).to_be_visible(timeout=PATIENCE_MS)
