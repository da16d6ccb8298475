"""The product as the documents have it started, and a shell beside it in which their commands are typed."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from tests.docs.blocks import ROOT
from tests.docs.server import CLIENT
from tests.e2e.board import Board, environment, running_board

COMMAND_S = 180.0
PUBLIC, LOCAL = "https://board.example.org", "http://localhost:8000"
MANAGE = 'exec "$REAL_PYTHON" -SE "$DOCS_CLIENT" "$@"'
SHIMS = {  # what stands in for commands, in folders that are looked in first
    "bin/manage.py": MANAGE,
    "bin/curl": 'words=("${@//$PUBLIC/$BOARD}")\n'
    'exec "$REAL_CURL" --silent --show-error --fail-with-body "${words[@]//$LOCAL/$BOARD}"',
    "work/.venv/bin/python": f'if [ "$1" = manage.py ]; then shift; {MANAGE}; fi\nexec "$REAL_PYTHON" "$@"',
}


@dataclass(frozen=True)
class Product:
    """A running product. `said`: what `up` printed, with the address that the documents have."""

    board: Board
    work: Path
    said: str
    variables: dict[str, str]

    def type(self, command: str) -> tuple[int, str]:
        """Exit code and output of a command line, typed in the folder with the documents' files."""
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=self.work,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=COMMAND_S,
            text=True,
        )
        return done.returncode, done.stdout.replace(self.board.address, PUBLIC)


@contextmanager
def running_product(folder: Path, files: dict[str, str], settings: dict[str, str]) -> Iterator[Product]:
    """Starts it with these settings, and with these files in the working folder."""
    work = folder / "work"
    _write(work, files)
    variables = _variables(folder, settings)
    command = [sys.executable, "-m", "tests.docs.server", variables["DOCS_SOCKET"]]
    with subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE) as server:
        try:
            with running_board(folder, PYTHONPATH=str(work), **settings) as board:
                assert server.stdout and server.stdout.readline() == b"ready\n"
                variables["BOARD"] = board.address
                said = (folder / "log").read_text().replace(board.address, LOCAL)
                product = Product(board, work, said, variables)
                _, printed = product.type("manage.py create_token docs --role admin")
                variables["TOKEN"] = re.findall(r"sgb_\S+", printed)[0]
                yield product
        finally:
            server.kill()


def _write(work: Path, files: dict[str, str]) -> None:
    scripts = {name: f"#!/bin/bash\n{script}\n" for name, script in SHIMS.items()}
    for name, text in {**{f"work/{name}": text for name, text in files.items()}, **scripts}.items():
        path = work.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    (work.parent / "client.py").write_text(CLIENT)
    (work / "designer").symlink_to(ROOT / "designer")


def _variables(folder: Path, settings: dict[str, str]) -> dict[str, str]:
    curl = which("curl")
    assert curl, "curl is missing, which the documents use: install Debian's curl"
    base = environment(folder / "data")
    return {
        **base,
        **settings,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": f"{ROOT}:{folder / 'work'}",
        "PATH": f"{folder / 'bin'}:{base['PATH']}",
        "PUBLIC": PUBLIC,
        "LOCAL": LOCAL,
        "REAL_PYTHON": sys.executable,
        "REAL_CURL": curl,
        "DOCS_CLIENT": str(folder / "client.py"),
        "DOCS_SOCKET": str(folder / "socket"),
    }
