"""`manage.py up` for real: comes up, signs a person in, refuses a second one, leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from tests.integration.processes.conftest import MANAGE, WAIT_S, environment, running, wait_for

ADDRESS = re.compile(r"Sagaboard is up: (http://localhost:\d+)/")
LINK = re.compile(r"http://localhost:\d+/accounts/first/\S+")


class Up:
    """A running `up` with a data folder of its own."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, log: Path) -> None:
        self.process = process
        self.folder = folder
        self.log = log

    @property
    def printed(self) -> str:
        return self.log.read_text()

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        found = environment(DATA_DIR=str(self.folder), DATABASE_URL="")
        return subprocess.run([*MANAGE, *words], env=found, capture_output=True, text=True, timeout=WAIT_S)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def up(tmp_path):
    folder, log = tmp_path / "data", tmp_path / "log"
    with running(
        "up", "--port", str(free_port()), "--workers", "2", log=log, DATA_DIR=str(folder), DATABASE_URL=""
    ) as process:
        found = Up(process, folder, log)
        wait_for(lambda: "Ctrl-C stops everything" in found.printed or process.poll() is not None)
        assert ADDRESS.search(found.printed), found.printed
        yield found


def children(pid: int) -> dict[int, int]:
    """Every descendant of a process and its start time, which tells it from a later one with its id."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            facts = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(path.parent.name)] = (int(facts[1]), int(facts[19]))
    found: dict[int, int] = {}
    todo = [pid]
    while todo:
        parent = todo.pop()
        for child, (its_parent, started) in parents.items():
            if its_parent == parent:
                found[child] = started
                todo.append(child)
    return found


def still_there(processes: dict[int, int]) -> list[int]:
    left = []
    for pid, started in processes.items():
        try:
            facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(facts[19]) == started and facts[0] != "Z":
            left.append(pid)
    return left


def test_a_person_signs_in_by_the_link_and_ctrl_c_leaves_nothing(up):
    assert re.search(r"User: admin\nPassword: \S{16}", up.printed)
    [link] = LINK.findall(up.printed)
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with browser.open(link, timeout=WAIT_S) as answer:
        assert answer.status == 200
        assert "/accounts/login" not in answer.url

    doctor = up.manage("doctor")
    assert (doctor.returncode, doctor.stdout.splitlines()[-1]) == (0, "All well."), doctor.stdout
    second = up.manage("up")
    assert second.returncode == 2
    assert "is up already" in second.stderr and len(second.stderr.splitlines()) == 1

    parts = children(up.process.pid)
    assert len(parts) >= 6
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(WAIT_S) == 0
    assert still_there(parts) == []
    assert up.printed.rstrip().endswith("Stopped.")
    assert "Traceback" not in up.printed, up.printed


def test_a_killed_up_leaves_nothing_and_the_next_one_starts(up):
    parts = children(up.process.pid)
    up.process.kill()
    wait_for(lambda: not still_there(parts))
    log = up.log.with_name("again")
    with running(
        "up", "--port", str(free_port()), log=log, DATA_DIR=str(up.folder), DATABASE_URL=""
    ) as again:
        wait_for(lambda: "Ctrl-C stops everything" in log.read_text())
        assert "Password" not in log.read_text()
        parts = children(again.pid)
        again.terminate()
        assert again.wait(WAIT_S) == 0
        assert still_there(parts) == []


def part_of(pid: int, name: str) -> int:
    """The child, not a grandchild, that the system knows by this name."""
    lines = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return next(int(child) for child in lines if Path(f"/proc/{child}/comm").read_text().strip() == name)


def test_killed_parts_come_back(up):
    for name in ("web", "valkey-server", "scheduler", "workers"):
        os.kill(part_of(up.process.pid, name), signal.SIGKILL)
    wait_for(lambda: up.printed.count("starting it again") == 4)
    wait_for(lambda: up.manage("doctor").returncode == 0)


def test_a_taken_port_gives_a_free_one(tmp_path):
    log, folder = tmp_path / "log", str(tmp_path / "data")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with running("up", "--port", str(port), log=log, DATA_DIR=folder, DATABASE_URL="") as process:
            wait_for(lambda: "Ctrl-C stops everything" in log.read_text())
            said = re.search(rf"Port {port} is taken; using (\d+)\.", log.read_text())
            assert said and int(said[1]) > port
            assert f"http://localhost:{said[1]}/" in log.read_text()
            process.terminate()
            assert process.wait(WAIT_S) == 0


@pytest.mark.parametrize(
    ("words", "more", "says"),
    [
        (["up", "--port", "http"], {}, "is not a whole number"),
        (["up", "--host", "nowhere.invalid"], {}, "is not an IPv4 address or a known name"),
        (["up"], {"REDIS_URL": "redis://127.0.0.1:1/0"}, "Redis at REDIS_URL does not answer"),
        (["up"], {"REDIS_URL": "localhost"}, "REDIS_URL: is not a Redis address"),
        (["up"], {"WORKER_MODULES": "no.such"}, "no.such"),
        (["up"], {"DATABASE_URL": "postgresql://127.0.0.1:1/none"}, "the database does not answer"),
        (["worker"], {}, "run `manage.py migrate` first"),
        (["worker", "--queues", "nope"], {}, "unknown queue nope"),
        (["scheduler"], {}, "run `manage.py migrate` first"),
        (["doctor"], {"DEBUG": "perhaps"}, "DEBUG: 'perhaps' cannot be used; use true or false"),
    ],
)
def test_bad_input_is_one_clear_line(tmp_path, words, more, says):
    found = environment(**{"DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": "", **more})
    ended = subprocess.run([*MANAGE, *words], env=found, capture_output=True, text=True, timeout=WAIT_S)
    assert ended.returncode == 2
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout
    assert ended.stdout == ""
    if "usage:" not in ended.stderr:
        assert len(ended.stderr.splitlines()) == 1
