"""A connection's secret appears nowhere, in whatever way the step that uses it ends.

Searched are all tables, the logs, the run and its journal by the API, the run's page and its export.
"""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from ipaddress import ip_network
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.urls import reverse

from designer.services.workflows import import_document
from runs.models import Run
from tests.http_api import HttpApi, http_api
from tests.people import client_of
from workers.connections import service
from workers.connections.service import ConnectionSpec

SECRET = "sesame-öffne/dich+?"
SIGN_IN: dict[str, dict[str, Any]] = {
    "basic": {"username": "ali"},
    "header": {"parameter": "X-Api-Key"},
    "query": {"parameter": "api_key"},
    "oauth2": {"username": "id", "scope": "all"},
}
WAYS: dict[str, dict[str, Any]] = {
    "echoed": {"url": "/echo"},
    "refused": {"url": "/status/402", "method": "POST"},
    "server error": {"url": "/status/500", "method": "POST"},
    "broken": {"url": "/short"},
    "slow": {"url": "/slow", "timeout": 0.2},
    "huge": {"url": "/huge"},
    "elsewhere": {"url": "/redirect?to=http://localhost:1/x"},
    "no JSON": {"url": "/broken_json", "read_as": "json"},
    "bad params": {"url": "/echo", "timeout": "=0 - 1"},
}


@pytest.fixture
def api(settings: Any, transactional_db: None, redis_client: Any) -> Iterator[HttpApi]:
    settings.HTTP_PRIVATE_NETWORKS = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
    with http_api() as api:
        yield api


def forms_of(secret: str) -> list[str]:
    pair = b64encode(f"ali:{secret}".encode()).decode()
    return [secret, pair, "sesame", "access-token", "%2Fdich"]


def everything() -> str:
    """Every row of every table, as text."""
    models = [model for model in apps.get_models() if model._meta.managed]
    rows = (list(model._base_manager.values()) for model in models)
    return str(list(rows))


@pytest.mark.parametrize("auth", SIGN_IN)
@pytest.mark.parametrize("way", WAYS)
def test_a_secret_appears_nowhere(
    api: HttpApi, caplog: pytest.LogCaptureFixture, auth: str, way: str
) -> None:
    ascii_only = auth in ("header", "oauth2")
    secret = "sesame/dich+?" if ascii_only else SECRET
    service.put_secret("key", secret)
    more: dict[str, Any] = {"token_url": f"{api.url}/token"} if auth == "oauth2" else {}
    service.put("api", ConnectionSpec("http", api.url, auth, secret="key", **SIGN_IN[auth], **more))
    step = {
        "name": "ask",
        "worker": "http_request",
        "params": {"connection": "api", **WAYS[way]},
        "compensation": "none",
        "retry": {"max_attempts": 2, "initial": 0},
    }
    import_document({"schema": 1, "name": "asks", "steps": [step], "edges": []}, publish=True)
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said), pytest.raises(SystemExit):
        call_command("run_workflow", "asks", "--local")
    run = Run.objects.get()
    admin = client_of("root", "admin")
    paths = ("", "/steps", "/events", "/view", "/export")
    answers = [admin.get(f"/api/v1/runs/{run.pk}{path}").content.decode() for path in paths]
    answers.append(admin.get(reverse("run-detail", args=[run.pk])).content.decode())
    answers.append(admin.get("/connections/").content.decode())
    searched = [everything(), caplog.text, said.getvalue(), *answers]
    found = [form for form in forms_of(secret) for text in searched if form in text]
    assert not found
    assert api.requests or way == "bad params"
