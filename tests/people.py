"""The standing cast of the tests: people with a role, and clients that are signed in as them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from config.accounts import roles
from config.accounts.permissions import Role


def person(name: str, *given: str, **fields: Any) -> User:
    """Returns a new user with these roles."""
    user = User.objects.create_user(name, **fields)
    roles.give(user, *(Role(role) for role in given))
    return user


def client_of(name: str, *given: str, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(person(name, *given))
    return client


def noted_client_of(name: str, *given: str, **options: Any) -> Client:
    """The same after a first request, whose time is noted: it stays so where each further one is undone."""
    client = client_of(name, *given, **options)
    client.get("/api/v1/health/live")
    return client
