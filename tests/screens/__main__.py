"""`python -m tests.screens [--folder var/screens] [--only run,home] [--docs]`: pictures of every page.

Each page in four sizes, light and dark; `--docs` makes the pictures of the README and the docs anew.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.board import ARGS, CHROMIUM, Board, running_board, sign_in
from tests.e2e.documents import PATIENCE_MS
from tests.e2e.every_page import staged_pages
from tests.screens.docs import SETTLED_MS, picture_docs, write_workers

SIZES = ((1280, 800), (1440, 900), (1920, 1080), (390, 844))
SCHEMES = ("light", "dark")
DOCS_SIZE = {"width": 1280, "height": 800}


def main() -> int:
    options = arguments()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_board(Path(folder), **(write_workers(Path(folder)) if options.docs else {})) as board,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        pages, state = staged(browser, board)
        if options.docs:
            page = opened(browser, board, state, DOCS_SIZE, "light")
            page.set_default_timeout(PATIENCE_MS)
            picture_docs(page, pages)
        else:
            wanted = {name: path for name, path in pages.items() if not options.only or name in options.only}
            picture_all(browser, board, state, wanted, options.folder)
        browser.close()
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.screens", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("var/screens"))
    parser.add_argument("--only", type=lambda text: text.split(","), default=[], help="such as run,home")
    parser.add_argument("--docs", action="store_true", help="make the pictures of the README and the docs")
    return parser.parse_args()


def staged(browser: Browser, board: Board) -> tuple[dict[str, str], Path]:
    """Signs in and starts runs in each situation; gives the pages by name, and a file with the sign-in."""
    context = browser.new_context(base_url=board.address)
    page = context.new_page()
    sign_in(page, board)
    pages = staged_pages(page)
    state = board.data / "signed-in.json"
    context.storage_state(path=state)
    context.close()
    return pages, state


def picture_all(browser: Browser, board: Board, state: Path, pages: Mapping[str, str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for width, height in SIZES:
        for scheme in SCHEMES:
            page = opened(browser, board, state, {"width": width, "height": height}, scheme)
            for name, path in pages.items():
                page.goto(path)
                settle(page)
                words = name.replace(" ", "-").strip(".")
                page.screenshot(path=folder / f"{words}-{width}-{scheme}.png")
            page.context.close()
    print(f"{len(pages)} pages in {folder}")


def opened(browser: Browser, board: Board, state: Path, size: Mapping[str, int], scheme: str) -> Page:
    context = browser.new_context(
        base_url=board.address,
        storage_state=state,
        viewport={"width": size["width"], "height": size["height"]},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    return context.new_page()


def settle(page: Page) -> None:
    page.wait_for_load_state("load")
    page.wait_for_timeout(SETTLED_MS)


if __name__ == "__main__":
    raise SystemExit(main())
