"""Pages for what goes wrong: they say what happened and what to do next."""

from __future__ import annotations

import html
import sqlite3
from unittest.mock import Mock

import pytest
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from designer.document.graph import Graph
from designer.models import WorkflowVersion
from runs.engine import engine
from runs.models import Run
from tests.database_errors import database_error
from tests.integration.runs.conftest import catalog as catalog
from tests.integration.runs.conftest import order as order
from tests.integration.runs.conftest import publish as publish
from tests.integration.runs.conftest import run_here as run_here
from tests.integration.runs.conftest import stuck as stuck
from tests.integration.runs.conftest import undone as undone
from tests.integration.runs.conftest import waiting as waiting


@pytest.mark.parametrize("name", ["400", "403", "404", "500", "503", "403_csrf"])
def test_each_page_stands_alone(name: str) -> None:
    page = render_to_string(f"{name}.html")
    assert page.count("<h1>") == 1
    assert reverse("home") in page


def test_an_unknown_address_is_explained(viewer: Client, transactional_db: None) -> None:
    response = viewer.get("/nowhere/")
    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OperationalError("connection refused on db.example:5432"), "The database does not answer."),
        (database_error("database or disk is full", sqlite3.SQLITE_FULL), "an administrator must make room"),
        (database_error("could not extend file in db.example", "53100"), "an administrator must make room"),
        (
            database_error("attempt to write", sqlite3.SQLITE_READONLY),
            "cannot be written",
        ),
        (database_error("INSERT in a read-only transaction", "25006"), "cannot be written"),
        (database_error("disk I/O error", sqlite3.SQLITE_IOERR), "must look at its disk"),
        (database_error("database is locked", sqlite3.SQLITE_BUSY), "The database is busy."),
    ],
    ids=str,
)
@pytest.mark.parametrize("address", ["/runs/", "/api/v1/runs"])
def test_a_database_that_is_away_is_said_in_words(
    operator: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str, address: str
) -> None:
    operator.raise_request_exception = False
    with monkeypatch.context() as away:
        away.setattr(CursorWrapper, "execute", Mock(side_effect=error))
        response = operator.get(address)
    assert response.status_code == 503
    assert response["Retry-After"]
    text = html.unescape(response.content.decode())
    assert said in text and "example" not in text


@pytest.mark.parametrize("address", ["/runs/{}/", "/api/v1/runs/{}"])
def test_a_run_of_a_newer_version_is_left_to_it(operator: Client, order: Graph, address: str) -> None:
    version = WorkflowVersion.objects.get(workflow__name=order.name)
    run = engine.start_run(version, version.document.get("sample_input", {}))
    Run.objects.filter(pk=run.pk).update(state={"of_tomorrow": 1})
    operator.raise_request_exception = False
    response = operator.get(address.format(run.pk))
    assert response.status_code == 503
    assert "A newer version of Sagaboard wrote this run" in html.unescape(response.content.decode())


def test_a_form_without_its_token_is_explained(operator: Client, order: Graph) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = operator.cookies
    response = client.post(reverse("run-start", args=["order"]), {"input": "{}", "key": "k"})
    assert response.status_code == 403
    assert "The form was too old" in response.content.decode()
