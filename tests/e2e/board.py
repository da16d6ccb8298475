"""The product as a person starts it, on a data folder of its own, and signing in to it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
ROOT = Path(__file__).parents[2]
UP_S = 120.0
STOP_S = 60.0
SIGN_INS = "10000"  # a minute


@dataclass(frozen=True)
class Board:
    """A running product."""

    address: str
    user: str
    password: str
    data: Path
    pid: int


@contextmanager
def running_board(folder: Path, **settings: str) -> Iterator[Board]:
    """Starts the product, with its data and log in the folder. `settings`: variables of its environment."""
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(_free_port()), "--workers", "2"],
            cwd=ROOT,
            env=environment(folder / "data") | settings,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _wait_until_up(process, log)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(STOP_S)


def environment(data: Path) -> dict[str, str]:
    """Nothing of the tests' own settings: a board of its own, as a person would start it.

    But for sign-ins: tests sign in anew more often than people do, all from one address.
    """
    dropped = {"DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL", "SECRET_KEY"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    networks = {"HTTP_PRIVATE_NETWORKS": "127.0.0.0/8,::1"}  # where tests serve their APIs
    return {**kept, **networks, "DATA_DIR": str(data), "SIGN_INS_PER_MINUTE": SIGN_INS}


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


def sign_in(page: Page, board: Board) -> None:
    page.goto("/")
    page.get_by_label("Name").fill(board.user)
    page.get_by_label("Password").fill(board.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("/")
