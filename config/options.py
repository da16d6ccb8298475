"""Types of command-line options: a usable value, or argparse's one-line refusal."""

from __future__ import annotations

from argparse import ArgumentTypeError

from config.listening import PORT_MAX
from workers.pool import PROCESSES_MAX


def port_number(value: str) -> int:
    return whole_number(value, 1, PORT_MAX)


def process_count(value: str) -> int:
    return whole_number(value, 1, PROCESSES_MAX)


def whole_number(value: str, least: int, most: int) -> int:
    try:
        number = int(value)
    except ValueError as error:
        raise ArgumentTypeError(f"{value!r} is not a whole number") from error
    if not least <= number <= most:
        raise ArgumentTypeError(f"{number} is out of range; use a number from {least} to {most}")
    return number
