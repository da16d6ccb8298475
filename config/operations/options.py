"""Types of command-line options: each returns a valid value or raises argparse's one-line error."""

from __future__ import annotations

from config.lib.commands import whole_number
from config.operations.serving.listening_socket import PORT_MAX
from workers.process.pool import PROCESSES_MAX


def port_number(value: str) -> int:
    return whole_number(value, 1, PORT_MAX)


def process_count(value: str) -> int:
    return whole_number(value, 1, PROCESSES_MAX)
