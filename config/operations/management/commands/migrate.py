"""`manage.py migrate`: Django's own, which says in one line that the database cannot be reached."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import OperationalError, connections

from config.lib.commands import Refused, database_problem


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> str | None:
        try:
            connections[options["database"]].ensure_connection()
        except OperationalError as error:
            raise Refused(database_problem(error)) from error
        return super().handle(*args, **options)
