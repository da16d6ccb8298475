"""What docs/subscriptions.md shows works as it stands there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import Client

from runs.models import Delivery, Run
from runs.store import reader
from runs.subscriptions.channels import signature
from runs.subscriptions.events import TYPES
from runs.subscriptions.sources import run_facts
from workers.connections.service import put_secret

DOC = (Path(settings.BASE_DIR) / "docs" / "subscriptions.md").read_text()


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DOC, re.DOTALL)
    assert found
    return found[1]


def test_every_type_stands_in_the_table() -> None:
    rows = "".join(line for line in DOC.splitlines() if line.startswith("| `"))
    assert [name for name in TYPES if f"`{name}`" not in rows] == []


def test_the_payload_has_the_keys_that_are_shown(undone: Run) -> None:
    shown = json.loads(block("json"))
    assert list(shown) == ["id", "type", "timestamp", "data"]
    assert list(shown["data"]) == list(run_facts(undone))
    assert list(shown["data"]["error"]) == ["code", "message"]


def test_the_receiver_takes_what_is_signed() -> None:
    scope: dict[str, Any] = {}
    exec(block("python"), scope)
    secret = re.search(r'"(whsec_[^"]+)"', block("python"))
    assert secret
    content = b'{"a":1}'
    headers = signature(Delivery(payload={"id": "msg_1"}), content, secret[1], reader.now())
    assert scope["received"](content, headers) == {"a": 1}


def test_the_call_makes_one(designer: Client) -> None:
    put_secret("on_call", "a-plain-secret-42")
    body = re.search(r"-d '(.*?)'", block("console"), re.DOTALL)
    assert body
    made = designer.post("/api/v1/subscriptions", body[1], content_type="application/json")
    assert made.status_code == 201 and made.json()["secret"] == "on_call"
