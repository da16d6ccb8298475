"""Refusals of commands: one line that says what to do, exit code 2, never a traceback."""

import sqlite3

import pytest
from django.core.management.base import CommandError
from django.db import OperationalError, ProgrammingError
from redis.exceptions import ConnectionError as RedisConnectionError

from config.lib.commands import Refused, SagaboardCommand
from config.lib.errors import BadSetting
from runs.errors import UnknownWorkflow
from tests.database_errors import database_error
from workers.sdk.errors import ModuleNotLoaded


def run(error: BaseException) -> None:
    class Command(SagaboardCommand):
        requires_system_checks: list[str] = []

        def handle(self, *args, **options):
            raise error

    Command().execute(force_color=False, no_color=False, skip_checks=True)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (BadSetting("PORT", "is\nodd"), "PORT: is odd"),
        (UnknownWorkflow(), "There is no such published workflow."),
        (ModuleNotLoaded("shop", "SyntaxError"), "module 'shop'"),
        (RedisConnectionError("refused"), "start it with `manage.py up`"),
        (OperationalError("no such table: runs_run"), "run `manage.py migrate`"),
        (ProgrammingError('relation "runs_run" does not exist'), "run `manage.py migrate`"),
        (database_error("database is locked", sqlite3.SQLITE_BUSY), "try again"),
        (OperationalError("connection refused"), "check DATABASE_URL"),
    ],
)
def test_refusals(error, says):
    with pytest.raises(Refused) as refusal:
        run(error)
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert refusal.value.returncode == 2
    assert isinstance(refusal.value, CommandError)


def test_ctrl_c_ends_quietly():
    with pytest.raises(SystemExit) as end:
        run(KeyboardInterrupt())
    assert end.value.code == 130


def test_a_bug_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        run(ZeroDivisionError())
