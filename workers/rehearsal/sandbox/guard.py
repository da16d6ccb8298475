"""Guard of the sandboxed process: refuses every effect outside, and writes down what was refused.

Python reports what it is about to do as *audit events* (PEP 578). A hook cannot be removed, and processes
that are forked have it as well. It looks at connections (sockets and databases), at files that are opened for
writing, created, moved or removed, and at programs that are started. psycopg connects in C and reports
nothing, so its functions are replaced. `kernel` bars the same ways once more, for code that is not Python's.

A refusal is an exception in the code that tried, and a line in the report: code may catch the exception, and
the rehearsal has failed all the same.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from workers import CriticalFailure

LINE_CHARS_MAX = 300
CODE = "outside_sandbox"
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
HARMLESS = frozenset({"/dev/null", "/dev/tty"})
PATHS_OF: dict[str, int] = {
    "os.remove": 1,
    "os.rename": 2,
    "os.mkdir": 1,
    "os.rmdir": 1,
    "os.link": 2,
    "os.symlink": 2,
    "os.truncate": 1,
    "os.chmod": 1,
    "os.chown": 1,
    "os.utime": 1,
    "os.setxattr": 1,
    "os.removexattr": 1,
}
"""How many paths each of these events names, first of all its arguments."""
PROGRAMS = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn"})
SENDS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"})
RESOLVES = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
SIGNALS = frozenset({"os.kill", "os.killpg"})
EXTENSIONS = frozenset({"sqlite3.enable_load_extension", "sqlite3.load_extension"})
IN_MEMORY = frozenset({"", ":memory:", "file::memory:"})

Address = tuple[str, int]


class Outside(CriticalFailure):
    """The worker tried something outside the sandbox of its rehearsal; nothing of it was done."""


@dataclass
class Guard:
    """Refuses effects outside `folder`. `addresses`: host and port of rehearsal addresses, which are free.

    `report` is the descriptor of the file of refusals: a forked process writes to it, too. `owner` is the
    process of the rehearsal, which ends the attempts that take too long.
    """

    folder: Path
    addresses: frozenset[Address]
    report: int
    owner: int

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            self._check_open(*arguments)
        elif event in PATHS_OF:
            for path in self._paths(event, arguments):
                self._check_path(event, path)
        elif event in SENDS:
            self._check_address(arguments[1])
        elif event in RESOLVES:
            self._check_host(arguments[0])
        elif event == "sqlite3.connect":
            self._check_database(arguments[0])
        elif event in PROGRAMS:
            self.refuse("starts a program", arguments[0])
        elif event in EXTENSIONS:
            self.refuse("loads an extension into SQLite", "")
        elif event in SIGNALS and os.getpid() != self.owner and arguments[0] != os.getpid():
            self.refuse("sends a signal to another process", arguments[0])

    def refuse(self, what: str, subject: object) -> None:
        """Writes a refusal down. Raises Outside."""
        line = " ".join(f"{what}: {subject}".removesuffix(": ").split())[:LINE_CHARS_MAX]
        os.write(self.report, f"{line}\n".encode())
        raise Outside(f"refused in a rehearsal: the worker {line}", code=CODE)

    # --- files ---

    def _check_open(self, path: Any, mode: Any, flags: int) -> None:
        if isinstance(path, int) or not flags & WRITES:
            return
        self._check_path("open", path)

    def _paths(self, event: str, arguments: tuple[Any, ...]) -> Iterator[Any]:
        """Yields the paths of an event, those beside an open folder's descriptor made whole."""
        count = PATHS_OF[event]
        descriptors = [value for value in arguments[count:] if isinstance(value, int)][-count:]
        for place, path in enumerate(arguments[:count]):
            if event == "os.symlink" and place == 0:
                continue  # the text of the link, which touches nothing
            known = event in ("os.remove", "os.rmdir", "os.mkdir", "os.rename", "os.link", "os.symlink")
            descriptor = descriptors[min(place, len(descriptors) - 1)] if known and descriptors else -1
            yield path if descriptor < 0 or isinstance(path, int) else _beside(descriptor, path)

    def _check_path(self, event: str, path: Any) -> None:
        whole = os.path.realpath(f"/proc/self/fd/{path}" if isinstance(path, int) else os.fsdecode(path))
        is_harmless = whole in HARMLESS or whole.startswith(("/dev/pts/", "/proc/self/"))
        if not is_harmless and not Path(whole).is_relative_to(self.folder):
            self.refuse("writes a file" if event == "open" else f"changes a file ({event})", whole)

    # --- connections ---

    def _check_address(self, address: Any) -> None:
        host_and_port = address[:2] if isinstance(address, tuple) else None
        if host_and_port is None:
            self.refuse("connects to a socket", os.fsdecode(address) if address else "")
        elif host_and_port not in self.addresses:
            self.refuse("connects to", f"{host_and_port[0]}:{host_and_port[1]}")

    def _check_host(self, host: Any) -> None:
        name = host.decode(errors="replace") if isinstance(host, bytes) else host
        if name is not None and name not in {known for known, _ in self.addresses}:
            self.refuse("looks up the host", name)

    def _check_database(self, name: Any) -> None:
        text = os.fsdecode(name) if isinstance(name, str | bytes | os.PathLike) else str(name)
        path = text.removeprefix("file:").partition("?")[0]
        if text.partition("?")[0] in IN_MEMORY:
            return
        if not Path(os.path.realpath(path)).is_relative_to(self.folder):
            self.refuse("opens the database", path)

    def check_postgres(self, conninfo: str, parameters: dict[str, Any]) -> None:
        """Refuses a PostgreSQL server that is no rehearsal address."""
        stated = psycopg.conninfo.conninfo_to_dict(conninfo, **parameters)
        host, port = str(stated.get("host") or "localhost"), int(stated.get("port") or 5432)
        if (host, port) not in self.addresses:
            self.refuse("opens the database", f"PostgreSQL at {host}:{port}")


def _beside(descriptor: int, path: Any) -> str:
    return os.path.join(os.path.realpath(f"/proc/self/fd/{descriptor}"), os.fsdecode(path))


def install(folder: Path, addresses: frozenset[Address], report: Path) -> Guard:
    """Guards this process from now on, and those that it forks."""
    descriptor = os.open(report, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    guard = Guard(Path(os.path.realpath(folder)), addresses, descriptor, os.getpid())
    _guard_postgres(guard)
    sys.addaudithook(guard.hook)
    return guard


def _guard_postgres(guard: Guard) -> None:
    for connection in (psycopg.Connection, psycopg.AsyncConnection):
        _wrap(connection, guard)
    psycopg.connect = psycopg.Connection.connect  # the same function by its other name


def _wrap(connection: Any, guard: Guard) -> None:
    connect: Callable[..., Any] = connection.connect.__func__

    def guarded(cls: Any, /, conninfo: str = "", **parameters: Any) -> Any:
        known = {key: value for key, value in parameters.items() if key in ("host", "port")}
        guard.check_postgres(conninfo, known)
        return connect(cls, conninfo, **parameters)

    connection.connect = classmethod(guarded)
