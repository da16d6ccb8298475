"""Values of a megabyte in a step's panel: opened at once, whole, with their size, and kept as a file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.e2e.documents import headers_of, publish
from tests.e2e.orders import expect_status, tab

FREEZE_MS_MAX = 200  # of processor time, which other tests on the machine do not add to
ABOUT_A_MEGABYTE = re.compile(r"9\d\d\.\d kB|1\.\d MB")
TASK = "ThreadControllerImpl::RunTask"


def nested(width: int) -> list[Any]:
    """Objects in objects, about a megabyte."""
    leaf = {"name": "Ada Lovelace", "note": "x" * 60, "amounts": [1, 2.5, None, True]}
    return [{f"k{n}": {f"m{m}": leaf for m in range(10)} for n in range(width // 10)} for _ in range(10)]


def panel_with(page: Page, data: list[Any]) -> Locator:
    """The panel of a step whose output holds `data` in one batch."""
    step = {"name": "split", "worker": "split_data"}
    publish(page, {"name": "large_values", "steps": [step], "sample_input": {"data": [1]}})
    started = page.request.post(
        "/api/v1/workflows/large_values/runs",
        data={"input": {"data": data, "batch_size": 100_000}},
        headers=headers_of(page),
    )
    page.goto(f"/runs/{started.json()['id']}/")
    expect_status(page, "Completed")
    tab(page, "Step")
    page.locator("[data-slot=steps]").get_by_role("button", name="split").click()
    panel = page.locator("[data-view=step]")
    expect(panel.locator("[data-slot=output-size]")).to_have_text(ABOUT_A_MEGABYTE)
    page.wait_for_load_state("networkidle")
    return panel


def opened(panel: Locator) -> Locator:
    panel.locator("[data-result=output] > summary").click()
    tree = panel.locator("[data-result=output] .value-tree")
    expect(tree).to_be_visible()
    return tree


def fold(tree: Locator, text: str) -> None:
    tree.locator("summary", has_text=text).first.click()


@contextmanager
def no_freeze(page: Page) -> Iterator[None]:
    """No task of the page takes the processor for long."""
    browser = page.context.browser
    assert browser is not None
    browser.start_tracing(page=page, categories=["toplevel"])
    try:
        yield
    finally:
        events = json.loads(browser.stop_tracing())["traceEvents"]
    taken_ms = [event.get("tdur", 0) / 1_000 for event in events if event["name"] == TASK]
    assert taken_ms and max(taken_ms) <= FREEZE_MS_MAX


def test_a_list_of_fifty_thousand_numbers(page: Page) -> None:
    panel = panel_with(page, [n + 0.1234567890123 for n in range(50_000)])
    with no_freeze(page):
        tree = opened(panel)
        fold(tree, "[50000]")
        expect(tree.locator("summary", has_text="…")).to_have_count(5)
        fold(tree, "40000 … 49999")
        fold(tree, "49900 … 49999")
        expect(tree.locator(".leaf", has_text="49999.1234")).to_be_visible()
    assert tree.locator("*").count() < 2_000


def test_a_text_of_almost_a_million_characters(page: Page) -> None:
    text = "0123456789" * 99_900 + "the end"
    panel = panel_with(page, [text])
    with no_freeze(page):
        tree = opened(panel)
        fold(tree, "0: ")
        more = tree.get_by_role("button", name="Show more")
        expect(more).to_have_text("Show more: 997,007 characters are left")
        while more.count():
            more.click()
    assert tree.locator(".text").text_content() == f'"{text[:2_000]}"{text[2_000:]}'


def test_objects_in_objects_and_their_file(page: Page) -> None:
    data = nested(770)
    panel = panel_with(page, data)
    with no_freeze(page):
        tree = opened(panel)
        for text in ("[10]", "9: ", "k76", "m9", "amounts"):
            fold(tree, text)
        expect(tree.locator(".leaf", has_text="2.5").first).to_be_visible()
    with page.expect_download() as kept:
        panel.locator("[data-result=output]").get_by_role("link", name="Download").click()
    assert json.loads(Path(kept.value.path()).read_text())["batches"] == [data]
