"""The page that describes the API: served by the product itself, under its content policy, offline."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def test_the_api_is_described_and_tried_out_without_another_host(page: Page, foreign: list[str]) -> None:
    page.goto("/api/v1/docs")
    expect(page.get_by_role("heading", name="Sagaboard")).to_be_visible()
    call = page.locator("#operations-workflows-designer_web_api_list_workflows")
    call.get_by_role("button").first.click()
    call.get_by_role("button", name="Try it out").click()
    call.get_by_role("button", name="Execute").click()
    expect(call.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    post = page.locator("#operations-workflows-designer_web_api_validate")
    post.get_by_role("button").first.click()
    post.get_by_role("button", name="Try it out").click()
    post.get_by_role("button", name="Execute").click()
    expect(post.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    assert foreign == []
