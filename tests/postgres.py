"""A PostgreSQL server of one's own: on a free loopback port, in a temporary folder, gone at the end.

`python -m tests.postgres COMMAND…` runs a command with DATABASE_URL set to it. The programs are looked for
in PATH and where Debian puts them; as root, the server runs as another user, because it refuses root.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

START_S_MAX = 60.0
STOP_S_MAX = 20.0
POLL_S = 0.1
USERS = ("postgres", "nobody")
DEBIAN = Path("/usr/lib/postgresql")
NAME = "sagaboard"
OF_TESTS = "sagaboard tests"  # how connections of test processes name themselves
CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> %s
"""
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "fsync": "off",  # the folder does not outlive the machine
    "shared_buffers": "64MB",
    "timezone": "Asia/Kolkata",  # no product code may count on the server's
}


def program(name: str) -> str | None:
    """Path of one of PostgreSQL's programs, the newest version's where several are installed."""
    versions = sorted(DEBIAN.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]), reverse=True)
    return str(versions[0]) if versions else shutil.which(name)


class Postgres:
    """Start and stop as often as needed; what was committed stays.

    `hosts`: a network that is let in, besides this machine.
    """

    def __init__(self, folder: Path, port: int = 0, hosts: str = "", **options: str) -> None:
        self.folder = folder
        self.hosts = hosts
        self.options = {**OPTIONS, **options}
        self.port = port or free_port()
        self.url = f"postgresql://{NAME}:{NAME}@127.0.0.1:{self.port}/{NAME}"
        self.process: subprocess.Popen[bytes] | None = None
        self._user = other_user()

    def create(self) -> None:
        if self._user:
            shutil.chown(self.folder, self._user["user"])
        self._run("initdb", "--pgdata", str(self.folder / "data"), "--username", NAME, "--no-sync",
                  "--auth", "trust", "--encoding", "UTF8", "--locale", "C")  # fmt: skip
        if self.hosts:
            with (self.folder / "data/pg_hba.conf").open("a") as rules:
                rules.write(f"host all all {self.hosts} trust\n")
        self.start()
        self._run("createdb", "--host", "127.0.0.1", "--port", str(self.port), "--username", NAME, NAME)

    def start(self) -> None:
        options = {**self.options, "port": str(self.port)}
        words = [word for name in options for word in ("-c", f"{name}={options[name]}")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [found("postgres"), "-D", str(self.folder / "data"), *words],
                cwd=self.folder, stdout=log, stderr=log, **self._user,
            )  # fmt: skip
        self._wait_until_ready()

    def stop(self, signum: int = signal.SIGINT) -> None:
        """SIGINT cuts sessions off and ends in order; SIGQUIT ends at once, and starting it recovers."""
        if self.process is None:
            return
        self.process.send_signal(signum)
        try:
            self.process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
        self.process = None

    def _wait_until_ready(self) -> None:
        ready = [found("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        until = time.monotonic() + START_S_MAX
        while subprocess.run(ready, check=False).returncode:
            if time.monotonic() > until or self.process is None or self.process.poll() is not None:
                raise RuntimeError(f"PostgreSQL does not start: {(self.folder / 'log').read_text()}")
            time.sleep(POLL_S)

    def _run(self, name: str, *words: str) -> None:
        subprocess.run(
            [found(name), *words], check=True, stdout=subprocess.DEVNULL, cwd=self.folder, **self._user
        )


def cut_connections(connection: BaseDatabaseWrapper, but: str = OF_TESTS) -> None:
    """Ends the connections of all who use this database, but not those that name themselves `but`.

    Where the database is SQLite there is nothing to cut.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(CUT, [but])


def found(name: str) -> str:
    path = program(name)
    if path is None:
        raise SystemExit(f"PostgreSQL's {name} is missing: install Debian's postgresql")
    return path


def other_user() -> dict[str, Any]:
    """What `subprocess` needs so that the server does not run as root."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name for entry in pwd.getpwall()}
    name = next(name for name in USERS if name in known)
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgres(port: int = 0, hosts: str = "", **options: str) -> Iterator[Postgres]:
    """A running server with an empty database, on a free port unless one is given; `options` as in a file."""
    with tempfile.TemporaryDirectory(prefix="sagaboard-pg-", ignore_cleanup_errors=True) as folder:
        server = Postgres(Path(folder), port, hosts, **options)
        try:
            server.create()
            yield server
        finally:
            server.stop()


@contextmanager
def kept_postgres(folder: Path, **options: str) -> Iterator[Postgres]:
    """The same on a folder that stays, with what was stored there before."""
    server = Postgres(folder, 0, "", **options)
    try:
        if (folder / "data").exists():
            server.start()
        else:
            folder.mkdir(parents=True, exist_ok=True)
            server.create()
        yield server
    finally:
        server.stop()


def main(command: Sequence[str]) -> int:
    with postgres() as server:
        return subprocess.run(command, env={**os.environ, "DATABASE_URL": server.url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
