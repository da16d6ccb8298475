"""`manage.py add_user`: creates an account for a person, or sets the roles of an existing one."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from config.accounts import roles
from config.accounts.first_user import PASSWORD_BYTES
from config.accounts.management.commands.create_token import check_name
from config.accounts.permissions import Role
from config.lib.commands import Refused, SagaboardCommand


class Command(SagaboardCommand):
    help = "Makes an account and prints its password, once. For an account that exists, sets its roles."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--role", action="append", required=True, choices=[role.value for role in Role])
        parser.add_argument("--email", default="", help="where links to choose a new password are sent")

    def handle(self, *args: Any, name: str, role: list[str], email: str, **options: Any) -> None:
        check_name(name)
        if email:
            try:
                validate_email(email)
            except ValidationError as error:
                raise Refused(f"{email!r} is no e-mail address") from error
        with transaction.atomic():
            user = User.objects.filter(username=name).first()
            password = "" if user else secrets.token_urlsafe(PASSWORD_BYTES)
            user = user or User.objects.create_user(name, password=password)
            if email:
                user.email = email
                user.save(update_fields=["email"])
            roles.give(user, *(Role(value) for value in role))
        self.stdout.write(f"{name}: {', '.join(dict.fromkeys(role))}")
        if password:
            self.stdout.write(f"Password: {password}    (shown this once)")
