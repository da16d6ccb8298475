"""Base of all commands: a refusal is one line on standard error and exit code 2.

A bug is no refusal and keeps its traceback.
"""

from __future__ import annotations

import os
import shlex
import sys
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError
from redis.exceptions import RedisError

from config.installation import PROGRAM
from config.lib.database_errors import Unavailability, unavailability
from config.lib.errors import SagaboardError

INTERRUPTED = 130
READER_GONE = 141
LINE_CHARS_MAX = 2_000
RESUMES = "everything goes on by itself afterwards"
# Of each way to be unavailable: what the database does, what an administrator can do, and a hint for
# everybody else.
DATABASE_TROUBLES: dict[Unavailability, tuple[str, str, str]] = {
    "silent": ("does not answer", "check DATABASE_URL and DATA_DIR", ""),
    "closed": (
        "cannot be opened",
        f"check DATABASE_URL, and the owner, mode and mount of its file and folder: {RESUMES}",
        "; an administrator must look at it",
    ),
    "busy": ("is busy", "try again", ""),
    "full": (
        "has no room left on its disk",
        f"make room: {RESUMES}",
        "; an administrator must make room",
    ),
    "read_only": (
        "cannot be written",
        "check the owner, mode and mount of its file and folder, or whether PostgreSQL is a standby or "
        f"has default_transaction_read_only: {RESUMES}",
        "; an administrator must look at it",
    ),
    "broken": (
        "cannot use its disk",
        f"look for errors of the disk in the system's log: {RESUMES}",
        "; an administrator must look at its disk",
    ),
}


class Refused(CommandError):
    """The command cannot be carried out; the message says what to do. Exit code 2."""

    def __init__(self, message: object) -> None:
        super().__init__(one_line(message), returncode=2)


class SagaboardCommand(BaseCommand):
    """Turns refusals, a missing Redis and a missing database into `Refused`."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except SagaboardError as error:
            raise Refused(error) from error
        except RedisError as error:
            raise Refused(redis_problem(error)) from error
        except (DatabaseError, InterfaceError) as error:
            raise Refused(database_problem(error)) from error
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            os.dup2(
                os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
            )  # the flush at exit would fail again
            sys.exit(READER_GONE)


def command_words() -> str:
    """The words that called this command line, for commands that are printed."""
    program = Path(sys.argv[0])
    return shlex.join([sys.executable, str(program.resolve())] if program.suffix == ".py" else [program.name])


def one_line(message: object) -> str:
    return " ".join(str(message).split())[:LINE_CHARS_MAX]


def redis_problem(error: Exception) -> str:
    if settings.REDIS_EMBEDDED:
        return f"the embedded Redis does not answer ({error}); start it with `{PROGRAM} up`, or set REDIS_URL"
    return f"Redis at REDIS_URL does not answer ({error}); check that it runs and that REDIS_URL is right"


def database_problem(error: Exception) -> str:
    """A message for administrators: the database is unavailable, or not migrated, and what to do about it."""
    text = one_line(error)
    if "no such table" in text or "does not exist" in text or "no such column" in text:
        elsewhere = f"the data folder is {settings.DATA_DIR}; if that is another one, set DATA_DIR"
        remedy = f"run `{PROGRAM} migrate` ({elsewhere})"
        return f"the database is not migrated ({text}); {remedy}"
    trouble, remedy, _ = DATABASE_TROUBLES[unavailability(error)]
    return f"the database {trouble} ({text}); {remedy}"


def database_trouble(error: Exception) -> str:
    """The same for everybody else, without addresses and paths."""
    trouble, _, hint = DATABASE_TROUBLES[unavailability(error)]
    return f"The database {trouble}{hint}."


def whole_number(value: str, least: int, most: int) -> int:
    """For `type` of an argument. Raises ArgumentTypeError."""
    try:
        number = int(value)
    except ValueError as error:
        raise ArgumentTypeError(f"{value!r} is not a whole number") from error
    if not least <= number <= most:
        raise ArgumentTypeError(f"{number} is out of range; use a number from {least} to {most}")
    return number
