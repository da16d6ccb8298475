"""`python -m tests.screens.tour`: what a newcomer does, from signing in to a trigger, with its figures.

Prints clicks, key presses, seconds and scrolled pixels of each part of the way; the goals are beside them.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

from tests.e2e.board import ARGS, CHROMIUM, running_board, sign_in
from tests.e2e.designer.gestures import add_by_keyboard, expect_saved, new_workflow, tool
from tests.e2e.orders import PATIENCE_MS, expect_status
from tests.e2e.situations import started

SIZE: ViewportSize = {"width": 1440, "height": 900}
GOALS = {
    "first rollback": "1 click, 10 s",
    "six steps by keyboard": "60 s",
    "an approval": "0 px",
    "a blocked undo": "0 px",
}


class Tour:
    """Counts what a person does on each part of the way."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.acts = [0, 0]
        page.expose_function("noteAct", self._note)
        page.add_init_script(
            "addEventListener('pointerdown', () => noteAct(0), true);"
            "addEventListener('keydown', () => noteAct(1), true);"
        )

    def _note(self, kind: int) -> None:
        self.acts[kind] += 1

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        self.acts = [0, 0]
        began = time.monotonic()
        yield
        took, scrolled = time.monotonic() - began, self.page.evaluate("() => Math.round(scrollY)")
        clicks, keys = self.acts
        goal = f"   (goal: {GOALS[name]})" if name in GOALS else ""
        print(
            f"{name:<24}{clicks:>3} clicks {keys:>4} keys {took:>6.1f} s {scrolled:>5} px{goal}", flush=True
        )


def main() -> int:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_board(Path(folder)) as board,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        page = browser.new_context(base_url=board.address, viewport=SIZE).new_page()
        page.set_default_timeout(PATIENCE_MS)
        tour = Tour(page)
        with tour.part("sign in"):
            sign_in(page, board)
        with tour.part("first rollback"):
            page.get_by_role("button", name="See a rollback").click()
            expect_status(page, "Undone")
        with tour.part("played back"):
            page.get_by_role("button", name="Play the run").click()
            expect(page.locator("[data-slot=situation]")).to_contain_text(
                "has been undone", timeout=PATIENCE_MS
            )
        with tour.part("six steps by keyboard"):
            designed(page)
        runs = started(page)
        with tour.part("an approval"):
            page.goto(f"/runs/{runs['waits for your approval']}/")
            page.get_by_role("button", name="Approve").click()
            expect(page.get_by_role("button", name="Approve")).to_have_count(0)
        with tour.part("a blocked undo"):
            page.goto(f"/runs/{runs['the undo of reserve_inventory waits behind']}/")
            page.get_by_text("I undid it by hand").click()
            page.get_by_label(re.compile("^Note")).fill("Paid back in cash.")
            page.get_by_role("button", name="Send the answer").click()
            expect_status(page, "Undone")
        browser.close()
    return 0


def designed(page: Page) -> None:
    """A choice with two ways, a map and an approval, without a mouse."""
    new_workflow(page)
    page.keyboard.press("o")
    add_by_keyboard(page, "Choice", steps=3)
    for words in ("For each", "Ask for approval", "Set values"):
        add_by_keyboard(page, words)
    expect_saved(page)
    expect(tool(page, "Publish")).to_be_visible()


if __name__ == "__main__":
    raise SystemExit(main())
