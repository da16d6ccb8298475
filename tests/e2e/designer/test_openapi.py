"""An API's document becomes steps: dragged from the palette, with the proposed undo, run and rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from secrets import token_hex

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.board import Board
from tests.e2e.designer.gestures import expect_saved, expect_still, new_workflow, node, nodes, tool
from tests.e2e.orders import expect_status
from tests.http_api import HttpApi, http_api
from tests.shop_openapi import shop_document


@pytest.fixture(scope="module")
def api(board: Board) -> Iterator[HttpApi]:
    """An API at an address of this machine that nothing else uses."""
    with http_api("127.0.0.2") as served:
        served.document = shop_document()
        yield served


def give_document(page: Page, api: HttpApi, name: str) -> None:
    page.goto("/new-connection/")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Address", exact=True).fill(api.url)
    page.get_by_role("button", name="Make this connection").click()
    page.goto(f"/connections/{name}/document/")
    page.get_by_label("Address of the document").fill("/openapi")
    page.get_by_role("button", name="Read it").click()
    expect(page.get_by_text("Shop is read: 3 operations")).to_be_visible()
    expect(page.get_by_role("row", name="Charge a card")).to_contain_text("Proposed: POST /refunds")


def operations(page: Page, connection: str) -> Locator:
    region = page.get_by_role("region", name=f"Operations of {connection}", exact=True)
    return region.locator(".operation")


def test_a_charge_is_undone_by_the_proposed_refund(page: Page, api: HttpApi) -> None:
    shop = f"shop_{token_hex(3)}"
    give_document(page, api, shop)
    name = new_workflow(page)
    page.get_by_label("Search steps to add").fill("Charge a card")
    operations(page, shop).drag_to(page.locator(".react-flow__pane"), target_position={"x": 200, "y": 150})
    expect(node(page, "create_charge")).to_be_visible()
    inspector = page.get_by_label("Inspector")
    inspector.get_by_label("Amount in cents (needed)").fill("1250")
    inspector.get_by_label("currency (needed)").select_option("eur")
    inspector.get_by_role("button", name="Undo", exact=True).click()
    proposal = inspector.get_by_role("region", name="Proposed undo")
    expect(proposal).to_contain_text("Refunds take charges back. This is a guess by names")
    expect(node(page, "create_charge")).to_contain_text("no undo")
    proposal.get_by_role("button", name="Take it as the undo").press("Enter")
    expect(proposal).to_have_count(0)
    expect(node(page, "create_charge")).to_contain_text("http_request")
    page.get_by_label("Search steps to add").fill("Fail on purpose")
    page.get_by_label("Steps to add").get_by_role("button", name="Fail on purpose").click()
    expect(nodes(page)).to_have_count(2)
    expect_still(page)
    inspector.get_by_label("Code").fill("too_late")
    expect_saved(page)
    tool(page, "Publish").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish", exact=True).click()
    page.get_by_role("link", name="To the workflow").click()
    page.goto(f"/workflows/{name}/start/")
    page.get_by_role("button", name="Start the run").click()
    expect_status(page, "Undone")
    charge, refund = api.to("/charges")[-1], api.to("/refunds")[-1]
    number = f"ch_{len(api.to('/charges'))}"
    assert len(api.to("/charges")) == len(api.to("/refunds"))
    assert charge.json == {"amount": 1250, "currency": "eur"} and refund.json == {"charge": number}
    assert charge.headers["idempotency-key"] != refund.headers["idempotency-key"]


def test_a_step_that_reads_has_nothing_to_undo_and_a_proposal_can_be_declined_by_keyboard(
    page: Page, api: HttpApi
) -> None:
    shop = f"other_shop_{token_hex(3)}"
    give_document(page, api, shop)
    new_workflow(page)
    heading = page.get_by_label("Steps to add").locator("summary", has_text=shop)
    heading.press("Enter")
    listed = operations(page, shop)
    expect(listed).to_have_count(3)
    listed.nth(1).press("Enter")
    expect(node(page, "read_charge")).to_contain_text("nothing to undo")
    expect(page.get_by_role("region", name="Problems")).to_contain_text("the API needs this, and it is empty")
    listed.nth(0).press("Enter")
    expect(node(page, "create_charge")).to_be_visible()
    inspector = page.get_by_label("Inspector")
    inspector.get_by_role("button", name="Undo", exact=True).press("Enter")
    inspector.get_by_role("button", name="No", exact=True).press("Enter")
    expect(inspector.get_by_role("region", name="Proposed undo")).to_have_count(0)
    expect_saved(page)
