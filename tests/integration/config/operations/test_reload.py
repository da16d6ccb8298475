"""`up --reload` as a whole product in processes of its own: a change of a worker is taken over meanwhile."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from django.conf import settings
from django.db import connection

from workers.client import ApiError, Client, calls
from workers.client.call import Call
from workers.client.client import ENDED

WAIT_S = 60
WORKERS = """
import os
import time
from helper import ANSWER
from workers import worker


@worker("answer")
def answer():
    return {"said": ANSWER, "pid": os.getpid()}


@worker("slow")
def slow(context):
    with open(context["file"], "a") as file:
        file.write("begun ")
    while not os.path.exists(context["go"]):
        time.sleep(0.02)
    return {"said": ANSWER}
"""


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    until = time.monotonic() + WAIT_S
    while not (result := condition()):
        assert time.monotonic() < until, what
        time.sleep(0.05)
    return result


@dataclass
class Product:
    """The running command, what it prints, and the user's folder."""

    folder: Path
    port: int
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def says(self, words: str, after: int = 0) -> str:
        def find() -> str:
            return next((line for line in self.lines[after:] if words in line), "")

        try:
            return str(wait_for(find, words))
        except AssertionError:
            raise AssertionError(f"{words!r} was not said:\n" + "\n".join(self.lines)) from None

    def write(self, name: str, text: str) -> int:
        """Saves a file as editors do, at once. Returns how much had been printed before."""
        place, printed = self.folder / name, len(self.lines)
        draft = place.with_suffix(".new")
        draft.write_text(text)
        draft.rename(place)
        return printed


@pytest.fixture
def environment(tmp_path: Path, transactional_db: None) -> dict[str, str]:
    """Of a product with a data folder of its own, whose database need not be migrated first."""
    folder, data = tmp_path / "own", tmp_path / "data"
    folder.mkdir()
    data.mkdir(mode=0o700)
    database = connection.settings_dict["NAME"]
    if os.path.exists(database):
        shutil.copy(database, data / "db.sqlite3")
    left_out = ("DATABASE_URL", "REDIS_URL", "SIMULATE_FAULTS", "DJANGO_SETTINGS_MODULE")
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    own = {"DATA_DIR": str(data), "WORKER_MODULES": "own_steps", "PYTHONPATH": str(folder)}
    return kept | own | {"CALLS_APART": "0"}


@pytest.fixture
def product(tmp_path: Path, environment: dict[str, str]) -> Iterator[Product]:
    folder = tmp_path / "own"
    (folder / "own_steps.py").write_text(WORKERS)
    (folder / "helper.py").write_text("ANSWER = 1\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["up", "--reload", "--port", str(port), "--workers", "1"]
    process = subprocess.Popen(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    product = Product(folder, port, process)
    reader = threading.Thread(target=product.read)
    reader.start()
    try:
        product.says("Ctrl-C stops everything")
        yield product
    finally:
        process.send_signal(signal.SIGTERM)
        status = process.wait(WAIT_S)
        reader.join()
        assert process.stdout is not None
        process.stdout.close()
    assert status == 0, "\n".join(product.lines)


@pytest.fixture
def board(product: Product, environment: dict[str, str]) -> Iterator[Client]:
    words = [sys.executable, "manage.py", "create_token", "tester", "--role", "admin"]
    made = subprocess.run(words, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    with Client(f"http://127.0.0.1:{product.port}", made.stdout.split()[-1]) as board:
        for name in ("answer", "slow"):
            document = {"schema": 1, "name": name, "steps": [{"name": "ask", "worker": name}], "edges": []}
            board.send(calls.save_draft(name, document, 0))
            board.send(calls.publish(name))
        yield board


def sent(board: Client, call: Call[Any]) -> Any:
    """The answer to a call; it is made again where the web process was replaced meanwhile."""

    def send() -> Any:
        try:
            return [board.send(call)]
        except httpx2.TransportError:
            return None

    return wait_for(send, "the web process answers")[0]


def answer(board: Client) -> Any:
    run = sent(board, calls.start_run("answer", {}, idempotency_key=uuid4().hex))
    return ended(board, run)["output"]["said"]


def ended(board: Client, run: Any) -> Any:
    def look() -> Any:
        state = sent(board, calls.get_run(run["id"]))
        return state if state["status"] in ENDED else None

    return wait_for(look, "the run has ended")


def test_a_change_is_taken_over_and_a_broken_one_waits(
    product: Product, board: Client, tmp_path: Path
) -> None:
    product.says("watches 2 files")
    assert answer(board) == 1
    go, file = tmp_path / "go", tmp_path / "file"
    slow = sent(board, calls.start_run("slow", {"go": str(go), "file": str(file)}))
    wait_for(file.exists, "the slow step has begun")

    printed = product.write("helper.py", "ANSWER = 2\n")  # what a worker module imports; of the same size
    product.says("helper.py changed", printed)
    wait_for(lambda: answer(board) == 2, "new code")
    go.touch()
    end = ended(board, slow)
    assert end["status"] == "completed" and end["output"]["said"] == 1, "it ended with the code it began with"
    assert file.read_text() == "begun " and end["steps"][0]["attempts"] == 1

    printed = product.write("helper.py", "VALUE = 3\n\nANSWER = nothing\n")
    assert "helper.py:3: NameError: name 'nothing' is not defined" in product.says("NameError", printed)
    product.says("The code from before goes on", printed)
    assert answer(board) == 2

    more = WORKERS + '\n\n@worker("third")\ndef third():\n    return {}\n'
    product.write("own_steps.py", more)
    printed = product.write("helper.py", "ANSWER = 4\n")
    product.says("changed (new: third)", printed)
    wait_for(lambda: answer(board) == 4, "the mended code")
    wait_for(lambda: is_known(board, "third"), "the web process knows the new worker")
    assert not any("| ended with status" in line for line in product.lines)


def is_known(board: Client, worker: str) -> bool:
    try:
        return bool(sent(board, calls.get_worker(worker))["is_known"])
    except ApiError:
        return False
