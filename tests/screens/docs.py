"""The pictures of the README and the documents: pages, the tutorial's workflow, a rollback that moves."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from tests.docs.blocks import blocks
from tests.e2e.designer.gestures import add_by_keyboard, expect_saved, expect_still, node, tool
from tests.e2e.documents import expect_canvas, start
from tests.e2e.every_page import BLOCKED
from tests.e2e.orders import expect_status, start_order

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
WORKERS = "trip_workers"
SETTLED_MS = 700
FORWARD_MS, BACK_MS, FIRST_MS, LAST_MS = 380, 800, 1_000, 3_500
MOVING = {"width": 1120, "height": 560}
COLOURS = 96
MOVE = "(range, entry) => { range.value = entry; range.dispatchEvent(new Event('input')); }"


def write_workers(folder: Path) -> dict[str, str]:
    """Writes the tutorial's workers; gives the settings with which the product finds them."""
    [text] = [block.text for block in blocks() if block.markers.get("file") == f"{WORKERS}.py"]
    (folder / f"{WORKERS}.py").write_text(text)
    return {"WORKER_MODULES": WORKERS, "PYTHONPATH": str(folder)}


def picture_docs(page: Page, pages: Mapping[str, str]) -> None:
    page.goto(pages[f"run {BLOCKED}"])
    expect_canvas(page)
    take(page, "run-blocked")
    page.goto(pages["designer"])
    expect_still(page)
    node(page, "charge_payment").click()
    page.get_by_label("Inspector").get_by_role("button", name="Undo", exact=True).click()
    take(page, "designer")
    picture_tutorial(page)
    picture_rollback(page)
    print(f"written to {FOLDER}")


def picture_tutorial(page: Page) -> None:
    page.goto("/new-workflow/")
    page.get_by_label("Title").fill("Trip")
    page.get_by_role("button", name="Start designing").click()
    expect_still(page)
    for worker in ("book_seat", "print_ticket"):
        add_by_keyboard(page, worker)
    expect_saved(page)
    node(page, "book_seat").click()
    take(page, "tutorial-designer")
    tool(page, "Publish").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("Version 1 is published")).to_be_visible()
    start(page, "trip", {"passenger": "Ada", "printer": "empty", "counter": "closed"})
    expect_status(page, "Blocked")
    take(page, "tutorial-blocked")


def picture_rollback(page: Page) -> None:
    """Plays an undone run on its own slider, one picture for each entry of its journal."""
    start_order(page, send_confirmation="critical")
    expect_status(page, "Undone")
    page.set_viewport_size({"width": MOVING["width"], "height": MOVING["height"]})
    page.reload()
    expect_canvas(page)
    moment, said = page.get_by_label("Moment of the run"), page.locator("[data-slot=moment]")
    last = int(moment.get_attribute("max") or 0)
    frames, times = [], []
    for entry in range(1, last + 1):
        moment.evaluate(MOVE, entry)
        expect(said).to_have_text("Now" if entry == last else re.compile(f"entry {entry} of"))
        page.wait_for_timeout(SETTLED_MS)
        shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        frames.append(shot.crop((0, top(page), MOVING["width"], MOVING["height"])))
        times.append(BACK_MS if re.search(r"[Uu]nd", said.inner_text()) else FORWARD_MS)
    save_moving(frames, [FIRST_MS, *times[1:-1], LAST_MS])


def top(page: Page) -> int:
    """Where the canvas begins: what stands above it says how the run is now."""
    box = page.locator("section.panel").first.bounding_box()
    assert box
    return int(box["y"]) - 8


def save_moving(frames: list[Image.Image], times: list[int]) -> None:
    colours = frames[-1].quantize(COLOURS)
    first, *others = [frame.quantize(palette=colours, dither=Image.Dither.NONE) for frame in frames]
    first.save(
        FOLDER / "rollback.gif", save_all=True, append_images=others, duration=times, loop=0, optimize=True
    )


def take(page: Page, name: str) -> None:
    page.wait_for_load_state("load")
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=FOLDER / f"{name}.png")
