"""Letting a wait or a further attempt happen now: the page, the API, and who did it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from runs.audit.audit import latest
from runs.engine import engine
from runs.models import JournalEntry, Run
from runs.store import reader
from tests.integration.runs.conftest import Publish, chain, step
from tests.people import client_of

rule = pytest.mark.rule


@pytest.fixture
def pausing(publish: Publish) -> Run:
    wait: dict[str, Any] = {"kind": "wait", "worker": None, "compensation": None, "seconds": 9_000}
    return engine.start_run(publish(chain(step("pause", **wait), step("ship"))), {})


def call(client: Client, run: Run, name: str = "pause") -> Any:
    url = f"/api/v1/runs/{run.pk}/steps/{name}/happen-now"
    return client.post(url, "{}", content_type="application/json")


@rule("R5.50")
def test_the_api_lets_it_happen_once(pausing: Run) -> None:
    client = client_of("olga", "operator")
    allowed = client.get(f"/api/v1/runs/{pausing.pk}/allowed").json()
    assert allowed["happen_now"] == ["pause"]
    assert call(client, pausing).status_code == 204
    assert pausing.steps.get(name="pause").status == "completed"
    again = call(client, pausing)
    assert (again.status_code, again.json()["type"]) == (409, "urn:sagaboard:not_put_off")
    assert client.get(f"/api/v1/runs/{pausing.pk}/allowed").json()["happen_now"] == []


@rule("R5.50")
def test_the_page_asks_first_and_then_lets_it_happen(pausing: Run) -> None:
    client, url = client_of("olga", "operator"), reverse("run-happen-now", args=[pausing.pk, "pause"])
    page = client.get(reverse("run-detail", args=[pausing.pk])).content.decode()
    assert url in page and "The run then goes on as if that time had come." in page
    assert (
        url not in client_of("viv", "viewer").get(reverse("run-detail", args=[pausing.pk])).content.decode()
    )
    client.post(url)
    assert pausing.steps.get(name="pause").status == "completed"
    assert "waits for no time" in client.post(url, follow=True).content.decode()


@rule("R5.50")
@pytest.mark.parametrize("role", ["viewer", "designer"])
def test_only_who_may_operate_does(pausing: Run, role: str) -> None:
    assert call(client_of("viv", role), pausing).status_code == 403
    assert pausing.steps.get(name="pause").status == "waiting"


@rule("R5.50")
def test_the_journal_and_the_audit_say_who_did_it(pausing: Run) -> None:
    call(client_of("olga", "operator"), pausing)
    entry = JournalEntry.objects.get(run=pausing, type="step.brought_forward")
    assert (entry.step, entry.data["by"], entry.data["for"]) == ("pause", "olga", "time")
    at = reader.now()
    acts = latest(at - timedelta(hours=1), at + timedelta(hours=1), 10)
    assert ("step.brought_forward", "olga", "pause") in [(line.act, line.who, line.step) for line in acts]
