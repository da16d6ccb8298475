"""The standing cast: an operator, a designer, a viewer, a stranger."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.people import client_of


@pytest.fixture
def operator(transactional_db: None) -> Client:
    return client_of("olga", "operator")


@pytest.fixture
def designer(transactional_db: None) -> Client:
    return client_of("dora", "designer")


@pytest.fixture
def viewer(transactional_db: None) -> Client:
    return client_of("viv", "viewer")


@pytest.fixture
def stranger() -> Client:
    return Client()
