"""The audit: every act of people, as a page and as files that are safe to open."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from designer.document.graph import Graph
from runs.audit import audit
from runs.engine import engine
from runs.interventions import service
from runs.interventions.service import Reply
from runs.models import ACTS, Intervention, JournalEntry, Run
from runs.store import reader
from tests.people import person

PAGE = "admin:runs_intervention_audit"
FILE = "admin:runs_intervention_audit_export"


@pytest.fixture
def answered(stuck: Run) -> Intervention:
    """An intervention that was claimed, noted and answered, by somebody whose note looks like a formula."""
    intervention = stuck.interventions.get()
    bob = person("bob", "operator")
    service.claim(intervention.pk, bob)
    service.note(intervention.pk, bob, "=cmd|' /C calc'!A0")
    service.answer(intervention.pk, Reply("retry", "Mended, <b>really</b>", {"x": 1}), bob)
    return intervention


def days(**more: Any) -> dict[str, Any]:
    today = reader.now().date()
    return {"since": str(today - timedelta(days=1)), "until": str(today + timedelta(days=1)), **more}


def exported(client: Client, kind: str, **span: Any) -> bytes:
    response = client.get(reverse(FILE), days(format=kind) | span)
    assert response.status_code == 200
    assert f".{kind}" in response["Content-Disposition"]
    pieces: Any = response
    return b"".join(pieces.streaming_content)


def test_every_act_is_there_in_order_with_who_when_note_and_patch(
    operator: Client, answered: Intervention
) -> None:
    found = json.loads(exported(operator, "json"))
    assert [line["at"] for line in found] == sorted(line["at"] for line in found)
    acts = [(line["where"], line["act"], line["who"]) for line in found]
    for act in (
        ("journal", "intervention.opened", ""),
        ("journal", "intervention.claimed", "bob"),
        ("admin", "admin.changed", "bob"),
        ("case", "case.noted", "bob"),
        ("journal", "intervention.answered", "bob"),
        ("journal", "run.compensating", ""),
    ):
        assert act in acts
    (answer,) = [line for line in found if line["act"] == "intervention.answered"]
    assert (answer["answer"], answer["note"]) == ("retry", "Mended, <b>really</b>")
    assert answer["details"] == {"patch": {"x": 1}}
    assert (answer["workflow"], answer["step"], answer["run"]) == ("order", "charge", str(answered.run_id))


def test_a_spreadsheet_takes_no_cell_for_a_formula(operator: Client, answered: Intervention) -> None:
    rows = list(csv.reader(io.StringIO(exported(operator, "csv").decode())))
    assert rows[0] == audit.COLUMNS
    cells = [cell for row in rows for cell in row]
    assert "'=cmd|' /C calc'!A0" in cells
    assert not [cell for cell in cells if cell.startswith(audit.FORMULA)]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "\nx"])
def test_each_sign_that_begins_a_formula_is_defused(text: str) -> None:
    line = audit.Line(datetime(2026, 1, 1, tzinfo=UTC), "case", text, "case.noted", note=text)
    rows = list(csv.reader(io.StringIO(b"".join(audit.as_csv(iter([line]))).decode(), newline="")))
    assert rows[1][audit.COLUMNS.index("note")] == f"'{text}"
    assert rows[1][audit.COLUMNS.index("who")] == f"'{text}"


def test_starts_signals_and_cancels_are_acts_too(operator: Client, waiting: Run, order: Graph) -> None:
    olga = person("ola", "operator")
    engine.signal(waiting.pk, "paid", None, olga)
    engine.cancel_run(waiting.pk, "abandon", olga)
    started = engine.start_run(waiting.version, {}, user=olga)
    acts = {(line["act"], line["who"]) for line in json.loads(exported(operator, "json"))}
    assert {("signal.received", "ola"), ("run.cancelled", "ola"), ("run.created", "ola")} <= acts
    assert started.started_by == olga


def test_only_the_span_is_told_and_the_last_day_belongs_to_it(
    operator: Client, answered: Intervention
) -> None:
    today = str(reader.now().date())
    assert json.loads(exported(operator, "json", since="2020-01-01", until="2020-01-02")) == []
    assert json.loads(exported(operator, "json", since=today, until=today)) != []


def test_many_pages_are_read_one_after_the_other(stuck: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    intervention = stuck.interventions.get()
    for number in range(7):
        service.note(intervention.pk, "bob", f"note {number}")
    monkeypatch.setattr(audit, "ROWS_PER_READ", 2)
    now = reader.now()
    found = [line.note for line in audit.lines(now - timedelta(days=1), now) if line.act == "case.noted"]
    assert found == [f"note {number}" for number in range(7)]


def test_acts_are_found_through_their_index(stuck: Run) -> None:
    if connection.vendor != "sqlite":
        return
    source = audit._sources()[1]
    now = reader.now()
    plan = source.within(now - timedelta(days=1), now).order_by("at", "pk").explain()
    assert "journal_acts" in plan
    assert JournalEntry.objects.filter(type__in=ACTS).exists()


def test_the_page_shows_the_newest_first(operator: Client, answered: Intervention) -> None:
    page = operator.get(reverse(PAGE)).content.decode()
    assert page.index("intervention.answered") < page.index("intervention.opened")
    assert "<b>really</b>" not in page
    assert (
        "Nobody did anything"
        in operator.get(reverse(PAGE), days(since="2020-01-01", until="2020-01-02")).content.decode()
    )


@pytest.mark.parametrize(
    "span",
    [{"since": "x"}, {"until": ""}, {"since": "2026-02-30"}, {"since": "2030-01-02", "until": "2030-01-01"}],
)
def test_a_broken_span_is_told_in_place(operator: Client, order: Graph, span: dict[str, str]) -> None:
    for name, more in ((PAGE, {}), (FILE, {"format": "csv"})):
        assert operator.get(reverse(name), days(**more) | span).status_code == 422
    assert operator.get(reverse(FILE), days(format="xls")).status_code == 422


def test_viewers_and_strangers_read_no_audit(viewer: Client, stranger: Client, order: Graph) -> None:
    for client in (viewer, stranger):
        for name in (PAGE, FILE):
            assert client.get(reverse(name), days(format="csv")).status_code in (302, 403)


async def test_under_asgi_the_file_is_sent_in_pieces(answered: Intervention) -> None:
    from asgiref.sync import sync_to_async
    from django.test import AsyncClient

    client = AsyncClient()
    await client.aforce_login(await sync_to_async(person)("ada", "operator"))
    span = await sync_to_async(days)(format="json")
    response: Any = await client.get(reverse(FILE), span)
    content = b"".join([part async for part in response])
    await sync_to_async(connections.close_all)()
    assert json.loads(content)
