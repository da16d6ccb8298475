"""The list of runs by hand: child runs in place, columns, a saved view; and workflows in folders."""

from __future__ import annotations

from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.e2e.documents import publish
from tests.e2e.orders import expect_status, start_order

CHILD = {
    "name": "viewed_child",
    "steps": [{"name": "rest", "kind": "wait", "seconds": 0.01}],
    "edges": [],
}
PARENT = {
    "name": "viewed_parent",
    "steps": [{"name": "call", "kind": "workflow", "workflow": "viewed_child"}],
    "edges": [],
}


def test_child_runs_open_in_place_and_columns_and_views_stay(page: Page) -> None:
    publish(page, CHILD)
    publish(page, PARENT)
    page.goto("/workflows/viewed_parent/start/")
    page.get_by_role("button", name="Start the run").click()
    expect_status(page, "Completed")
    end = page.url.rstrip("/")[-8:]
    start_order(page, create_shipment="error")
    expect_status(page, "Undone")

    page.goto("/runs/")
    toggle = page.get_by_role("button", name=f"Child runs of viewed_parent {end}")
    expect(page.get_by_role("link", name="viewed_child")).to_have_count(0)
    toggle.focus()
    page.keyboard.press("Enter")
    child = page.locator("tr[data-child-of]", has_text="viewed_child")
    expect(child).to_be_visible()
    expect(page.get_by_role("button", name="Hide child runs")).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Space")
    expect(child).to_have_count(0)

    page.locator("summary", has_text="Columns").click()
    page.keyboard.press("Escape")
    expect(page.locator("summary", has_text="Columns")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("checkbox", name="Error").check()
    page.get_by_role("button", name="Show these").click()
    expect(page.locator(".run-error", has_text="simulated error of create_shipment").first).to_be_visible()

    page.goto(f"/runs/?run={end}")
    expect(page.locator("tr[data-run]")).to_have_count(1)
    page.goto("/runs/?error=create_shipment&step=charge_payment")
    name = f"Lost shipments {uuid4().hex[:6]}"
    page.locator("summary", has_text="Save as a view").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.get_by_label("Text in the error")).to_have_value("create_shipment")
    page.get_by_role("button", name="Delete this view").click()
    expect(page.get_by_role("link", name=name)).to_have_count(0)


def test_workflows_are_moved_copied_and_archived(page: Page) -> None:
    lot = uuid4().hex[:6]
    name, folder = f"moved_{lot}", f"Folder {lot}"
    publish(page, {**CHILD, "name": name})
    page.goto(f"/workflows/?q={name}")
    page.get_by_label(f"Choose {name}").check()
    page.get_by_label("Folder", exact=True).select_option("A new folder:")
    page.get_by_label("Name of the new folder").fill(folder)
    page.get_by_role("button", name="Move", exact=True).click()
    page.get_by_role("link", name=folder).first.click()
    expect(page.get_by_role("heading", level=2)).to_have_count(1)
    page.get_by_role("button", name=f"Make {name} a favourite").click()
    page.get_by_role("link", name="Favourites").click()
    page.get_by_role("link", name=name, exact=True).click()
    page.locator("summary", has_text="More").click()
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_text("It is archived since")).to_be_visible()
    expect(page.get_by_role("link", name="Start a run")).to_have_count(0)
    page.locator("summary", has_text="More").click()
    page.get_by_role("button", name="Bring back from the archive").click()
    expect(page.get_by_role("link", name="Start a run")).to_be_visible()
