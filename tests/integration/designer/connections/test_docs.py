"""`docs/connections.md` is true: its worker runs, its calls are answered, its import says what it shows."""

from __future__ import annotations

import json
import re
import shlex
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.test import Client

from config.lib.caches import clear_all
from designer.services.queries import get_version
from tests.integration.designer.connections.services import SEEN, TOKEN, Api, served
from workers.cli.local_run import start_and_run
from workers.connections import service
from workers.connections.service import ConnectionSpec

TEXT = (Path(django_settings.BASE_DIR) / "docs/connections.md").read_text()


def block(language: str) -> str:
    found: str = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)[0]
    return found


@pytest.fixture
def example(tmp_path: Path, settings: Any, monkeypatch: Any) -> Path:
    """The worker's module, known to the product, and the definition's file."""
    (tmp_path / "look_ups.py").write_text(block("python"))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "look_ups", raising=False)
    settings.WORKER_MODULES = ["look_ups"]
    clear_all()
    (tmp_path / "look_up.yaml").write_text(block("yaml"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_import_says_what_is_missing_and_the_worker_asks(example: Path) -> None:
    command, *lines = block("console").splitlines()
    out, err = StringIO(), StringIO()
    call_command(*command.split()[2:], stdout=out, stderr=err)
    assert [*err.getvalue().splitlines(), *out.getvalue().splitlines()] == lines
    service.put_secret("shop", TOKEN)
    service.put_secret("shop_signature", "a-signature")
    with served(Api) as port:
        service.put("shop", ConnectionSpec("http", f"http://127.0.0.1:{port}/v1", "bearer", secret="shop"))
        *_, run = start_and_run(get_version("look_up"), {"order": "7x"}, None)
        run.refresh_from_db()
        assert run.status == "completed" and SEEN == ["GET /v1/orders/7x"]
    completed = run.journal.get(type="step.completed")
    assert completed.payload == {"status": 200, "body": "••••••••"}


def test_the_calls_are_answered(designer: Client) -> None:
    answers = [_call(designer, shlex.split(line)) for line in block("sh").splitlines()]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 204, 204]
    assert set(answers[2].json()) == {"ok", "message", "ms", "status", "code"}


def _call(client: Client, words: list[str]) -> Any:
    method = words[words.index("-X") + 1] if "-X" in words else "GET"
    data = words[words.index("-d") + 1] if "-d" in words else "{}"
    url = next(word for word in words if word.startswith("$BOARD")).removeprefix("$BOARD")
    json.loads(data)
    return client.generic(method, url, data, content_type="application/json")
