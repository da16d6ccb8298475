"""`manage.py create_token`: creates an API token and prints it, once."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from config.accounts import tokens
from config.accounts.permissions import Role
from config.lib.commands import Refused, SagaboardCommand, whole_number


def day_count(value: str) -> int:
    return whole_number(value, 1, tokens.DAYS_MAX)


class Command(SagaboardCommand):
    help = "Prints a token of the API, once. It belongs to the account NAME, which is made if there is none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="who calls: appears in journals")
        parser.add_argument("--role", required=True, choices=[role.value for role in Role])
        parser.add_argument("--days", type=day_count, help="days until it ends; without, it does not")

    def handle(self, *args: Any, name: str, role: str, days: int | None, **options: Any) -> None:
        check_name(name)
        with transaction.atomic():
            owner = tokens.service_account(name, Role(role))
            _, text = tokens.make(owner, name, Role(role), days)
        self.stdout.write(text)
        self.stderr.write(f"Not shown again. Send it as `Authorization: Bearer …`; it acts as {name}.")


def check_name(name: str) -> None:
    """Raises Refused for a text that cannot be a username."""
    field = User._meta.get_field("username")
    try:
        field.run_validators(name or " ")
    except ValidationError as error:
        raise Refused(f"{name!r} is no name of an account: {' '.join(error.messages)}") from error
