"""`manage.py reset_second_factor`: takes somebody's second factor away, who lost app and recovery codes."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User

from config.accounts import second_factor
from config.lib.commands import Refused, SagaboardCommand


class Command(SagaboardCommand):
    help = "Takes the second factor of an account away, so that its password alone signs in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        user = User.objects.filter(username=name).first()
        if user is None:
            raise Refused(f"There is no account {name!r}.")
        removed = second_factor.remove(user)
        self.stdout.write(f"{name}: {'the second factor is removed' if removed else 'has no second factor'}.")
