"""The designer with 1,000 steps in headless Chromium: opening, editing, dragging, and how much is drawn."""

from __future__ import annotations

import statistics
import time
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from designer.queries import problems_of
from tests.e2e.conftest import board, browser, chromium, page, signed_in, visits
from tests.e2e.hands import expect_still, node

__all__ = ["board", "browser", "chromium", "page", "signed_in", "visits"]
STEPS = 1_000
WIDTH = 25
OPEN_MS_MAX = 1_500
EDIT_MS_MAX = 100
ELEMENTS_MAX = 10_000
VALIDATION_MS_MAX = 200
EDITS = 15
FPS_MIN = 20
"""Of software rendering on a shared machine; 50 and more with a graphics card."""

READY = """() => new Promise((resolve) => {
  const look = () => {
    const still = document.querySelector(".designer-canvas[aria-busy=false]");
    if (still && document.querySelector(".react-flow__node")) resolve(performance.now());
    else requestAnimationFrame(look);
  };
  look();
})"""
EDIT = """(title) => new Promise((resolve) => {
  const field = [...document.querySelectorAll(".inspector input")][0];
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
  const began = performance.now();
  set.call(field, title);
  field.dispatchEvent(new Event("input", { bubbles: true }));
  const look = () => {
    const step = document.querySelector(".react-flow__node.selected");
    if (step.textContent.includes(title)) resolve(performance.now() - began);
    else requestAnimationFrame(look);
  };
  look();
})"""
FRAMES = """() => {
  window.frames_seen = [];
  const note = (at) => { window.frames_seen.push(at); requestAnimationFrame(note); };
  requestAnimationFrame(note);
}"""


def large() -> dict[str, Any]:
    """A grid of steps, each led to by one or two of the column before."""
    steps = [{"name": f"s{n}", "title": f"Step {n}", "worker": "simple_processing"} for n in range(STEPS)]
    edges = [{"from": f"s{n - WIDTH}", "to": f"s{n}"} for n in range(WIDTH, STEPS)]
    edges += [{"from": f"s{n - WIDTH - 1}", "to": f"s{n}"} for n in range(WIDTH + 1, STEPS, 5)]
    layout = {f"s{n}": [320 * (n // WIDTH), 170 * (n % WIDTH)] for n in range(STEPS)}
    return {"schema": 1, "name": "large", "steps": steps, "edges": edges, "layout": layout}


@pytest.fixture
def designer(page: Page) -> Page:
    page.goto("/workflows/")
    token = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}["csrftoken"]
    revision = page.request.get("/api/v1/workflows/large").json().get("revision", 0)
    saved = page.request.put(
        "/api/v1/workflows/large/draft",
        data=large(),
        headers={"If-Match": str(revision), "X-CSRFToken": token, "Referer": page.url},
    )
    assert saved.ok, saved.text()
    return page


def test_a_thousand_steps(designer: Page, browser: Browser) -> None:
    opened = []
    for _ in range(3):
        designer.goto("/workflows/large/edit/")
        opened.append(designer.evaluate(READY))
    drawn = designer.evaluate("() => document.querySelectorAll('*').length")
    designer.keyboard.press("Control+k")
    expect(designer.get_by_role("combobox", name="Search steps of this workflow")).to_be_focused()
    designer.keyboard.type("s512")
    designer.keyboard.press("Enter")
    expect(designer.get_by_label("Inspector").get_by_role("heading", name="Step 512")).to_be_visible()
    expect(node(designer, "s512")).to_be_in_viewport()
    expect_still(designer)
    near = designer.evaluate("() => document.querySelectorAll('*').length")
    edits = [designer.evaluate(EDIT, f"Edited {n}") for n in range(EDITS)]
    fps = drag(designer)
    print(
        f"\n{STEPS} steps: open {min(opened):.0f}-{max(opened):.0f} ms, "
        f"edit {statistics.median(edits):.0f} ms (worst {max(edits):.0f}), drag {fps:.0f} fps, "
        f"{drawn} elements from afar, {near} near"
    )
    assert max(drawn, near) <= ELEMENTS_MAX
    assert min(opened) <= OPEN_MS_MAX
    assert statistics.median(edits) <= EDIT_MS_MAX
    assert fps >= FPS_MIN


def drag(page: Page) -> float:
    """Frames a second while a step is dragged over the canvas."""
    place = node(page, "s512").bounding_box()
    assert place
    x, y = place["x"] + place["width"] / 2, place["y"] + 20
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(FRAMES)
    for turn in range(90):
        page.mouse.move(x + 2 * turn, y + turn)
    seen: list[float] = page.evaluate("() => window.frames_seen")
    page.mouse.up()
    return 1_000 * (len(seen) - 1) / (seen[-1] - seen[0])


@pytest.mark.django_db
def test_validating_a_thousand_steps() -> None:
    document = large()
    problems_of(document)
    took = []
    for _ in range(5):
        began = time.perf_counter()
        problems_of(document)
        took.append(1_000 * (time.perf_counter() - began))
    print(f"\nvalidation of {STEPS} steps: {min(took):.0f} ms")
    assert min(took) <= VALIDATION_MS_MAX
