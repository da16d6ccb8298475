"""Workflows that travel: between tabs, in and out of files, back from versions, and of two authors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from designer import patterns
from tests.e2e.conftest import Visits
from tests.e2e.designer.gestures import (
    add_by_keyboard,
    click_pane,
    drop_on_edge,
    edges,
    expect_saved,
    expect_still,
    new_workflow,
    node,
    nodes,
    tool,
)

NINE = [
    name for name in patterns.NAMES if name not in ("conditional_in_worker", "data_analysis", "data_export")
]
DROP = """([element, name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name, { type: "application/json" }));
  const at = { dataTransfer: data, bubbles: true, cancelable: true };
  element.dispatchEvent(new DragEvent("dragover", at));
  element.dispatchEvent(new DragEvent("drop", at));
}"""


def drop_file(target: Locator, name: str, text: str) -> None:
    """Drops a file from the desktop on an element."""
    handle = target.element_handle()
    target.page.evaluate(DROP, [handle, name, text])


def stored(page: Page, name: str) -> dict[str, Any]:
    draft: dict[str, Any] = page.request.get(f"/api/v1/workflows/{name}").json()["draft"]
    return draft


def export(page: Page, words: str) -> Path:
    page.locator(".menu summary").click()
    with page.expect_download() as found:
        page.get_by_role("button", name=words).click()
    return found.value.path()


def publish(page: Page) -> None:
    expect_saved(page)
    tool(page, "Publish").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Publish", exact=True).click()
    dialog.get_by_role("button", name="Go on designing").click()
    expect(dialog).to_have_count(0)


def open_versions(page: Page) -> Locator:
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Versions…").click()
    dialog = page.get_by_role("dialog", name="Versions")
    expect(dialog).to_be_visible()
    return dialog


def test_steps_are_copied_between_tabs_and_cut(visits: Visits) -> None:
    first = visits.page()
    new_workflow(first, "order_processing")
    first.keyboard.press("Control+a")
    expect(first.get_by_role("heading", name="4 steps chosen")).to_be_visible()
    first.keyboard.press("Control+c")
    expect(first.locator(".canvas-notice")).to_contain_text("4 steps copied")
    second = first.context.new_page()
    name = new_workflow(second)
    second.keyboard.press("Control+v")
    expect(nodes(second)).to_have_count(4)
    expect(edges(second)).to_have_count(3)
    second.keyboard.press("Control+v")
    expect(nodes(second)).to_have_count(8)
    expect(node(second, "charge_payment_2")).to_be_visible()
    second.keyboard.press("Control+x")
    expect(nodes(second)).to_have_count(4)
    second.keyboard.press("Control+z")
    expect(nodes(second)).to_have_count(8)
    expect_saved(second)
    draft = stored(second, name)
    assert len(draft["edges"]) == 6
    assert draft["steps"][4] == {**draft["steps"][0], "name": "reserve_inventory_2"}


def test_a_whole_document_is_pasted_and_what_is_none_is_told(page: Page) -> None:
    name = new_workflow(page)
    for text, told in (("just words", "no steps"), (json.dumps({"steps": []}), "no steps")):
        _paste(page, text)
        expect(page.locator(".canvas-notice")).to_contain_text(told)
    _paste(page, json.dumps(patterns.read("resilient_processing")))
    expect(nodes(page)).to_have_count(3)
    expect_saved(page)
    own = {"name": name, "title": f"Designed {name}"}
    assert stored(page, name) == {**patterns.read("resilient_processing"), **own}


def _paste(page: Page, text: str) -> None:
    page.evaluate(
        """text => {
          const data = new DataTransfer();
          data.setData("text/plain", text);
          document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
        }""",
        text,
    )


@pytest.mark.parametrize("name", NINE)
def test_a_pattern_comes_in_by_dropping_and_goes_out_without_a_difference(page: Page, name: str) -> None:
    document = patterns.read(name)
    draft = new_workflow(page)
    own = {"name": draft, "title": f"Designed {draft}"}
    drop_file(page.locator(".react-flow__pane"), f"{name}.json", json.dumps(document))
    dialog = page.get_by_role("dialog", name=f"Bring in {name}.json")
    dialog.get_by_role("button", name="Replace the draft").click()
    expect(nodes(page)).to_have_count(len(document["steps"]))
    expect_saved(page)
    assert stored(page, draft) == {**document, **own}
    assert json.loads(export(page, "Export as JSON").read_text()) == {**document, **own}
    yaml = export(page, "Export as YAML").read_text()
    drop_file(page.locator(".react-flow__pane"), f"{name}.yaml", yaml)
    dialog = page.get_by_role("dialog", name=f"Bring in {name}.yaml")
    expect(dialog).to_contain_text("Nothing: it is what the draft holds.")
    dialog.get_by_role("button", name="Cancel").click()
    picture = export(page, "Export picture (SVG)").read_text()
    assert picture.startswith("<svg ") and picture.count('class="box"') == len(document["steps"])
    assert "WorkflowBuilder" in export(page, "Export as Python").read_text()


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("notes.txt", "hello", "ends in .json"),
        ("broken.json", "{", "line 1, column 2"),
        ("other.json", '{"some": "thing"}', "neither 'schema' nor 'steps'"),
        ("newer.json", '{"schema": 2, "name": "x", "steps": []}', "reads schema 1, not 2"),
        ("large.json", '{"steps": "' + "x" * 5_500_000 + '"}', "bytes"),
    ],
)
def test_a_file_that_is_no_workflow_is_refused_and_changes_nothing(
    page: Page, name: str, text: str, told: str
) -> None:
    draft = new_workflow(page, "resilient_processing")
    before = stored(page, draft)
    drop_file(page.locator(".react-flow__pane"), name, text)
    dialog = page.get_by_role("dialog", name=f"Bring in {name}")
    expect(dialog.get_by_role("alert")).to_contain_text(told)
    dialog.get_by_role("button", name="Close").click()
    expect(nodes(page)).to_have_count(3)
    assert stored(page, draft) == before


def test_a_file_dropped_on_the_list_becomes_a_draft(page: Page) -> None:
    document = {**patterns.read("order_processing"), "name": "dropped_on_the_list", "title": '"><b>\u202e'}
    page.goto("/workflows/")
    drop_file(page.get_by_role("heading", name="Workflows", level=1), "order.json", json.dumps(document))
    expect(page.locator(".designer-name")).to_have_text('"><b>\u202e')
    expect_still(page)
    assert stored(page, "dropped_on_the_list") == document
    page.goto("/workflows/")
    drop_file(page.get_by_role("heading", name="Workflows", level=1), "order.json", json.dumps(document))
    expect(page.get_by_text("There is a workflow named dropped_on_the_list already")).to_be_visible()
    page.get_by_label("Name").fill("dropped_twice")
    page.get_by_role("button", name="Bring it in").click()
    expect(tool(page, "Publish")).to_be_visible()
    assert stored(page, "dropped_twice") == {**document, "name": "dropped_twice"}


def test_a_pattern_is_a_block_of_several_steps(page: Page) -> None:
    new_workflow(page)
    for words in ("Reserve inventory", "Send confirmation"):
        add_by_keyboard(page, words)
    drop_on_edge(page, "Resilient processing", edges(page).first)
    expect(nodes(page)).to_have_count(5)
    expect(edges(page)).to_have_count(4)
    page.keyboard.press("Control+z")
    expect(nodes(page)).to_have_count(2)
    expect(edges(page)).to_have_count(1)


def test_the_gallery_shows_a_picture_of_every_pattern(page: Page) -> None:
    page.goto("/new-workflow/")
    pictures = page.locator(".gallery-picture img")
    expect(pictures).to_have_count(len(patterns.NAMES))
    for picture in pictures.all():
        assert picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") > 100


def test_versions_are_compared_and_restored_and_a_draft_discarded(page: Page) -> None:
    name = new_workflow(page, "resilient_processing")
    publish(page)
    node(page, "verify_results").click()
    inspector = page.get_by_role("complementary", name="Inspector")
    inspector.get_by_label("Title").fill("Look twice")
    publish(page)
    dialog = open_versions(page)
    expect(dialog.locator(".version-line")).to_have_count(2)
    expect(dialog.locator(".version-line").first).to_contain_text("by ")
    dialog.get_by_role("button", name="Compare version 1 with the draft").click()
    expect(dialog).to_contain_text("Changed step verify_results")
    expect(dialog).to_contain_text("title: Verify results")
    dialog.get_by_role("button", name="Restore version 1").click()
    expect(node(page, "verify_results")).to_contain_text("Verify results")
    page.keyboard.press("Control+z")
    expect(node(page, "verify_results")).to_contain_text("Look twice")
    click_pane(page)
    page.get_by_label("Title").fill("Only a draft")
    expect_saved(page)
    assert stored(page, name)["title"] == "Only a draft"
    open_versions(page).get_by_role("button", name="Discard the draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("v2")
    assert stored(page, name) is None


def test_two_authors_changes_are_merged_and_only_clashes_are_asked(visits: Visits) -> None:
    first, second = visits.page(), visits.page()
    name = new_workflow(first, "order_processing")
    second.goto(f"/workflows/{name}/edit/")
    expect(nodes(second)).to_have_count(4)
    for page, title, step in ((first, "Ours", "charge_payment"), (second, "Mine", "create_shipment")):
        if page is second:
            page.context.set_offline(True)
        expect_still(page)
        node(page, step).click()
        inspector = page.get_by_role("complementary", name="Inspector")
        inspector.get_by_label("Title").fill(f"{title} {step}")
        click_pane(page)
        page.get_by_label("Title").fill(title)
        if page is first:
            expect_saved(page)
    second.context.set_offline(False)
    dialog = second.get_by_role("dialog", name="Somebody else saved this draft")
    expect(dialog.get_by_label("What you changed")).to_contain_text("Changed step create_shipment")
    expect(dialog.get_by_label("What they changed")).to_contain_text("Changed step charge_payment")
    expect(dialog.get_by_role("group")).to_have_count(1)
    expect(dialog.get_by_role("button", name="Merge (1 to choose)")).to_be_disabled()
    dialog.get_by_label("Theirs: Ours").check()
    dialog.get_by_role("button", name="Merge both").click()
    expect_saved(second)
    draft = stored(second, name)
    titles = {step["name"]: step["title"] for step in draft["steps"]}
    assert draft["title"] == "Ours"
    assert titles["charge_payment"] == "Ours charge_payment"
    assert titles["create_shipment"] == "Mine create_shipment"
