"""The real product in a real browser: `manage.py up` once a session, Chromium once a module.

pytest-playwright's own fixtures live for a whole session and leave an event loop running in it, so
the ones that are used here are made anew, and end with their module.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, sync_playwright

from tests.e2e.retries import allow_retries

CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
UP_S = 120.0
STOP_S = 60.0
PATIENCE_MS = 30_000
FOLDER = Path(__file__).parent
SIGN_INS = "10000"  # a minute
EXPECTED = (
    "WebSocket",
    "ERR_INTERNET_DISCONNECTED",
    "ERR_CONNECTION_RESET",
    "ERR_EMPTY_RESPONSE",
    *(f"status of {status}" for status in (400, 401, 412, 422)),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    allow_retries(items, FOLDER)


@dataclass(frozen=True)
class Board:
    """A running product."""

    address: str
    user: str
    password: str
    data: Path
    pid: int


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
    folder = tmp_path_factory.mktemp("board")
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(_free_port()), "--workers", "2"],
            cwd=settings.BASE_DIR,
            env=_environment(folder / "data"),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _wait_until_up(process, log)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(STOP_S)


def _environment(data: Path) -> dict[str, str]:
    """Nothing of the tests' own settings: a board of its own, as a person would start it.

    But for sign-ins: tests sign in anew more often than people do, all from one address.
    """
    dropped = {"DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL", "SECRET_KEY"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "DATA_DIR": str(data), "SIGN_INS_PER_MINUTE": SIGN_INS}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait_until_up(process: subprocess.Popen[bytes], log: Path) -> Board:
    until = time.monotonic() + UP_S
    while "Ctrl-C stops everything" not in log.read_text():
        assert process.poll() is None and time.monotonic() < until, log.read_text()
        time.sleep(0.1)
    said = log.read_text()
    address, user, password = (
        _found(pattern, said) for pattern in (r"is up: (\S+)/", r"User: (\S+)", r"Password: (\S+)")
    )
    return Board(address, user, password, log.parent / "data", process.pid)


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, text
    return found[1]


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def signed_in(browser: Browser, board: Board) -> StorageState:
    context = browser.new_context(base_url=board.address)
    page = context.new_page()
    sign_in(page, board)
    state = context.storage_state()
    context.close()
    return state


def sign_in(page: Page, board: Board) -> None:
    page.goto("/")
    page.get_by_label("Name").fill(board.user)
    page.get_by_label("Password").fill(board.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("/")


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
