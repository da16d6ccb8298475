"""Carries out commands of `manage.py` in forks of one loaded process: each costs a moment and no start.

`python -m tests.docs.server SOCKET` serves. `CLIENT` stands in for `manage.py`: it hands over its arguments,
folder, environment and standard streams, and ends with the command's exit code.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from importlib import import_module
from typing import Any

from tests.architecture.source import PRODUCT

MESSAGE_BYTES = 1_000_000
COMMAND_S_MAX = 120
CLIENT = """\
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect(os.environ["DOCS_SOCKET"])
    words = {"words": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}
    socket.send_fds(server, [json.dumps(words).encode()], [0, 1, 2])
    sys.exit(int(server.recv(10) or b"99"))
"""


def main(address: str) -> None:
    load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        print("ready", flush=True)
        while True:
            caller, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                os._exit(answer(caller))
            caller.close()


def load() -> None:
    """Loads what most commands need, so that no fork has to."""
    import django
    from django.core.management import get_commands, load_command_class
    from django.db import connections

    django.setup()
    from workers.registry import get_catalog

    import_module("config.urls")
    get_catalog()
    for name, app in get_commands().items():
        if app.split(".")[0] in PRODUCT:
            load_command_class(app, name)
    connections.close_all()


def answer(caller: socket.socket) -> int:
    """Reads one command, carries it out in a further fork, and sends its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    message, streams, _, _ = socket.recv_fds(caller, MESSAGE_BYTES, 3)
    child = os.fork()
    if child == 0:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os._exit(carry_out(**json.loads(message)))
    caller.sendall(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())
    return 0


def carry_out(words: list[str], folder: str, environment: dict[str, str]) -> int:
    from django.core.management import execute_from_command_line

    os.chdir(folder)
    os.environ.update(environment)
    signal.alarm(COMMAND_S_MAX)
    sys.argv = ["manage.py", *words]
    code: Any = 0
    try:
        execute_from_command_line(sys.argv)
    except SystemExit as ended:
        code = ended.code or 0
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else 1


if __name__ == "__main__":
    main(sys.argv[1])
