"""The real product in a real browser: `manage.py up` once a session, Chromium once a module.

pytest-playwright's own fixtures live for a whole session and leave an event loop running in it, so
the ones that are used here are made anew, and end with their module.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, StorageState, sync_playwright

from tests.e2e.board import ARGS, CHROMIUM, Board, running_board, sign_in
from tests.e2e.retries import allow_retries

PATIENCE_MS = 30_000
FOLDER = Path(__file__).parent
EXPECTED = (
    "WebSocket",
    "ERR_INTERNET_DISCONNECTED",
    "ERR_CONNECTION_RESET",
    "ERR_EMPTY_RESPONSE",
    *(f"status of {status}" for status in (400, 401, 409, 412, 422)),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    allow_retries(items, FOLDER)


@pytest.fixture(scope="session")
def chromium() -> Path:
    if not CHROMIUM.exists():
        message = f"{CHROMIUM} is missing: install Debian's chromium for the browser tests"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return CHROMIUM


@pytest.fixture(scope="session")
def board(chromium: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with running_board(tmp_path_factory.mktemp("board")) as found:
        yield found


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def sign_ins() -> dict[Board, StorageState]:
    """Of each board that was signed in to: what its modules share, as none of them signs out."""
    return {}


@pytest.fixture(scope="module")
def signed_in(browser: Browser, board: Board, sign_ins: dict[Board, StorageState]) -> StorageState:
    if board not in sign_ins:
        context = browser.new_context(base_url=board.address)
        page = context.new_page()
        sign_in(page, board)
        sign_ins[board] = context.storage_state()
        context.close()
    return sign_ins[board]


class Visits:
    """Opens pages in contexts of their own, and remembers what browsers complained about."""

    def __init__(self, browser: Browser, board: Board, state: StorageState) -> None:
        self.browser = browser
        self.board = board
        self.state = state
        self.contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def page(self, **options: Any) -> Page:
        given = {"viewport": {"width": 1280, "height": 900}, "storage_state": self.state, **options}
        context = self.browser.new_context(base_url=self.board.address, **given)
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self._hear(said.type, said.text))
        return page

    def _hear(self, kind: str, text: str) -> None:
        """Errors, breaches of the content policy among them; refused forms and lost connections are none."""
        if kind == "error" and not any(expected in text for expected in EXPECTED):
            self.complaints.append(text)


@pytest.fixture
def visits(browser: Browser, board: Board, signed_in: StorageState) -> Iterator[Visits]:
    found = Visits(browser, board, signed_in)
    yield found
    for context in found.contexts:
        context.close()
    assert found.complaints == []


@pytest.fixture
def page(visits: Visits) -> Page:
    return visits.page()


@pytest.fixture
def foreign(page: Page, board: Board) -> list[str]:
    """Addresses of other hosts that the page asks for, and does not reach."""
    found: list[str] = []

    def only_our_own(route: Route) -> None:
        if route.request.url.startswith((board.address, "data:", "blob:")):
            route.continue_()
        else:
            found.append(route.request.url)
            route.abort()

    page.route("**/*", only_our_own)
    return found
