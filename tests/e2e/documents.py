"""Workflows of the browser tests' own, published through the API as a program would."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, expect

PATIENCE_MS = 60_000


def publish(page: Page, document: dict[str, Any]) -> None:
    """Publishes the document as the workflow's next version."""
    address = f"/api/v1/workflows/{document['name']}"
    known = page.request.get(address)
    revision = known.json()["revision"] if known.ok else 0
    headers = headers_of(page)
    saved = page.request.put(
        f"{address}/draft", data={"schema": 1, **document}, headers={**headers, "If-Match": str(revision)}
    )
    assert saved.ok, saved.text()
    published = page.request.post(f"{address}/publish", data={}, headers=headers)
    assert published.ok, published.text()


def headers_of(page: Page) -> dict[str, str]:
    """What a browser's own script would send along, to be let in."""
    page.goto("/workflows/order_processing/start/")
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    return {"X-CSRFToken": cookies["csrftoken"], "Referer": page.url}


def start(page: Page, workflow: str, input: dict[str, Any]) -> None:
    """Starts a run from its page and is then on the run's page."""
    page.goto(f"/workflows/{workflow}/start/")
    page.get_by_label("Input (JSON)").fill(json.dumps(input))
    page.get_by_role("button", name="Start the run").click()
    page.wait_for_url("**/runs/*/")


def expect_canvas(page: Page) -> None:
    """The canvas has drawn its steps."""
    expect(page.locator("workflow-canvas [data-node]").first).to_be_visible(timeout=PATIENCE_MS)
