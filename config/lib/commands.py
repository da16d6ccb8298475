"""Base of all commands: a refusal is one clear line on standard error and exit code 2.

A bug is no refusal and keeps its traceback.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError
from redis.exceptions import RedisError

from config.lib.database_errors import How, how_away
from config.lib.errors import SagaboardError

INTERRUPTED = 130
READER_GONE = 141
LINE_CHARS_MAX = 2_000
BY_ITSELF = "everything goes on by itself afterwards"
# How the database is away: what it does, what to do, and who must do it.
DATABASE_TROUBLES: dict[How, tuple[str, str, str]] = {
    "silent": ("does not answer", "check DATABASE_URL and DATA_DIR", ""),
    "closed": (
        "cannot be opened",
        f"check DATABASE_URL, and the owner, mode and mount of its file and folder: {BY_ITSELF}",
        "; an administrator must look at it",
    ),
    "busy": ("is busy", "try again", ""),
    "full": (
        "has no room left on its disk",
        f"make room: {BY_ITSELF}",
        "; an administrator must make room",
    ),
    "read_only": (
        "cannot be written",
        "check the owner, mode and mount of its file and folder, or whether PostgreSQL is a standby or "
        f"has default_transaction_read_only: {BY_ITSELF}",
        "; an administrator must look at it",
    ),
    "broken": (
        "cannot use its disk",
        f"look for errors of the disk in the system's log: {BY_ITSELF}",
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
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing may be flushed to it
            sys.exit(READER_GONE)


def one_line(message: object) -> str:
    return " ".join(str(message).split())[:LINE_CHARS_MAX]


def redis_problem(error: Exception) -> str:
    if settings.REDIS_EMBEDDED:
        return f"the embedded Redis does not answer ({error}); start it with `manage.py up`, or set REDIS_URL"
    return f"Redis at REDIS_URL does not answer ({error}); check that it runs and that REDIS_URL is right"


def database_problem(error: Exception) -> str:
    """What to do about a database error that is not a bug: it is away, or not migrated."""
    text = one_line(error)
    if "no such table" in text or "does not exist" in text or "no such column" in text:
        return f"the database is not migrated ({text}); run `manage.py migrate`"
    what, to_do, _ = DATABASE_TROUBLES[how_away(error)]
    return f"the database {what} ({text}); {to_do}"


def database_trouble(error: Exception) -> str:
    """The same as a sentence for those who can do nothing about it, without addresses and paths."""
    what, _, who = DATABASE_TROUBLES[how_away(error)]
    return f"The database {what}{who}."


def whole_number(value: str, least: int, most: int) -> int:
    try:
        number = int(value)
    except ValueError as error:
        raise ArgumentTypeError(f"{value!r} is not a whole number") from error
    if not least <= number <= most:
        raise ArgumentTypeError(f"{number} is out of range; use a number from {least} to {most}")
    return number
