"""Options of commands. A type returns a valid value or raises argparse's one-line error."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser

from config.lib.commands import whole_number
from config.operations.serving.listening_socket import PORT_MAX
from workers.process.pool import PROCESSES_MAX


def port_number(value: str) -> int:
    return whole_number(value, 1, PORT_MAX)


def process_count(value: str) -> int:
    return whole_number(value, 1, PROCESSES_MAX)


def add_migrated(parser: ArgumentParser) -> None:
    """For `up`, which has migrated: to look again costs each part time and memory."""
    parser.add_argument("--migrated", action="store_true", help=SUPPRESS)
