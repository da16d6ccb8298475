"""The guard of a rehearsal's process: what is refused, what is written down, and what stays possible."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from workers.rehearsal.sandbox import guard, kernel

Act = Callable[[Path, Path], object]


def in_guarded_process(act: Act, inside: Path, outside: Path, *, bars: bool = False) -> tuple[str, list[str]]:
    """Does something in a forked process that is guarded. Returns how it ended, and the guard's report."""
    said, report = inside / "said", inside / "touched"
    pid = os.fork()
    if pid == 0:
        try:
            guard.install(inside, frozenset({("127.0.0.1", 9)}), report)
            if bars:
                kernel.bar(inside, allows_network=False)
            said.write_text("done" if act(inside, outside) is not False else "not done")
        except BaseException as error:
            said.write_text(type(error).__name__ + "".join(traceback.format_exception(error))[-800:])
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    return said.read_text(), report.read_text().splitlines()


def connect_udp(inside: Path, outside: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.sendto(b"x", ("127.0.0.1", 53))


def connect_tcp(inside: Path, outside: Path) -> None:
    with socket.socket() as made:
        made.connect(("127.0.0.1", 80))


def connect_unix(inside: Path, outside: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.connect(str(outside / "valkey.sock"))


def swallow(inside: Path, outside: Path) -> None:
    try:
        connect_tcp(inside, outside)
    except Exception:
        return


def through_a_link(inside: Path, outside: Path) -> None:
    (inside / "way").symlink_to(outside)
    (inside / "way" / "kept").write_text("changed")


REFUSED: dict[str, Act] = {
    "writes a file": lambda inside, outside: (outside / "new").write_text("x"),
    "writes a file by a link": through_a_link,
    "writes a file by append": lambda inside, outside: (outside / "kept").open("a"),
    "writes a file by number": lambda inside, outside: os.open(outside / "new", os.O_CREAT | os.O_WRONLY),
    "changes a file (os.remove)": lambda inside, outside: (outside / "kept").unlink(),
    "changes a file (os.rename)": lambda inside, outside: (inside / "own").rename(outside / "moved"),
    "changes a file (os.mkdir)": lambda inside, outside: (outside / "folder").mkdir(),
    "changes a file (os.link)": lambda inside, outside: os.link(outside / "kept", inside / "twin"),
    "changes a file (os.chmod)": lambda inside, outside: (outside / "kept").chmod(0o600),
    "connects to": connect_tcp,
    "connects to by datagram": connect_udp,
    "connects to a socket": connect_unix,
    "connects to swallowed": swallow,
    "looks up the host": lambda inside, outside: socket.getaddrinfo("example.org", 443),
    "opens the database": lambda inside, outside: sqlite3.connect(outside / "books.sqlite3"),
    "opens the database of PostgreSQL": lambda inside, outside: psycopg.connect("host=db.example.org"),
    "starts a program": lambda inside, outside: subprocess.run(["true"], check=False),
    "starts a program by system": lambda inside, outside: os.system("true"),
    "starts a program by spawn": lambda inside, outside: os.posix_spawn("/bin/true", ["true"], {}),
}


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "kept").write_text("kept")
    (inside / "own").write_text("own")
    return inside, outside


@pytest.mark.parametrize("what", REFUSED)
def test_an_effect_outside_is_refused_and_written_down(what: str, folders: tuple[Path, Path]) -> None:
    said, report = in_guarded_process(REFUSED[what], *folders)
    if what == "connects to swallowed":
        assert said == "done"
    else:
        assert said.startswith("Outside"), said
    assert len(report) == 1
    expected = what.partition(" by ")[0].removesuffix(" swallowed").removesuffix(" of PostgreSQL")
    assert report[0].startswith(expected)
    assert [path.name for path in folders[1].iterdir()] == ["kept"]
    assert (folders[1] / "kept").read_text() == "kept"


def test_a_signal_to_another_process_is_refused_in_an_attempt(folders: tuple[Path, Path]) -> None:
    def act(inside: Path, outside: Path) -> bool:
        pid = os.fork()  # as an attempt is
        if pid == 0:
            try:
                os.kill(os.getppid(), signal.SIGTERM)
            finally:
                os._exit(3)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3

    said, report = in_guarded_process(act, *folders)
    assert said == "done"
    assert len(report) == 1 and report[0].startswith("sends a signal")


def may_do(inside: Path, outside: Path) -> None:
    (inside / "file").write_text("x")
    (inside / "file").rename(inside / "moved")
    (inside / "moved").unlink()
    assert (outside / "kept").read_text() == "kept"
    with sqlite3.connect(inside / "own.sqlite3") as made, sqlite3.connect(":memory:"):
        made.execute("CREATE TABLE t (x)")
    with tempfile.TemporaryFile(dir=inside):
        pass
    asyncio.run(asyncio.sleep(0))
    with socket.socket() as made:
        assert made.connect_ex(("127.0.0.1", 9)) != 0  # the rehearsal address; nobody listens there


def test_what_stays_inside_is_free(folders: tuple[Path, Path]) -> None:
    assert in_guarded_process(may_do, *folders) == ("done", [])


# --- what the kernel bars, for code that is not Python's ---

libc = ctypes.CDLL(None, use_errno=True)


def write_by_c(inside: Path, outside: Path) -> bool:
    return bool(libc.open(os.fsencode(outside / "new"), os.O_CREAT | os.O_WRONLY, 0o600) >= 0)


def attach(inside: Path, outside: Path) -> None:
    with sqlite3.connect(inside / "own.sqlite3") as made:
        made.execute("ATTACH ? AS other", [str(outside / "books.sqlite3")])
        made.execute("CREATE TABLE other.t (x)")


def socket_by_c(inside: Path, outside: Path) -> bool:
    return bool(libc.socket(2, 1, 0) >= 0 or libc.socket(10, 2, 0) >= 0)


def bars_of_this_kernel(inside: Path) -> str:
    """What the kernel can bar, asked in a process that is barred then."""
    asked = "import pathlib, sys; from workers.rehearsal.sandbox.kernel import bar; "
    asked += "print(*bar(pathlib.Path(sys.argv[1]), allows_network=False))"
    words = [sys.executable, "-c", asked, str(inside)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("act", [write_by_c, socket_by_c, attach])
def test_the_kernel_bars_what_python_does_not_see(act: Act, folders: tuple[Path, Path]) -> None:
    inside, outside = folders
    if bars_of_this_kernel(inside) != "files network":
        pytest.skip("this kernel has not both Landlock and seccomp, as the rehearsal says there")
    assert in_guarded_process(act, inside, outside)[0] == "done"  # so the guard alone is not enough
    for path in outside.iterdir():
        path.unlink()
    said, _ = in_guarded_process(act, inside, outside, bars=True)
    assert said != "done"
    assert list(outside.iterdir()) == []


def test_the_bars_leave_room_for_the_work_of_a_rehearsal(folders: tuple[Path, Path]) -> None:
    def act(inside: Path, outside: Path) -> None:
        (inside / "file").write_text("x")
        Path("/dev/null").write_text("x")
        asyncio.run(asyncio.sleep(0))
        with sqlite3.connect(inside / "own.sqlite3") as made:
            made.execute("CREATE TABLE t (x)")

    assert in_guarded_process(act, *folders, bars=True) == ("done", [])
